import type { Deployment, Service, Task } from "@aws-sdk/client-ecs";
import { Problem } from "../../engine/problem.ts";
import type { State } from "../../engine/resource.ts";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";

/** The deployment that a service is to get to. */
export const primaryOf = ({ deployments }: Service): Deployment | undefined =>
  deployments?.find(({ status }) => status === "PRIMARY");

/** How a service stands: draining, rolling out, failed, or at rest. */
export function stateOf(service: Service): State | undefined {
  if (service.status === "DRAINING") return { is: "going", why: "its tasks are draining" };
  const primary = primaryOf(service);
  if (primary?.rolloutState === "FAILED")
    return { is: "failed", why: primary.rolloutStateReason ?? "its deployment failed" };
  if (primary?.rolloutState === "IN_PROGRESS") return { is: "busy", why: progressOf(primary) };
  return undefined;
}

/** Where a deployment is: "1 of 2 tasks running, 1 starting". */
export function progressOf({
  runningCount = 0,
  desiredCount = 0,
  pendingCount = 0,
  failedTasks = 0,
}: Deployment): string {
  const starting = pendingCount > 0 ? `, ${pendingCount} starting` : "";
  const failed = failedTasks > 0 ? `, ${failedTasks} failed` : "";
  return `its deployment: ${runningCount} of ${desiredCount} tasks running${starting}${failed}`;
}

/** Where a service is, and the deployment to be followed there. */
export interface Followed {
  readonly cluster: string;
  readonly service: string;
  readonly deployment: string;
}

/**
 * Follows a deployment to its end.
 * @throws Problem when it failed or was rolled back, which ECS itself counts as a steady state.
 */
export async function follow(aws: Aws, { cluster, service, deployment }: Followed): Promise<void> {
  let seen: Deployment | undefined;
  for (let pause = 250, began = Date.now(); ; pause = Math.min(pause * 1.5, 10_000)) {
    const { services = [] } = await aws.ecs.describeServices({ cluster, services: [service] });
    const it = services[0];
    const ours = it?.deployments?.find(({ id }) => id === deployment);
    seen = ours ?? seen;
    if (ours?.rolloutState === "FAILED") {
      throw await explained(aws, cluster, service, deployment, ours.rolloutStateReason ?? "ECS gave it up");
    }
    if (ours?.status === "PRIMARY" && ours.rolloutState === "COMPLETED" && it?.deployments?.length === 1) return;
    const primary = it && primaryOf(it);
    if (seen && primary && primary.id !== deployment) {
      // Somebody else's newer revision took the place of ours, which is no failure of ours; an older one is a rollback.
      if (revisionIn(primary) > revisionIn(seen)) return;
      if (!ours) throw await explained(aws, cluster, service, deployment, "ECS rolled it back to the revision before");
    }
    // A read may be from before the deployment began.
    if (!seen && Date.now() - began > SHOWN_WITHIN) {
      throw await explained(aws, cluster, service, deployment, "ECS does not show it");
    }
    aws.waiting(`ecs:service/${service}`, ours ? progressOf(ours) : "its deployment to show");
    await aws.pause(pause);
  }
}

const SHOWN_WITHIN = 60_000;

/** The number of the revision that a deployment is of: `…:task-definition/family:7`. */
const revisionIn = ({ taskDefinition = "" }: Deployment): number => Number(taskDefinition.split(":").at(-1)) || 0;

/** What a person needs to know of a failed deployment: the stopped task, its exit code, its last words. */
export async function explained(
  aws: Aws,
  cluster: string,
  service: string,
  deployment: string,
  reason: string,
): Promise<Problem> {
  const task = await lastStopped(aws, cluster, service, deployment);
  const container = task?.containers?.find(({ exitCode, reason: why }) => exitCode !== undefined || why);
  const words = task ? await lastWords(aws, task) : [];
  const why = [
    reason,
    task?.stoppedReason && `a task stopped: ${task.stoppedReason}`,
    container?.reason && `container ${container.name}: ${container.reason}`,
    container?.exitCode !== undefined && `container ${container.name} ended with exit code ${container.exitCode}`,
    ...words.map((line) => `  ${line}`),
  ].filter(Boolean);
  return new Problem(
    "deployment-failed",
    `ecs:service/${service}: its deployment failed`,
    why.join("\n"),
    causeOf(why.join("\n")),
  );
}

/** One likely cause, and what to do about it. */
function causeOf(text: string): string {
  const causes: readonly (readonly [RegExp, string])[] = [
    [/CannotPullContainer.*not found|manifest unknown/is, "the image is not in its repository: run `ecomctl step 4`"],
    [/exec format error/i, "the image is for another processor: build it for linux/amd64"],
    [
      /unable to pull secrets or registry auth|i\/o timeout/i,
      "the task cannot reach ECR: give it a public subnet, a NAT gateway, or VPC endpoints",
    ],
    [/log group does not exist/i, "its log group is missing: run `ecomctl step 5`"],
    [/unable to assume the role/i, "its role is missing or does not trust ECS: run `ecomctl step 6`"],
    [/not authorized to perform|AccessDenied/i, "its role does not allow what it does: run `ecomctl step 6`"],
    [/health check/i, "it runs, and does not answer its health check: see its log"],
    [/exit code 137|OutOfMemory/i, "it ran out of memory: give it more in ecomctl.json"],
  ];
  return (
    causes.find(([sign]) => sign.test(text))?.[1] ??
    "mend the cause, and run the command again; the version before goes on serving"
  );
}

async function lastStopped(
  aws: Aws,
  cluster: string,
  serviceName: string,
  deployment: string,
): Promise<Task | undefined> {
  const { taskArns: tasks = [] } = await aws.ecs.listTasks({ cluster, serviceName, desiredStatus: "STOPPED" });
  if (tasks.length === 0) return undefined;
  const described = await aws.ecs.describeTasks({ cluster, tasks: tasks.slice(0, 100) });
  const mine = (described.tasks ?? []).filter(({ startedBy }) => startedBy === deployment);
  const time = ({ stoppedAt, createdAt }: Task) => (stoppedAt ?? createdAt)?.getTime() ?? 0;
  return (mine.length > 0 ? mine : (described.tasks ?? [])).sort((a, b) => time(b) - time(a))[0];
}

/** The last lines of a task's log, as awslogs names the stream: `ecs/container/task`. */
async function lastWords(aws: Aws, task: Task): Promise<string[]> {
  const found = await unlessAbsent(
    aws.ecs.describeTaskDefinition({ taskDefinition: task.taskDefinitionArn }),
    "ClientException",
  );
  const container = found?.taskDefinition?.containerDefinitions?.[0];
  const options = container?.logConfiguration?.options;
  if (!options?.["awslogs-group"]) return [];
  const logStreamName = `${options["awslogs-stream-prefix"]}/${container?.name}/${task.taskArn?.split("/").at(-1)}`;
  const input = { logGroupName: options["awslogs-group"], logStreamName, limit: 5, startFromHead: false };
  const log = await unlessAbsent(aws.logs.getLogEvents(input), "ResourceNotFound", "AccessDenied");
  return log?.events?.flatMap(({ message }) => (message ? [message.trimEnd()] : [])) ?? [];
}
