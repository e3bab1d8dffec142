import { gathering, type LogDriver } from "../ecs/log-driver.ts";
import { authorize } from "../iam/authorize.ts";
import { fileName, logsKeeper, logsState } from "../logs/state.ts";
import { appendLog } from "../logs/streams.ts";
import type { Local } from "../service.ts";
import type { BuildRecord } from "./state.ts";

/** A build's log: what its commands print, and between it what the build does, in its own words. */
export interface BuildLog extends Pick<LogDriver, "write" | "flush"> {
  say(message: string): void;
}

/** The log of a build in CloudWatch Logs, written with the build's permissions; without them, or turned off, it is lost. */
export function buildLog(local: Local, region: string, build: BuildRecord): BuildLog {
  const { groupName: group, streamName: stream } = build.logs ?? {};
  const writes = group && stream && mayWrite(local, region, build, group, stream);
  const driver = writes
    ? gathering((lines) => {
        try {
          appendLog(local, region, group, stream, lines);
        } catch (error) {
          local.warn(`codebuild: the log of ${build.id} is lost: ${error instanceof Error ? error.message : error}`);
        }
      }, local.clock.now)
    : { write() {}, flush() {} };
  return {
    ...driver,
    say(message) {
      const time = new Date(local.clock.now()).toISOString().replaceAll("-", "/").replace("T", " ").replace("Z", "000");
      driver.write(Buffer.from(`[Container] ${time} ${message}\n`));
    },
  };
}

function mayWrite(local: Local, region: string, build: BuildRecord, group: string, stream: string): boolean {
  const arn = `arn:aws:logs:${region}:${local.account}:log-group:${group}`;
  const may = (action: string, resource: string) =>
    authorize(local, build.serviceRole.split("/").at(-1) ?? "", [{ action, resource }]).allowed;
  const { groups } = logsState(local, region);
  if (!groups[group]) {
    if (!may("logs:CreateLogGroup", `${arn}:log-stream:`)) return false;
    groups[group] = {
      name: group,
      created: local.clock.now(),
      class: "STANDARD",
      protected: false,
      tags: {},
      folder: fileName(group),
      streams: {},
    };
    local.changed(logsKeeper, region);
  }
  const resource = `${arn}:log-stream:${stream}`;
  return may("logs:CreateLogStream", resource) && may("logs:PutLogEvents", resource);
}
