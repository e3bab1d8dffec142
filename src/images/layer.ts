import { storedGzip } from "./gzip.ts";
import { sha256 } from "./tag.ts";

/** A file of an image layer. */
export interface LayerFile {
  /** Absolute path in the image. */
  readonly path: string;
  readonly data: Buffer;
}

/** Bytes with their `sha256:…` digest, as registries name them. */
export interface Blob {
  readonly data: Buffer;
  readonly digest: string;
}

/** A layer: its compressed bytes, and the digest of the tar inside, which the image's configuration lists. */
export interface Layer extends Blob {
  readonly diffId: string;
}

/** Names bytes by their content. */
export const blob = (data: Buffer): Blob => ({ data, digest: `sha256:${sha256(data)}` });

/** One layer with these files and the folders above them: owned by root, readable by all, from 1970. */
export function layer(files: readonly LayerFile[]): Layer {
  const entries = new Map<string, Buffer>();
  for (const { path, data } of files) {
    const parts = path.split("/").filter((part) => part !== "");
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = `${parts.slice(0, depth).join("/")}/`;
      entries.set(folder, header(folder, 0, 0o755, "5"));
    }
    const name = parts.join("/");
    const padding = Buffer.alloc((512 - (data.length % 512)) % 512);
    entries.set(name, Buffer.concat([header(name, data.length, 0o644, "0"), data, padding]));
  }
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => bytes);
  const tar = Buffer.concat([...sorted, Buffer.alloc(1024)]);
  return { ...blob(storedGzip(tar)), diffId: blob(tar).digest };
}

/** A POSIX ustar header; no names longer than its first field holds, 100 bytes. */
function header(name: string, size: number, mode: number, type: "0" | "5"): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`too long a path for an image layer: ${name}`);
  const bytes = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    bytes.write(value.toString(8).padStart(length - 1, "0"), at);
  bytes.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  bytes.fill(" ", 148, 156);
  bytes.write(type, 156);
  bytes.write("ustar\x0000", 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}
