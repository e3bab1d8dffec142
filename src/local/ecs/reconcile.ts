import { assumable } from "../iam/authorize.ts";
import { pauseAfter, wellAfter } from "./breaker.ts";
import { definitionOf } from "./definitions.ts";
import { tell } from "./deploy.ts";
import { makeTask } from "./make-task.ts";
import { settle, trip } from "./rollout.ts";
import { dropEndpoints, portNamed } from "./service-connect.ts";
import {
  type DeploymentRecord,
  primaryOf,
  type RevisionRecord,
  revisionOf,
  type ServiceRecord,
} from "./service-record.ts";
import { nameOf } from "./state.ts";
import { askToStop, type TaskRecord, tasksOf } from "./task-record.ts";
import type { World } from "./world.ts";

/** ECS removes the Cloud Map services it made some time after their service is gone. */
const ENDPOINTS_LINGER = 60_000;

const isLive = (task: TaskRecord): boolean => task.desiredStatus === "RUNNING";
const isHealthy = (task: TaskRecord): boolean => isLive(task) && task.healthyAt !== undefined;
const listed = (tasks: readonly TaskRecord[]): string => tasks.map((task) => `(task ${task.id})`).join(" ");

/** One look at a service: counts what failed, starts what is missing, stops what is too much. Tells whether it changed anything. */
export function reconcile(world: World, service: ServiceRecord): boolean {
  if (service.status === "INACTIVE") return linger(world, service);
  const tasks = tasksOf(world.state, service);
  if (service.status === "DRAINING") return drain(world, service, tasks);
  const primary = primaryOf(service);
  if (!primary) return false;
  const steps = [
    countFailures(world, service, primary, tasks),
    trip(world, service),
    replaceOld(world, service, tasks),
    scaleIn(world, service, tasks),
    scaleOut(world, service),
    settle(world, service),
  ];
  return steps.some(Boolean);
}

function linger({ local, region, now }: World, service: ServiceRecord): boolean {
  if (now >= (service.inactiveAt ?? 0) + local.lasts(ENDPOINTS_LINGER))
    dropEndpoints(local, region, service.arn, new Set());
  return false;
}

function drain({ now }: World, service: ServiceRecord, tasks: readonly TaskRecord[]): boolean {
  const live = tasks.filter(isLive);
  for (const task of live)
    askToStop(task, "ServiceSchedulerInitiated", `Scaling activity initiated by (${service.arn})`);
  if (live.length > 0) tell(service, now, `has stopped ${live.length} running tasks: ${listed(live)}.`);
  if (tasks.some((task) => task.lastStatus !== "STOPPED")) return live.length > 0;
  service.status = "INACTIVE";
  service.inactiveAt = now;
  service.deployments = [];
  return true;
}

/** Tasks that ended by themselves: the scheduler backs off, and the circuit breaker counts those that never became healthy. */
function countFailures(
  { local, now }: World,
  service: ServiceRecord,
  primary: DeploymentRecord,
  tasks: readonly TaskRecord[],
): boolean {
  const failed = tasks.filter((task) => task.failed && !task.counted);
  for (const task of failed) {
    task.counted = true;
    service.steady = false;
    if (task.service?.deployment === primary.id)
      failure(service, primary, task.healthyAt === undefined, now, local.lasts);
  }
  if (failed.length === 0 && primary.failuresInARow > 0) {
    const mine = tasks.filter((task) => isHealthy(task) && task.service?.deployment === primary.id);
    if (mine.some((task) => (task.healthyAt ?? now) + wellAfter(local.lasts) < now)) primary.failuresInARow = 0;
  }
  return failed.length > 0;
}

function failure(
  service: ServiceRecord,
  primary: DeploymentRecord,
  counts: boolean,
  now: number,
  lasts: (ms: number) => number,
): void {
  if (counts && primary.rolloutState === "IN_PROGRESS") primary.failedTasks += 1;
  primary.failuresInARow += 1;
  primary.retryAt = now + pauseAfter(primary.failuresInARow, lasts);
  primary.updatedAt = now;
  if (primary.failuresInARow === 3)
    tell(
      service,
      now,
      "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
    );
}

const percent = (service: ServiceRecord) => {
  const { minimumHealthyPercent = 100, maximumPercent = 200 } = service.deploymentConfiguration;
  return {
    lower: Math.ceil((service.desiredCount * minimumHealthyPercent) / 100),
    upper: Math.max(1, Math.floor((service.desiredCount * maximumPercent) / 100)),
  };
};

function stopTasks({ now }: World, service: ServiceRecord, tasks: readonly TaskRecord[], by: string): boolean {
  if (tasks.length === 0) return false;
  for (const task of tasks)
    askToStop(task, "ServiceSchedulerInitiated", `Scaling activity initiated by (deployment ${by})`);
  tell(service, now, `has stopped ${tasks.length} running tasks: ${listed(tasks)}.`);
  service.steady = false;
  return true;
}

