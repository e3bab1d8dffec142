import type { IncomingMessage, ServerResponse } from "node:http";
import { assumable } from "../iam/authorize.ts";
import type { Local } from "../service.ts";
import { clusterNamed, type EcsState, ecsKeeper, ecsState, nameOf } from "./state.ts";
import type { TaskRecord } from "./task-record.ts";
import { taskView } from "./task-view.ts";

/** How long a task's credentials are good, in milliseconds; the SDK asks again before that. */
const GOOD_FOR = 6 * 3_600_000;

/** `/ecs/credentials/ID` and `/ecs/metadata/ID[/task]`: what a task asks its own agent. */
export const PREFIX = "/ecs/";

function taskOf(local: Local, id: string): { state: EcsState; task: TaskRecord } | undefined {
  for (const region of local.regions(ecsKeeper)) {
    const state = ecsState(local, region);
    const task = state.tasks[id];
    if (task && task.lastStatus !== "STOPPED") return { state, task };
  }
  return undefined;
}

interface Reply {
  readonly status: number;
  readonly body: object;
}
const none = (code: string, message: string, status = 404): Reply => ({ status, body: { code, message } });

/** Answers the agent's paths; only who knows a task's id, which is in its environment alone, gets its credentials. */
export function answerTask(request: IncomingMessage, response: ServerResponse, local: Local): void {
  const { status, body } = reply(request.url ?? "", local);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function reply(url: string, local: Local): Reply {
  const [, , what, id = "", more] = url.split("?")[0]?.split("/") ?? [];
  const found = taskOf(local, id);
  if (!found) return none("TaskNotFound", "There is no such task.");
  const { state, task } = found;
  if (what === "credentials") return credentials(local, state, task);
  return what === "metadata" ? metadata(state, task, more === "task") : none("NotFound", "There is no such path.");
}

function metadata(state: EcsState, task: TaskRecord, ofTask: boolean): Reply {
  const view = taskView(task, clusterNamed(state, task.cluster)?.arn ?? "", false);
  const [family, revision] = nameOf(task.definition).split(":");
  const containers = (view.containers ?? []).map((each) => ({
    DockerId: each.runtimeId,
    Name: each.name,
    Image: each.image,
    ImageID: each.imageDigest,
    ContainerARN: each.containerArn,
    KnownStatus: each.lastStatus,
    Type: "NORMAL",
  }));
  const whole = {
    Cluster: view.clusterArn,
    TaskARN: view.taskArn,
    Family: family,
    Revision: revision,
    ServiceName: task.service?.name,
    DesiredStatus: view.desiredStatus,
    KnownStatus: view.lastStatus,
    LaunchType: view.launchType,
    AvailabilityZone: view.availabilityZone,
    Containers: containers,
  };
  return { status: 200, body: ofTask ? whole : (containers[0] ?? {}) };
}

function credentials(local: Local, state: EcsState, task: TaskRecord): Reply {
  const [family = "", revision] = nameOf(task.definition).split(":");
  const definition = state.families[family]?.revisions.find((each) => each.definition.revision === Number(revision));
  const arn = task.overrides.taskRoleArn ?? definition?.definition.taskRoleArn;
  if (!arn) return none("NoRole", "The task has no role.");
  const context = { "aws:SourceArn": task.arn.replace(/:task\/.*$/, ":*") };
  const verdict = assumable(local, nameOf(arn), "ecs-tasks.amazonaws.com", context);
  if (!verdict.allowed) return none("AccessDenied", verdict.why, 400);
  const made = local.credentialsFor(nameOf(arn), task.id);
  const body = {
    RoleArn: arn,
    AccessKeyId: made.accessKeyId,
    SecretAccessKey: made.secretAccessKey,
    Token: made.sessionToken,
    Expiration: new Date(local.clock.now() + GOOD_FOR).toISOString(),
  };
  return { status: 200, body };
}
