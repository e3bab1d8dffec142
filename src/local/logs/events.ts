import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Local } from "../service.ts";
import type { Group, Stream } from "./state.ts";

/** One line of a log; times are milliseconds since 1970. */
export interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
  readonly ingested: number;
}

/** What is known of a stream without reading it again. */
export interface Extent {
  first?: number;
  last?: number;
  ingested?: number;
  bytes: number;
}

const extents = new WeakMap<Local, Map<string, Extent>>();

const folderOf = (local: Local, region: string, group: Group): string => join(local.dir, "logs", region, group.folder);

const fileOf = (local: Local, region: string, group: Group, stream: Stream): string =>
  join(folderOf(local, region, group), stream.file);

function known(local: Local): Map<string, Extent> {
  const found = extents.get(local) ?? new Map<string, Extent>();
  extents.set(local, found);
  return found;
}

/** AWS counts 26 bytes for each event beside its message. */
export const bytesOf = (message: string): number => Buffer.byteLength(message) + 26;

function grown(extent: Extent, event: LogEvent): Extent {
  return {
    first: Math.min(extent.first ?? event.timestamp, event.timestamp),
    last: Math.max(extent.last ?? event.timestamp, event.timestamp),
    ingested: event.ingested,
    bytes: extent.bytes + bytesOf(event.message),
  };
}

const lineOf = (event: LogEvent): string => `${JSON.stringify([event.timestamp, event.ingested, event.message])}\n`;

function read(file: string): LogEvent[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        const [timestamp, ingested, message]: [number, number, string] = JSON.parse(line);
        return [{ timestamp, ingested, message }];
      } catch {
        // The empty end of the file, or a line that a kill cut off.
        return [];
      }
    });
}

/** Writes events to the end of their stream. */
export function append(local: Local, region: string, group: Group, stream: Stream, events: readonly LogEvent[]): void {
  if (events.length === 0) return;
  const before = extentOf(local, region, group, stream);
  mkdirSync(folderOf(local, region, group), { recursive: true });
  const file = fileOf(local, region, group, stream);
  appendFileSync(file, events.map(lineOf).join(""));
  known(local).set(file, events.reduce(grown, before));
}

/** Events of a stream that its group's retention has left, in the order of their time. */
export function eventsOf(local: Local, region: string, group: Group, stream: Stream): LogEvent[] {
  const days = group.retention;
  const oldest = days === undefined ? 0 : local.clock.now() - days * 86_400_000;
  return read(fileOf(local, region, group, stream))
    .filter((event) => event.timestamp >= oldest)
    .sort((a, b) => a.timestamp - b.timestamp);
}

/** First and last times and size of a stream; the file is read once. */
export function extentOf(local: Local, region: string, group: Group, stream: Stream): Extent {
  const file = fileOf(local, region, group, stream);
  const found = known(local).get(file) ?? read(file).reduce(grown, { bytes: 0 });
  known(local).set(file, found);
  return found;
}

/** Writes the files of a group anew without what its retention has passed. */
export function trim(local: Local, region: string, group: Group): void {
  for (const stream of Object.values(group.streams)) {
    const file = fileOf(local, region, group, stream);
    const left = eventsOf(local, region, group, stream);
    if (left.length === read(file).length) continue;
    // A kill in between leaves the old file whole.
    writeFileSync(`${file}.tmp`, left.map(lineOf).join(""));
    renameSync(`${file}.tmp`, file);
    known(local).delete(file);
  }
}

/** Removes the events of a stream, or of all streams of a group. */
export function forget(local: Local, region: string, group: Group, stream?: Stream): void {
  for (const gone of stream === undefined ? Object.values(group.streams) : [stream]) {
    const file = fileOf(local, region, group, gone);
    known(local).delete(file);
    rmSync(file, { force: true });
  }
  if (stream === undefined) rmSync(folderOf(local, region, group), { force: true, recursive: true });
}
