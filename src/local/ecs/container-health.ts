import { setTimeout as wait } from "node:timers/promises";
import type { HealthCheck } from "@aws-sdk/client-ecs";
import { type Command, commandIn } from "./command.ts";
import { type Environment, listens, runOnce } from "./container-process.ts";
import type { Image } from "./image.ts";
import type { Health } from "./task-record.ts";

/** How often a container that comes up is looked at, where waits are short; milliseconds. */
const EAGER = 250;
/** How long a container may take to come up, where waits are short: the machine may be slow; milliseconds. */
const COMING_UP = 15_000;

/** How a container is watched. `short`: waits are not AWS's own. */
export interface Watch {
  readonly image: Image;
  readonly cwd: string;
  readonly env: Environment;
  readonly short: boolean;
  readonly signal: AbortSignal;
}

/** `CMD` is run as it is, `CMD-SHELL` by this machine's shell; `NONE` is no check. */
function checkCommand({ image, cwd }: Watch, check: HealthCheck): Command | undefined {
  const [kind, ...words] = check.command ?? [];
  if (kind === "NONE" || kind === undefined) return undefined;
  if (kind === "CMD-SHELL") return { file: "/bin/sh", args: ["-c", words.join(" ")], cwd };
  return commandIn(image, kind === "CMD" ? words : [kind, ...words], cwd);
}

const pause = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal }).catch(() => undefined);

/** Runs a container's health check until the signal, and tells every change. */
export async function watchContainer(watch: Watch, check: HealthCheck, tell: (health: Health) => void): Promise<void> {
  const command = checkCommand(watch, check);
  if (!command) return tell("HEALTHY");
  const { interval = 30, timeout = 5, retries = 3, startPeriod = 0 } = check;
  const grace = watch.short ? COMING_UP : startPeriod * 1000;
  const begun = performance.now();
  let health = "UNKNOWN" as Health;
  let failures = 0;
  const become = (next: Health) => {
    if (next !== health && !watch.signal.aborted) tell(next);
    health = next;
  };
  while (!watch.signal.aborted) {
    const good = await runOnce(command, watch.env, timeout * 1000, watch.signal);
    failures = good ? 0 : failures + 1;
    const forgiven = health === "UNKNOWN" && performance.now() - begun < grace;
    if (good) become("HEALTHY");
    else if (failures >= retries && !forgiven) become("UNHEALTHY");
    const eager = watch.short && (health !== "HEALTHY" || failures > 0);
    await pause(eager ? EAGER : interval * 1000, watch.signal);
  }
}

/** Resolves when a container without a check may count as up: it listens, or has lived for a while. */
export async function comesUp(port: number | undefined, short: boolean, signal: AbortSignal): Promise<void> {
  const begun = performance.now();
  const enough = port === undefined ? (short ? 1000 : 10_000) : COMING_UP;
  while (!signal.aborted && performance.now() - begun < enough) {
    if (port !== undefined && (await listens(port))) return;
    await pause(Math.min(50, enough), signal);
  }
}
