/** One entry of a tar archive. */
export interface TarEntry {
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "link" | "other";
  readonly mode: number;
  /** What a symlink or hard link leads to. */
  readonly target: string;
  readonly data: Buffer;
}

const BLOCK = 512;
const TYPES: Readonly<Record<string, TarEntry["type"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "5": "directory",
  "2": "symlink",
  "1": "link",
};

const text = (header: Buffer, from: number, length: number): string => {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end);
};

/** An octal number, or GNU's base 256 for what is too large for it. */
function number(header: Buffer, from: number, length: number): number {
  const field = header.subarray(from, from + length);
  if (((field[0] ?? 0) & 0x80) === 0) return Number.parseInt(text(header, from, length).trim() || "0", 8);
  return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
}

/** `length key=value` lines of a pax header. */
function pax(data: Buffer): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString("utf8", at, space));
    if (space < 0 || !(length > 0)) break;
    const [key = "", ...value] = data.toString("utf8", space + 1, at + length - 1).split("=");
    found[key] = value.join("=");
    at += length;
  }
  return found;
}

/** Reads an archive in ustar form, with pax and GNU long names. Throws when it is cut short. */
export function* readTar(archive: Buffer): Generator<TarEntry> {
  let extended: Record<string, string> = {};
  let at = 0;
  while (at + BLOCK <= archive.length) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const flag = String.fromCharCode(header[156] ?? 0);
    const size = Number(extended.size ?? number(header, 124, 12));
    const from = at + BLOCK;
    if (from + size > archive.length) throw new Error("the archive is cut short");
    const data = archive.subarray(from, from + size);
    at = from + Math.ceil(size / BLOCK) * BLOCK;
    if (flag === "x") extended = { ...extended, ...pax(data) };
    else if (flag === "L") extended.path = text(data, 0, data.length);
    else if (flag === "K") extended.linkpath = text(data, 0, data.length);
    else if (flag !== "g") {
      const prefix = header.toString("latin1", 257, 262) === "ustar" ? text(header, 345, 155) : "";
      const name = text(header, 0, 100);
      yield {
        path: extended.path ?? (prefix ? `${prefix}/${name}` : name),
        type: TYPES[flag] ?? "other",
        mode: number(header, 100, 8),
        target: extended.linkpath ?? text(header, 157, 100),
        data,
      };
      extended = {};
    }
  }
  if (at < archive.length) throw new Error("the archive is cut short");
}
