import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { DeploymentRecord, HistoryRecord, Revision, RevisionRecord, ServiceRecord } from "./service-record.ts";

const EVENTS_KEPT = 100;
const HISTORY_KEPT = 30;

const digits = (count: number): string => Array.from({ length: count }, () => randomInt(10)).join("");

/** Adds an event to a service, newest first; `message` follows "(service name) ". */
export function tell(service: ServiceRecord, now: number, message: string): void {
  service.events.unshift({ id: randomUUID(), at: now, message: `(service ${service.name}) ${message}` });
  service.events.length = Math.min(service.events.length, EVENTS_KEPT);
}

/** The history of the deployment with this id, if it is still known. */
export const historyOf = (service: ServiceRecord, deployment: string): HistoryRecord | undefined =>
  service.history.find((each) => each.deployment === deployment);

/** `…:service/cluster/name` with another word for `service` and an id behind it. */
const sibling = (service: ServiceRecord, kind: string, id: string): string =>
  `${service.arn.replace(":service/", `:${kind}/`)}/${id}`;

/** Starts a deployment of a service: it becomes PRIMARY, what ran before goes once it is healthy. */
export function startDeployment(
  service: ServiceRecord,
  revision: Revision,
  mesh: Pick<RevisionRecord, "endpoints" | "namespace">,
  now: number,
): DeploymentRecord {
  const target: RevisionRecord = {
    ...revision,
    ...mesh,
    arn: sibling(service, "service-revision", digits(19)),
    createdAt: now,
  };
  const deployment: DeploymentRecord = {
    id: `ecs-svc/${1 + randomInt(9)}${digits(18)}`,
    revision: target.arn,
    createdAt: now,
    updatedAt: now,
    rolloutState: "IN_PROGRESS",
    rolloutStateReason: "",
    failedTasks: 0,
    failuresInARow: 0,
    retryAt: 0,
  };
  deployment.rolloutStateReason = `ECS deployment ${deployment.id} in progress.`;
  for (const each of service.history)
    if (each.finishedAt === undefined)
      finish(service, each.deployment, "STOPPED", now, "A newer deployment took over.");
  service.history.unshift({
    arn: sibling(service, "service-deployment", randomBytes(12).toString("base64url")),
    deployment: deployment.id,
    target: target.arn,
    sources: service.deployments.map((each) => each.revision),
    createdAt: now,
    updatedAt: now,
    status: "IN_PROGRESS",
  });
  service.history.length = Math.min(service.history.length, HISTORY_KEPT);
  service.revisions.push(target);
  service.deployments.unshift(deployment);
  service.steady = false;
  forget(service);
  return deployment;
}

/** Notes in the history how a deployment ended. */
export function finish(
  service: ServiceRecord,
  deployment: string,
  status: HistoryRecord["status"],
  now: number,
  reason?: string,
): void {
  const found = historyOf(service, deployment);
  if (!found) return;
  Object.assign(found, { status, updatedAt: now, finishedAt: now, statusReason: reason });
}

/** Drops revisions that nothing points to any more. */
function forget(service: ServiceRecord): void {
  const used = new Set([
    ...service.deployments.map((each) => each.revision),
    ...service.history.flatMap((each) => [each.target, ...each.sources]),
    service.lastCompleted?.revision,
  ]);
  service.revisions = service.revisions.filter((each) => used.has(each.arn));
}
