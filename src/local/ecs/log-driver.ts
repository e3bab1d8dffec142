import type { LogConfiguration } from "@aws-sdk/client-ecs";
import { authorize } from "../iam/authorize.ts";
import { logsState } from "../logs/state.ts";
import { appendLog, type Line } from "../logs/streams.ts";
import type { Local } from "../service.ts";
import { TaskFailure, type TaskSpec } from "./runner.ts";

/** How long lines are gathered before they are written, in milliseconds. */
const GATHER = 50;
/** CloudWatch Logs takes no longer line; characters, as the last bytes of an event are its overhead. */
const LONGEST = 200_000;

/** Takes what a container prints. */
export interface LogDriver {
  write(chunk: Buffer): void;
  /** Writes what is left; nothing is lost when a container ends. */
  flush(): void;
}

const nowhere: LogDriver = { write() {}, flush() {} };

/** The awslogs driver of one container: `prefix/container/task`. Throws TaskFailure if the group or a permission is missing. */
export function logDriver(
  local: Local,
  task: TaskSpec,
  container: string,
  want: LogConfiguration | undefined,
): LogDriver {
  if (want?.logDriver !== "awslogs") return nowhere;
  const group = want.options?.["awslogs-group"] ?? "";
  const region = want.options?.["awslogs-region"] ?? task.region;
  const prefix = want.options?.["awslogs-stream-prefix"] ?? "";
  const stream = `${prefix}/${container}/${task.id}`;
  const invalid = (why: string) =>
    new TaskFailure(
      `ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ${why} : exit status 1`,
      container,
    );
  if (!logsState(local, region).groups[group])
    throw invalid("ResourceNotFoundException: The specified log group does not exist.");
  const resource = `arn:aws:logs:${region}:${local.account}:log-group:${group}:log-stream:${stream}`;
  const needs = ["logs:CreateLogStream", "logs:PutLogEvents"].map((action) => ({ action, resource }));
  const decision = authorize(local, task.executionRole ?? "", needs);
  if (!decision.allowed)
    throw invalid(
      `AccessDeniedException: User: arn:aws:sts::${local.account}:assumed-role/${task.executionRole}/${task.id} is not authorized to perform: ${decision.action} on resource: ${resource}`,
    );
  return gathering((lines) => {
    try {
      appendLog(local, region, group, stream, lines);
    } catch (error) {
      local.warn(`ecs: the log of ${container} is lost: ${error instanceof Error ? error.message : error}`);
    }
  }, local.clock.now);
}

/** Cuts what is printed into lines, and hands them on in batches. */
export function gathering(send: (lines: Line[]) => void, now: () => number): LogDriver {
  let rest = "";
  let lines: Line[] = [];
  let timer: NodeJS.Timeout | undefined;
  const decoder = new TextDecoder();
  const push = (message: string) => {
    if (message !== "") lines.push({ timestamp: now(), message: message.slice(0, LONGEST) });
  };
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length > 0) send(lines);
    lines = [];
  };
  return {
    write(chunk) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) push(part.replace(/\r$/, ""));
      timer ??= setTimeout(flush, GATHER);
    },
    flush() {
      push(rest);
      rest = "";
      flush();
    },
  };
}
