import type { CloudWatchLogs, FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { type Handlers, Refusal } from "../service.ts";
import { eventsOf } from "./events.ts";
import { filterPattern } from "./pattern.ts";
import { groupMeant, type LogsState, streamNamed } from "./state.ts";

const badToken = () => new Refusal("InvalidParameterException", "The specified nextToken is invalid.");

/** How many events AWS answers at most. Its other bound, a megabyte, is not kept here. */
const most = 10_000;

/** `f/0…042`: forwards from the 42nd event; `b/…`: backwards from it. */
const token = (way: "f" | "b", position: number): string => `${way}/${String(position).padStart(56, "0")}`;

function window(count: number, limit: number, fromHead: boolean, from: string | undefined): [number, number] {
  if (from === undefined) return fromHead ? [0, Math.min(limit, count)] : [Math.max(0, count - limit), count];
  const [, way, digits] = /^([fb])\/(\d{56})$/.exec(from) ?? [];
  if (digits === undefined) throw badToken();
  const at = Math.min(Number(digits), count);
  return way === "f" ? [at, Math.min(at + limit, count)] : [Math.max(0, at - limit), at];
}

/** Reading logs. */
export const reading: Handlers<CloudWatchLogs, LogsState> = {
  GetLogEvents: (input, { state, region, local }) => {
    const group = groupMeant(state, input);
    const stream = streamNamed(group, input.logStreamName);
    const { startTime = 0, endTime = Number.POSITIVE_INFINITY } = input;
    // Here an event at the end time is outside; for FilterLogEvents it is inside.
    const events = eventsOf(local, region, group, stream).filter(
      ({ timestamp }) => timestamp >= startTime && timestamp < endTime,
    );
    const [from, to] = window(events.length, input.limit ?? most, input.startFromHead ?? false, input.nextToken);
    return {
      events: events
        .slice(from, to)
        .map(({ timestamp, message, ingested }) => ({ timestamp, message, ingestionTime: ingested })),
      nextForwardToken: token("f", to),
      nextBackwardToken: token("b", from),
    };
  },
  FilterLogEvents: (input, { state, region, local }) => {
    const group = groupMeant(state, input);
    const {
      logStreamNames: names,
      logStreamNamePrefix: prefix,
      startTime = 0,
      endTime = Number.POSITIVE_INFINITY,
    } = input;
    if (names !== undefined && prefix !== undefined)
      throw new Refusal("InvalidParameterException", "logStreamNames and logStreamNamePrefix cannot both be given.");
    const matches = filterPattern(input.filterPattern);
    const wanted = names?.map((name) => streamNamed(group, name)) ?? Object.values(group.streams);
    const events = wanted
      .filter((stream) => stream.name.startsWith(prefix ?? ""))
      .flatMap((stream) =>
        eventsOf(local, region, group, stream).map((event, i) => ({ ...event, stream: stream.name, i })),
      )
      .filter(({ timestamp }) => timestamp >= startTime && timestamp <= endTime)
      .filter(({ message }) => matches(message))
      .sort((a, b) => a.timestamp - b.timestamp);
    const from = Number(input.nextToken ?? 0);
    if (!Number.isInteger(from) || from < 0) throw badToken();
    const to = from + (input.limit ?? most);
    return {
      events: events.slice(from, to).map(
        (event): FilteredLogEvent => ({
          logStreamName: event.stream,
          timestamp: event.timestamp,
          message: event.message,
          ingestionTime: event.ingested,
          eventId: `${event.timestamp}${String(event.i).padStart(10, "0")}`.padStart(56, "0"),
        }),
      ),
      searchedLogStreams: [],
      nextToken: to < events.length ? String(to) : undefined,
    };
  },
};
