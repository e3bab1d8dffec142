import { createHash, randomUUID } from "node:crypto";
import { createReadStream, existsSync, readdirSync, rmSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Local } from "../service.ts";
import type { Bucket, S3State } from "./state.ts";

const folder = (local: Local) => join(local.dir, "s3");

/** Bytes that now have a file; `etag` is their MD5 in quotes. */
export interface Written {
  readonly file: string;
  readonly size: number;
  readonly etag: string;
}

/** Writes bytes to a file of their own. */
export async function writeBytes(local: Local, bytes: Uint8Array): Promise<Written> {
  await mkdir(folder(local), { recursive: true });
  const file = randomUUID();
  await writeFile(join(folder(local), file), bytes);
  return { file, size: bytes.byteLength, etag: `"${createHash("md5").update(bytes).digest("hex")}"` };
}

/** All bytes of a file. */
export const readBytes = (local: Local, file: string): Promise<Buffer> => readFile(join(folder(local), file));

/** The bytes of a file from `start` to `end`, both included. */
export const streamBytes = (local: Local, file: string, start: number, end: number): Readable =>
  createReadStream(join(folder(local), file), { start, end: Math.max(start, end) });

/** Removes a file; none, or one that is gone already, is no error. */
export async function removeBytes(local: Local, file: string | undefined): Promise<void> {
  if (file) await rm(join(folder(local), file), { force: true });
}

/** Removes files that no object has: a kill may come between a file and the state that names it. */
export function sweep(local: Local, state: S3State): void {
  if (!existsSync(folder(local))) return;
  const kept = new Set(Object.values(state.buckets).flatMap(filesOf));
  for (const file of readdirSync(folder(local))) if (!kept.has(file)) rmSync(join(folder(local), file));
}

const filesOf = ({ objects, uploads }: Bucket): (string | undefined)[] => [
  ...Object.values(objects).flatMap((versions) => versions.map(({ file }) => file)),
  ...Object.values(uploads).flatMap(({ parts }) => Object.values(parts).map(({ file }) => file)),
];
