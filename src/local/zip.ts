import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";

/** A file of an archive; `mode` as Unix has it (0o755), if it is known. */
export interface ZipEntry {
  /** With `/` between its parts, without one at the beginning. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly mode?: number;
  /** The bytes are the path that a symbolic link leads to. */
  readonly link?: boolean;
}

/** A file that is no ZIP archive, or one of a sort that nobody here writes (ZIP64, encrypted, split). */
export class NotAZip extends Error {
  constructor(why: string) {
    super(`not a ZIP archive: ${why}`);
    this.name = "NotAZip";
  }
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** "Made by" Unix, so that modes are read. */
const UNIX = 3 << 8;
const UTF8 = 0x0800;
/** 1980-01-01: the same files make the same bytes. */
const EPOCH = 0x0021;
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const LINK = 0o120000;

/** An archive of these files, deflated where that is shorter. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, bytes, mode = 0o644, link = false } of entries) {
    const name = Buffer.from(path);
    const deflated = deflateRawSync(bytes);
    const method = deflated.length < bytes.length ? 8 : 0;
    const data = method === 8 ? deflated : bytes;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(UTF8, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt16LE(0, 6);
    common.writeUInt16LE(EPOCH, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((((link ? LINK : REGULAR) | (mode & 0o7777)) << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    parts.push(word(LOCAL), common, name, data);
    directory.push(word(CENTRAL), half(UNIX | 20), common, rest, name);
    offset += 30 + name.length + data.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

/** The files of an archive, without its folders. Throws NotAZip. */
export function unzip(archive: Buffer): ZipEntry[] {
  const end = archive.lastIndexOf(word(END));
  if (end < 0 || end + 22 > archive.length) throw new NotAZip("it has no central directory");
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  const entries: ZipEntry[] = [];
  try {
    for (let i = 0; i < count; i++) {
      if (archive.readUInt32LE(at) !== CENTRAL) throw new NotAZip("its central directory is damaged");
      const nameLength = archive.readUInt16LE(at + 28);
      const path = archive.toString("utf8", at + 46, at + 46 + nameLength);
      if (!path.endsWith("/")) entries.push(entryAt(archive, at, path));
      at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
    }
  } catch (error) {
    throw error instanceof NotAZip ? error : new NotAZip(error instanceof Error ? error.message : String(error));
  }
  return entries;
}

function entryAt(archive: Buffer, at: number, path: string): ZipEntry {
  if (path.startsWith("/") || path.split("/").includes("..")) throw new NotAZip(`${path} leads out of it`);
  const method = archive.readUInt16LE(at + 10);
  const size = archive.readUInt32LE(at + 20);
  const local = archive.readUInt32LE(at + 42);
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const data = archive.subarray(start, start + size);
  if (method !== 0 && method !== 8) throw new NotAZip(`${path} is packed by method ${method}`);
  const bytes = method === 8 ? inflateRawSync(data) : data;
  if (crc32(bytes) !== archive.readUInt32LE(at + 16)) throw new NotAZip(`${path} is damaged`);
  const attributes = archive.readUInt32LE(at + 38) >>> 16;
  const mode = attributes & 0o7777;
  return { path, bytes, mode: mode || undefined, link: (attributes & FILE_TYPE) === LINK };
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function half(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
