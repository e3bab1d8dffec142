import { type ClientRequest, get, type RequestOptions } from "node:http";
import { get as getSecurely } from "node:https";
import type { TargetHealthReasonEnum } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Local } from "../service.ts";
import type { HealthCheck, Target, TargetGroup } from "./state.ts";

/** How a target is, in the words of DescribeTargetHealth. */
export interface Health {
  readonly state: "initial" | "healthy" | "unhealthy" | "unused" | "draining";
  readonly reason?: TargetHealthReasonEnum;
  readonly description?: string;
}

/** How a target is as long as it was not asked. */
export const unasked: Health = {
  state: "initial",
  reason: "Elb.RegistrationInProgress",
  description: "Target registration is in progress",
};

const checking: Health = {
  state: "initial",
  reason: "Elb.InitialHealthChecking",
  description: "Initial health checks in progress",
};

/** Nothing here ever speaks to another machine. */
export const isHere = (target: { id: string }): boolean => target.id.startsWith("127.");

/** Whether a status is among `200`, `200,202` or `200-299`. */
function matches(codes: string, status: number): boolean {
  return codes.split(",").some((part) => {
    const [from, to = from] = part.split("-").map(Number);
    return from !== undefined && to !== undefined && status >= from && status <= to;
  });
}

/** Asks a target once; undefined if it is well. */
function probe(check: HealthCheck, target: Target, signal: AbortSignal): Promise<Health | undefined> {
  const unhealthy = (reason: TargetHealthReasonEnum, description: string): Health => ({
    state: "unhealthy",
    reason,
    description,
  });
  if (!isHere(target)) return Promise.resolve(unhealthy("Target.Timeout", "Request timed out"));
  const port = check.port === "traffic-port" ? target.port : Number(check.port);
  const options: RequestOptions & { rejectUnauthorized: boolean } = {
    host: target.id,
    port,
    path: check.path,
    headers: { "user-agent": "ELB-HealthChecker/2.0", connection: "close" },
    agent: false,
    timeout: check.timeout * 1000,
    // A load balancer does not look at a target's certificate.
    rejectUnauthorized: false,
    signal,
  };
  return new Promise((resolve) => {
    const request: ClientRequest = (check.protocol === "HTTPS" ? getSecurely : get)(options, (response) => {
      const { statusCode = 0 } = response;
      response.resume();
      response.on("error", () => {});
      resolve(
        matches(check.codes, statusCode)
          ? undefined
          : unhealthy("Target.ResponseCodeMismatch", `Health checks failed with these codes: [${statusCode}]`),
      );
    });
    request.on("timeout", () => {
      resolve(unhealthy("Target.Timeout", "Request timed out"));
      request.destroy();
    });
    request.on("error", () => resolve(unhealthy("Target.FailedHealthChecks", "Health checks failed")));
  });
}

/** How long a new target may refuse connections, in milliseconds: a program takes its time to start, however short the waits are. */
const startsWithin = 8_000;

/**
 * Asks a target again and again until the signal ends it, and reports how it is. A new target is healthy after one
 * success; from then on the thresholds count.
 */
export async function watch(
  local: Local,
  group: () => TargetGroup | undefined,
  target: Target,
  report: (health: Health) => void,
  signal: AbortSignal,
): Promise<void> {
  let health = checking;
  let passed = 0;
  let failed = 0;
  const began = local.clock.now();
  for (let current = group(); current !== undefined && !signal.aborted; current = group()) {
    const { check } = current;
    const problem = check.enabled ? await probe(check, target, signal) : undefined;
    passed = problem === undefined ? passed + 1 : 0;
    const starting =
      health.state === "initial" &&
      problem?.reason === "Target.FailedHealthChecks" &&
      local.clock.now() - began < startsWithin;
    failed = problem === undefined || starting ? 0 : failed + 1;
    if (passed >= (health.state === "unhealthy" ? check.healthy : 1)) health = { state: "healthy" };
    else if (problem !== undefined && (failed >= check.unhealthy || health.state === "unhealthy")) health = problem;
    if (signal.aborted) return;
    report(health);
    // Often enough to be quick, and not so often that checks are what the machine is busy with.
    const pause = Math.max(local.lasts(check.interval * 1000), health.state === "healthy" ? 500 : 100);
    await local.clock.sleep(pause, signal).catch(() => {});
  }
}