/** Tasks of former deployments go: those that never became healthy at once, the others while enough healthy ones remain. */
function replaceOld(world: World, service: ServiceRecord, tasks: readonly TaskRecord[]): boolean {
  const primary = primaryOf(service);
  if (!primary) return false;
  const old = tasks.filter((task) => isLive(task) && task.service?.deployment !== primary.id);
  const spare = tasks.filter(isHealthy).length - percent(service).lower;
  const healthy = old.filter(isHealthy);
  const goes = [
    ...old.filter((task) => !isHealthy(task)),
    // a deployment that failed and has nothing to go back to leaves the old tasks alone
    ...(primary.rolloutState === "FAILED" ? [] : healthy.slice(0, Math.max(0, spare))),
  ];
  return stopTasks(world, service, goes, primary.id);
}

function scaleIn(world: World, service: ServiceRecord, tasks: readonly TaskRecord[]): boolean {
  const primary = primaryOf(service);
  const mine = tasks.filter((task) => isLive(task) && task.service?.deployment === primary?.id);
  const surplus = Math.max(0, mine.length - service.desiredCount);
  const order = [...mine].sort((a, b) => Number(isHealthy(a)) - Number(isHealthy(b)) || a.createdAt - b.createdAt);
  return stopTasks(world, service, order.slice(0, surplus), primary?.id ?? "");
}

function scaleOut(world: World, service: ServiceRecord): boolean {
  const primary = primaryOf(service);
  if (!primary || primary.rolloutState === "FAILED" || world.now < primary.retryAt) return false;
  const live = tasksOf(world.state, service).filter(isLive);
  const mine = live.filter((task) => task.service?.deployment === primary.id).length;
  // old tasks in excess do not keep new ones from starting when nothing is healthy enough to be replaced
  const room = Math.max(percent(service).upper - live.length, 0);
  const missing = Math.min(service.desiredCount - mine, room);
  if (missing <= 0) return false;
  const revision = revisionOf(service, primary);
  const refused = unassumable(world, revision);
  if (refused !== undefined) {
    tell(
      service,
      world.now,
      `failed to launch a task with (error ECS was unable to assume the role '${refused}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.).`,
    );
    failure(service, primary, true, world.now, world.local.lasts);
    // refusals cost nothing, so AWS does not try again at once
    primary.retryAt = Math.max(primary.retryAt, world.now + world.local.lasts(10_000));
    return true;
  }
  const made = Array.from({ length: missing }, () => newTask(world, service, primary, revision));
  for (const task of made) world.state.tasks[task.id] = task;
  tell(service, world.now, `has started ${made.length} tasks: ${listed(made)}.`);
  service.steady = false;
  return true;
}

/** The first role of the task that ECS may not take on. */
function unassumable({ local, state }: World, revision: RevisionRecord): string | undefined {
  const { definition } = definitionOf(state, revision.taskDefinition);
  return [definition.executionRoleArn, definition.taskRoleArn].find((role) => {
    if (role === undefined) return false;
    const context = { "aws:SourceArn": revision.arn.replace(/:service-revision\/.*$/, ":*") };
    return !assumable(local, nameOf(role), "ecs-tasks.amazonaws.com", context).allowed;
  });
}

function newTask(
  { state, local, region, now }: World,
  service: ServiceRecord,
  primary: DeploymentRecord,
  revision: RevisionRecord,
): TaskRecord {
  const definition = definitionOf(state, revision.taskDefinition);
  const { serviceConnect } = revision;
  const serves = revision.endpoints.flatMap((endpoint) => {
    const wanted = serviceConnect?.services?.find((each) => each.discoveryName === endpoint.discoveryName);
    const port = portNamed(definition, wanted?.portName)?.containerPort;
    return endpoint.discoveryArn && port ? [{ endpoint: endpoint.discoveryArn, port }] : [];
  });
  const managed = service.enableECSManagedTags
    ? [
        { key: "aws:ecs:serviceName", value: service.name },
        { key: "aws:ecs:clusterName", value: service.cluster },
      ]
    : [];
  const propagated =
    service.propagateTags === "SERVICE"
      ? service.tags
      : service.propagateTags === "TASK_DEFINITION"
        ? definition.tags
        : [];
  return makeTask(definition, {
    region,
    account: local.account,
    cluster: service.cluster,
    now,
    group: `service:${service.name}`,
    startedBy: primary.id,
    service: { name: service.name, deployment: primary.id },
    launchType: revision.launchType,
    capacityProvider: revision.capacityProviderStrategy?.[0]?.capacityProvider,
    enableExecuteCommand: service.enableExecuteCommand,
    tags: [...managed, ...propagated],
    network: revision.networkConfiguration?.awsvpcConfiguration,
    targets: revision.loadBalancers,
    serves,
    namespace: revision.namespace,
  });
}
