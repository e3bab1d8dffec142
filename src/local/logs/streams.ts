import type { CloudWatchLogs, LogStream, RejectedLogEventsInfo } from "@aws-sdk/client-cloudwatch-logs";
import { page } from "../page.ts";
import { type Handlers, type Local, Refusal } from "../service.ts";
import { append, bytesOf, extentOf, forget } from "./events.ts";
import { groupArn } from "./groups.ts";
import {
  ensureStream,
  type Group,
  groupMeant,
  groupNamed,
  type LogsState,
  logsKeeper,
  logsState,
  type Stream,
  streamNamed,
} from "./state.ts";

/** One line to write; `timestamp` in milliseconds since 1970. */
export interface Line {
  readonly timestamp: number;
  readonly message: string;
}

const hour = 3_600_000;
const invalid = (message: string) => new Refusal("InvalidParameterException", message);

/** Writes lines as a task's log driver does: the stream is made if it is missing, the group is not. @throws ResourceNotFoundException */
export function appendLog(local: Local, region: string, group: string, stream: string, events: readonly Line[]): void {
  const to = groupNamed(logsState(local, region), group);
  const isNew = to.streams[stream] === undefined;
  const ingested = local.clock.now();
  const lines = events.map(({ timestamp, message }) => ({ timestamp, message, ingested }));
  append(local, region, to, ensureStream(to, stream, ingested), lines);
  if (isNew) local.changed(logsKeeper, region);
}

function checkBatch(lines: readonly Line[]): void {
  const times = lines.map((line) => line.timestamp);
  if (times.some((time, i) => time < (times[i - 1] ?? time)))
    throw invalid("Log events in a single PutLogEvents request must be in chronological order.");
  if (lines.reduce((sum, line) => sum + bytesOf(line.message), 0) > 1_048_576)
    throw invalid(`Upload too large: ${lines.length} events exceed the limit of 1048576 bytes`);
  if ((times.at(-1) ?? 0) - (times[0] ?? 0) > 24 * hour)
    throw invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
}

/** What of a batch AWS does not take: the too new at its end, the too old and the expired at its beginning. */
function rejected(lines: readonly Line[], group: Group, now: number): RejectedLogEventsInfo | undefined {
  const firstFrom = (time: number) => {
    const i = lines.findIndex((line) => line.timestamp >= time);
    return i < 0 ? lines.length : i;
  };
  const tooNew = firstFrom(now + 2 * hour + 1);
  const tooOld = firstFrom(now - 14 * 24 * hour);
  const expired = group.retention === undefined ? 0 : firstFrom(now - group.retention * 24 * hour);
  if (tooNew === lines.length && tooOld === 0 && expired === 0) return undefined;
  return {
    tooNewLogEventStartIndex: tooNew < lines.length ? tooNew : undefined,
    tooOldLogEventEndIndex: tooOld > 0 ? tooOld : undefined,
    expiredLogEventEndIndex: expired > 0 ? expired : undefined,
  };
}

/** Log streams, and writing to them. */
export const streams: Handlers<CloudWatchLogs, LogsState> = {
  CreateLogStream: (input, { state, local }) => {
    const group = groupNamed(state, input.logGroupName);
    const { logStreamName: name = "" } = input;
    if (group.streams[name] !== undefined)
      throw new Refusal("ResourceAlreadyExistsException", "The specified log stream already exists");
    ensureStream(group, name, local.clock.now());
  },
  DeleteLogStream: (input, { state, region, local }) => {
    const group = groupNamed(state, input.logGroupName);
    const stream = streamNamed(group, input.logStreamName);
    forget(local, region, group, stream);
    delete group.streams[stream.name];
  },
  DescribeLogStreams: (input, { state, region, account, local }) => {
    const group = groupMeant(state, input);
    const { logStreamNamePrefix: prefix = "", orderBy, descending } = input;
    if (orderBy === "LastEventTime" && prefix !== "")
      throw invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
    const extent = (stream: Stream) => extentOf(local, region, group, stream);
    const byTime = (stream: Stream) => `${String(extent(stream).last ?? 0).padStart(15, "0")} ${stream.name}`;
    const found = Object.values(group.streams).filter(({ name }) => name.startsWith(prefix));
    const key = orderBy === "LastEventTime" ? byTime : (stream: Stream) => stream.name;
    const { items, next } = page(found, key, input.limit ?? 50, input.nextToken, descending);
    return {
      logStreams: items.map((stream): LogStream => {
        const { first, last, ingested } = extent(stream);
        return {
          logStreamName: stream.name,
          creationTime: stream.created,
          firstEventTimestamp: first,
          lastEventTimestamp: last,
          lastIngestionTime: ingested,
          arn: `${groupArn(group.name, region, account)}:log-stream:${stream.name}`,
          // AWS has not told the size of a stream since 2019.
          storedBytes: 0,
        };
      }),
      nextToken: next,
    };
  },
  PutLogEvents: (input, { state, region, local }) => {
    const group = groupNamed(state, input.logGroupName);
    const stream = streamNamed(group, input.logStreamName);
    const lines = (input.logEvents ?? []).map(({ timestamp = 0, message = "" }) => ({ timestamp, message }));
    checkBatch(lines);
    const ingested = local.clock.now();
    const refused = rejected(lines, group, ingested);
    const from = Math.max(refused?.tooOldLogEventEndIndex ?? 0, refused?.expiredLogEventEndIndex ?? 0);
    const taken = lines.slice(from, refused?.tooNewLogEventStartIndex).map((line) => ({ ...line, ingested }));
    append(local, region, group, stream, taken);
    return { nextSequenceToken: String(ingested).padStart(56, "0"), rejectedLogEventsInfo: refused };
  },
};
