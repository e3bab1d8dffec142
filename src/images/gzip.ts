import { crc32 } from "node:zlib";

/** DEFLATE's largest stored block, in bytes. */
const block = 0xffff;

/**
 * Wraps data as gzip without compressing it. What zlib makes of the same input differs between its builds (x86 and ARM
 * search for matches differently) and names the system in the header; stored blocks are the same bytes everywhere.
 */
export function storedGzip(data: Buffer): Buffer {
  const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  const parts: Buffer[] = [head];
  for (let start = 0; start === 0 || start < data.length; start += block) {
    const piece = data.subarray(start, start + block);
    const mark = Buffer.alloc(5);
    mark.writeUInt8(start + block >= data.length ? 1 : 0, 0);
    mark.writeUInt16LE(piece.length, 1);
    mark.writeUInt16LE(~piece.length & 0xffff, 3);
    parts.push(mark, piece);
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(data), 0);
  tail.writeUInt32LE(data.length >>> 0, 4);
  return Buffer.concat([...parts, tail]);
}
