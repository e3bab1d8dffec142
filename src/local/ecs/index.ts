import type { ECS } from "@aws-sdk/client-ecs";
import { emulate, type Local } from "../service.ts";
import { clusters } from "./clusters.ts";
import { answerTask, PREFIX } from "./credentials.ts";
import { definitions } from "./definitions.ts";
import { deployments } from "./deployments.ts";
import { needsOf } from "./needs.ts";
import { processRunner } from "./process-runner.ts";
import { recordsRunner } from "./records-runner.ts";
import type { TaskRunner } from "./runner.ts";
import { Scheduler } from "./scheduler.ts";
import { services } from "./services.ts";
import { type EcsState, ecsKeeper } from "./state.ts";
import { tags } from "./tags.ts";
import { tasks } from "./tasks.ts";

/** ECS whose tasks a given runner runs. */
export function ecsWith(runnerFor: (local: Local) => TaskRunner) {
  const schedulers = new Map<Local, Scheduler>();
  return emulate<ECS, EcsState>({
    ...ecsKeeper,
    load: () => import("@aws-sdk/client-ecs"),
    handlers: { ...clusters, ...definitions, ...services, ...deployments, ...tasks, ...tags },
    needs: (operation, input, { region, account }) => needsOf(operation, input, region, account),
    http: { prefix: PREFIX, handle: answerTask },
    async start(local) {
      const scheduler = new Scheduler(local, runnerFor(local));
      schedulers.set(local, scheduler);
      await scheduler.start();
    },
    async stop(local) {
      await schedulers.get(local)?.stop();
      schedulers.delete(local);
    },
  });
}

/** ECS: tasks are processes of this machine, or mere records where ECOMCTL_LOCAL_TASKS=records. */
export const ecs = ecsWith((local) =>
  process.env.ECOMCTL_LOCAL_TASKS === "records" ? recordsRunner() : processRunner(local),
);
