import type { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { emulate } from "../service.ts";
import { trim } from "./events.ts";
import { groupArn, groups } from "./groups.ts";
import { reading } from "./reading.ts";
import { type LogsState, logsKeeper, logsState, nameIn } from "./state.ts";
import { streams } from "./streams.ts";

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** CloudWatch Logs: groups, streams, and their events in files of their own. */
export const logs = emulate<CloudWatchLogs, LogsState>({
  ...logsKeeper,
  load: () => import("@aws-sdk/client-cloudwatch-logs"),
  handlers: { ...groups, ...streams, ...reading },
  start: (local) => {
    for (const region of local.regions(logsKeeper))
      for (const group of Object.values(logsState(local, region).groups))
        if (group.retention !== undefined) trim(local, region, group);
  },
  // AWS names a stream in its refusals even where there is none: `log-group:NAME:log-stream:`.
  needs: (operation, input, { region, account }) => {
    const action = `logs:${operation}`;
    const arn = text(input.resourceArn);
    if (arn !== undefined) return [{ action, resource: arn }];
    const group = nameIn(text(input.logGroupName) ?? text(input.logGroupIdentifier)) ?? "";
    const stream = text(input.logStreamName) ?? "";
    return [{ action, resource: `${groupArn(group, region, account)}:log-stream:${stream}` }];
  },
});
