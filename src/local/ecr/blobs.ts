import { createHash, randomUUID } from "node:crypto";
import {
  appendFileSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Local } from "../service.ts";

/** `sha256:` and 64 lower-case hex digits; everything else never becomes a path. */
export const isDigest = (text: string): boolean => /^sha256:[0-9a-f]{64}$/.test(text);

/** Layers and configurations as files named by their digest, and the uploads that are to become such. */
export class Blobs {
  readonly #blobs: string;
  readonly #uploads: string;
  /** Uploads under way: to which repository of which region. They do not outlive the process. */
  readonly #open = new Map<string, string>();

  constructor(dir: string) {
    this.#blobs = join(dir, "blobs");
    this.#uploads = join(dir, "uploads");
    rmSync(this.#uploads, { recursive: true, force: true });
    for (const folder of [this.#blobs, this.#uploads]) mkdirSync(folder, { recursive: true });
  }

  #file(digest: string): string {
    return join(this.#blobs, digest.replace(":", "-"));
  }

  read(digest: string): Readable {
    return createReadStream(this.#file(digest));
  }

  /** Opens an upload to `owner` and gives its id. */
  begin(owner: string): string {
    const id = randomUUID();
    this.#open.set(id, owner);
    writeFileSync(join(this.#uploads, id), "");
    return id;
  }

  /** Whether there is such an upload to `owner`. */
  isOpen(id: string, owner: string): boolean {
    return this.#open.get(id) === owner;
  }

  /** How many bytes an upload has so far. */
  received(id: string): number {
    return statSync(join(this.#uploads, id)).size;
  }

  append(id: string, bytes: Uint8Array): void {
    appendFileSync(join(this.#uploads, id), bytes);
  }

  async appendFrom(id: string, bytes: Readable): Promise<void> {
    await pipeline(bytes, createWriteStream(join(this.#uploads, id), { flags: "a" }));
  }

  /** The digest of what an upload has so far. */
  async digest(id: string): Promise<string> {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(join(this.#uploads, id))) hash.update(chunk);
    return `sha256:${hash.digest("hex")}`;
  }

  /** Makes a blob of an upload, in one step. */
  finish(id: string, digest: string): void {
    renameSync(join(this.#uploads, id), this.#file(digest));
    this.#open.delete(id);
  }

  /** Forgets an upload. */
  abandon(id: string): void {
    rmSync(join(this.#uploads, id), { force: true });
    this.#open.delete(id);
  }

  /** Removes every blob that is not among these. */
  keepOnly(known: ReadonlySet<string>): void {
    for (const file of readdirSync(this.#blobs)) {
      if (!known.has(file.replace("-", ":"))) rmSync(join(this.#blobs, file), { force: true });
    }
  }
}

const opened = new WeakMap<Local, Blobs>();

/** The blobs of a local AWS, below its folder. */
export function blobsOf(local: Local): Blobs {
  const blobs = opened.get(local) ?? new Blobs(join(local.dir, "ecr"));
  opened.set(local, blobs);
  return blobs;
}
