import { breakerThreshold } from "./breaker.ts";
import { finish, historyOf, tell } from "./deploy.ts";
import { dropEndpoints } from "./service-connect.ts";
import { type DeploymentRecord, primaryOf, revisionOf, type ServiceRecord } from "./service-record.ts";
import { tasksOf } from "./task-record.ts";
import type { World } from "./world.ts";

const WHY = "ECS deployment circuit breaker: tasks failed to start.";

/** The circuit breaker: a deployment with too many failed tasks is FAILED, and rolled back if there is something to go back to. */
export function trip({ now }: World, service: ServiceRecord): boolean {
  const primary = primaryOf(service);
  const breaker = service.deploymentConfiguration.deploymentCircuitBreaker;
  if (!primary || !breaker?.enable || primary.rolloutState !== "IN_PROGRESS") return false;
  if (primary.failedTasks < breakerThreshold(service.desiredCount)) return false;
  mark(primary, "FAILED", WHY, now);
  tell(service, now, `(deployment ${primary.id}) deployment failed: tasks failed to start.`);
  const back = service.lastCompleted;
  const undone = service.history.find((each) => each.rollback && each.finishedAt === undefined);
  if (undone) finish(service, undone.deployment, "ROLLBACK_FAILED", now, WHY);
  else if (!breaker.rollback || !back || back.id === primary.id) finish(service, primary.id, "STOPPED", now, WHY);
  else rollBack(service, primary, back, now);
  return true;
}

function rollBack(service: ServiceRecord, failed: DeploymentRecord, back: DeploymentRecord, now: number): void {
  const there = service.deployments.find((each) => each.id === back.id) ?? back;
  Object.assign(there, { failedTasks: 0, failuresInARow: 0, retryAt: 0 });
  mark(there, "IN_PROGRESS", `ECS deployment circuit breaker: rolling back to deploymentId ${there.id}.`, now);
  service.deployments = [there, ...service.deployments.filter((each) => each !== there)];
  tell(service, now, `rolling back to deployment ${there.id}.`);
  const history = historyOf(service, failed.id);
  if (!history) return;
  history.status = "ROLLBACK_IN_PROGRESS";
  history.statusReason = WHY;
  history.updatedAt = now;
  history.rollback = {
    reason: `Service deployment rolled back because of a circuit breaker threshold being exceeded.`,
    startedAt: now,
    revision: there.revision,
  };
}

function mark(deployment: DeploymentRecord, state: DeploymentRecord["rolloutState"], reason: string, now: number) {
  Object.assign(deployment, { rolloutState: state, rolloutStateReason: reason, updatedAt: now });
}

/** A service whose tasks are all of its PRIMARY deployment, as many as desired and healthy, is steady; its deployment is done. */
export function settle({ state, now, local, region }: World, service: ServiceRecord): boolean {
  const primary = primaryOf(service);
  if (!primary || primary.rolloutState === "FAILED") return false;
  const there = tasksOf(state, service).filter((task) => task.lastStatus !== "STOPPED");
  const healthy = there.filter((task) => task.desiredStatus === "RUNNING" && task.healthyAt !== undefined);
  if (there.length !== service.desiredCount || healthy.length !== service.desiredCount) return false;
  if (there.some((task) => task.service?.deployment !== primary.id)) return false;
  if (service.steady && primary.rolloutState === "COMPLETED" && service.deployments.length === 1) return false;
  service.deployments = [primary];
  dropEndpoints(
    local,
    region,
    service.arn,
    new Set(revisionOf(service, primary).endpoints.map((each) => each.discoveryArn ?? "")),
  );
  if (primary.rolloutState === "IN_PROGRESS") complete(service, primary, now);
  service.lastCompleted = { ...primary };
  if (!service.steady) tell(service, now, "has reached a steady state.");
  service.steady = true;
  return true;
}

function complete(service: ServiceRecord, primary: DeploymentRecord, now: number): void {
  mark(primary, "COMPLETED", `ECS deployment ${primary.id} completed.`, now);
  tell(service, now, `(deployment ${primary.id}) deployment completed.`);
  const undone = service.history.find((each) => each.rollback && each.finishedAt === undefined);
  if (undone) finish(service, undone.deployment, "ROLLBACK_SUCCESSFUL", now, undone.statusReason);
  else finish(service, primary.id, "SUCCESSFUL", now);
}
