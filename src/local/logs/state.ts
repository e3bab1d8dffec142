import { randomUUID } from "node:crypto";
import type { LogGroupClass } from "@aws-sdk/client-cloudwatch-logs";
import { type Keeper, type Local, Refusal } from "../service.ts";

/** A stream as it is kept; its events are in a file. */
export interface Stream {
  name: string;
  created: number;
  /** The file with its events, below the folder of its group. */
  file: string;
}

export interface Group {
  name: string;
  created: number;
  /** Days; left out: events are kept for ever. */
  retention?: number;
  kmsKey?: string;
  class: LogGroupClass;
  protected: boolean;
  tags: Record<string, string>;
  /** The folder with its streams. */
  folder: string;
  streams: Record<string, Stream>;
}

/** Log groups by name; one state per region. */
export interface LogsState {
  groups: Record<string, Group>;
}

/** Where the state of CloudWatch Logs is kept. */
export const logsKeeper: Keeper<LogsState> = { id: "logs", initial: () => ({ groups: {} }) };

/** The log groups of a region. */
export const logsState = (local: Local, region: string): LogsState => local.state(logsKeeper, region);

const missing = (what: string) => new Refusal("ResourceNotFoundException", `The specified log ${what} does not exist.`);

/** @throws ResourceNotFoundException */
export function groupNamed(state: LogsState, name: string | undefined): Group {
  const group = state.groups[name ?? ""];
  if (group === undefined) throw missing("group");
  return group;
}

/** @throws ResourceNotFoundException */
export function streamNamed(group: Group, name: string | undefined): Stream {
  const stream = group.streams[name ?? ""];
  if (stream === undefined) throw missing("stream");
  return stream;
}

/** A group by its name or its ARN, with or without `:*` at the end. @throws ResourceNotFoundException */
export function groupMeant(state: LogsState, input: { logGroupName?: string; logGroupIdentifier?: string }): Group {
  if (input.logGroupName !== undefined && input.logGroupIdentifier !== undefined)
    throw new Refusal("InvalidParameterException", "Only one of logGroupName and logGroupIdentifier may be given.");
  return groupNamed(state, input.logGroupName ?? nameIn(input.logGroupIdentifier));
}

/** The name in an ARN of a log group; any other text is taken for the name itself. */
export const nameIn = (identifier: string | undefined): string | undefined =>
  /^arn:aws:logs:[^:]*:[^:]*:log-group:([^:]+)(:\*)?$/.exec(identifier ?? "")?.[1] ?? identifier;

/** A name for a file that says what is in it, is never too long, and is never given twice. */
export const fileName = (name: string): string =>
  `${name.replace(/[^\w-]+/g, "_").slice(-80)}-${randomUUID().slice(0, 8)}`;

/** The stream with this name, made if it is not there. */
export function ensureStream(group: Group, name: string, now: number): Stream {
  const stream = group.streams[name] ?? { name, created: now, file: `${fileName(name)}.ndjson` };
  group.streams[name] = stream;
  return stream;
}
