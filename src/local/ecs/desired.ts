import type { Local } from "../service.ts";
import { wake } from "./scheduler.ts";
import { ecsKeeper, ecsState } from "./state.ts";

/** An ACTIVE service as those who scale it see it. */
export interface Scaled {
  readonly desired: number;
  readonly running: number;
  /** A deployment is under way: AWS takes nothing away meanwhile. */
  readonly deploying: boolean;
}

/** Looks a service up by `cluster/service`; undefined if it is not ACTIVE. */
export function scaled(local: Local, region: string, key: string): Scaled | undefined {
  const state = ecsState(local, region);
  const service = state.services[key];
  if (service?.status !== "ACTIVE") return undefined;
  const tasks = Object.values(state.tasks).filter(
    (task) => `${task.cluster}/${task.service?.name}` === key && task.lastStatus === "RUNNING",
  );
  const deploying = service.deployments[0]?.rolloutState === "IN_PROGRESS";
  return { desired: service.desiredCount, running: tasks.length, deploying };
}

/** Sets how many tasks a service is to have, as UpdateService does. */
export function setDesired(local: Local, region: string, key: string, desired: number): void {
  const service = ecsState(local, region).services[key];
  if (!service || service.desiredCount === desired) return;
  service.desiredCount = desired;
  service.steady = false;
  local.changed(ecsKeeper, region);
  wake(local);
}
