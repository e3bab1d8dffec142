import { randomUUID } from "node:crypto";
import type { Local } from "../service.ts";
import { definitionOf } from "./definitions.ts";
import { tell } from "./deploy.ts";
import type { Mesh } from "./mesh.ts";
import { addInterface, deregister, dropInterface, register } from "./neighbours.ts";
import { type RunningTask, type TaskEvents, TaskFailure, type TaskRunner, type Usage } from "./runner.ts";
import { forgetInstance } from "./service-connect.ts";
import { type EcsState, ecsKeeper, ecsState, serviceNamed } from "./state.ts";
import { askToStop, type LastStatus, type TaskRecord } from "./task-record.ts";
import { specOf } from "./task-spec.ts";

/** How long processes have to end when the local AWS itself is stopped. */
const ABANDONED_SECONDS = 2;

/** A task on its way from PROVISIONING to STOPPED. */
export interface Life {
  /** Drains it, ends it and lets go of what it had. */
  stop(): void;
  /** Ends its processes at once and leaves the record as it is: the local AWS itself is stopping. */
  abandon(): Promise<void>;
  usage(): Usage | undefined;
  readonly done: Promise<void>;
}

interface Room {
  readonly local: Local;
  readonly region: string;
  readonly runner: TaskRunner;
  readonly mesh: Mesh;
  wake(): void;
}

/** Lets go of what a task holds outside ECS: targets, instances, its network interface. */
export async function release(local: Local, region: string, task: TaskRecord): Promise<void> {
  forgetInstance(local, region, task.id);
  for (const target of task.targets) await deregister(local, region, task, target);
  dropInterface(local, region, task);
}

/** Starts a task and sees it to its end. */
export function live(room: Room, task: TaskRecord): Life {
  const { local, region, mesh } = room;
  const state = ecsState(local, region);
  const aborted = new AbortController();
  let abandoned = false;
  let ended: () => void = () => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  let leave: () => void = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  let running: RunningTask | undefined;

  const step = (status: LastStatus) => {
    if (abandoned) return;
    task.lastStatus = status;
    task.version += 1;
    local.changed(ecsKeeper, region);
    room.wake();
  };
  const events = listen(room, task, () => !abandoned, ended);

  const run = async () => {
    const member = await mesh.enter(state, task);
    try {
      task.interface = addInterface(local, region, task);
      step("PENDING");
      task.pullStartedAt = local.clock.now();
      const spec = specOf(local, region, definitionOf(state, task.definition), task, member.names);
      running = await room.runner.start(spec, events, aborted.signal);
      task.pullStoppedAt ??= local.clock.now();
      if (!abandoned) {
        begin(room, state, task, running);
        step("RUNNING");
      }
      await end;
      if (!abandoned) await Promise.race([wind(room, state, task, running, step), left]);
      if (abandoned) await running.stop(ABANDONED_SECONDS);
    } catch (error) {
      if (!abandoned) fail(room, task, error);
    } finally {
      await running?.stop();
      await member.close();
      if (!abandoned) {
        dropInterface(local, region, task);
        close(task, local.clock.now());
        step("STOPPED");
      }
    }
  };
  const done = run().catch((error) =>
    local.warn(`ecs: task ${task.id}: ${error instanceof Error ? error.stack : error}`),
  );
  return {
    done,
    usage: () => running?.usage(),
    stop() {
      aborted.abort(new Error("the task is to stop"));
      ended();
    },
    async abandon() {
      abandoned = true;
      aborted.abort(new Error("the local AWS stops"));
      ended();
      leave();
      await done;
    },
  };
}

/** What the runner tells becomes what DescribeTasks says. */
function listen({ local, region, wake }: Room, task: TaskRecord, on: () => boolean, ended: () => void): TaskEvents {
  const containerOf = (name: string) => task.containers.find((each) => each.name === name);
  const change = (edit: () => void) => {
    if (!on()) return;
    edit();
    task.version += 1;
    local.changed(ecsKeeper, region);
    wake();
  };
  const essential = (name: string): boolean => {
    const { definition } = definitionOf(ecsState(local, region), task.definition);
    return definition.containerDefinitions?.find((each) => each.name === name)?.essential !== false;
  };
  return {
    pulled: (name, digest) =>
      change(() => {
        task.pullStoppedAt = local.clock.now();
        const found = containerOf(name);
        if (found) found.imageDigest = digest || undefined;
      }),
    ready: () =>
      change(() => {
        task.ready = true;
      }),
    health: (name, health) =>
      change(() => {
        const found = containerOf(name);
        if (found) found.health = health;
      }),
    exited: (name, code, reason) =>
      change(() => {
        const found = containerOf(name);
        if (!found || found.lastStatus === "STOPPED") return;
        Object.assign(found, { lastStatus: "STOPPED", exitCode: code, reason });
        if (task.desiredStatus === "STOPPED" || !essential(name)) return;
        task.failed = true;
        askToStop(task, "EssentialContainerExited", "Essential container in task exited");
        ended();
      }),
  };
}

function begin({ local, region }: Room, state: EcsState, task: TaskRecord, running: RunningTask): void {
  task.ports = { ...running.ports };
  task.startedAt = local.clock.now();
  for (const container of task.containers) {
    if (container.lastStatus === "PENDING") container.lastStatus = "RUNNING";
    container.runtimeId = `${task.id}-${randomUUID().slice(0, 8)}`;
  }
  if (task.desiredStatus === "STOPPED") return;
  const service = serviceNamed(state, task.cluster, task.service?.name ?? "");
  for (const target of task.targets) {
    register(local, region, task, target);
    if (service) tell(service, task.startedAt, `registered 1 targets in (target-group ${target.targetGroupArn})`);
  }
}

/** Nothing more is sent to the task, what is under way may end; only then it is told to stop. */
async function wind(
  { local, region, mesh }: Room,
  state: EcsState,
  task: TaskRecord,
  running: RunningTask,
  step: (status: LastStatus) => void,
): Promise<void> {
  const service = serviceNamed(state, task.cluster, task.service?.name ?? "");
  task.stoppingAt = local.clock.now();
  if (task.targets.length > 0) step("DEACTIVATING");
  forgetInstance(local, region, task.id);
  for (const target of task.targets)
    if (service) tell(service, task.stoppingAt, `deregistered 1 targets in (target-group ${target.targetGroupArn})`);
  if (service && task.targets.length > 0) tell(service, task.stoppingAt, "has begun draining connections on 1 tasks.");
  await Promise.all([mesh.leave(task), ...task.targets.map((target) => deregister(local, region, task, target))]);
  step("STOPPING");
  await running.stop();
  task.executionStoppedAt = local.clock.now();
  step("DEPROVISIONING");
}

function fail({ local, region }: Room, task: TaskRecord, error: unknown): void {
  if (!(error instanceof TaskFailure)) {
    if (task.desiredStatus === "STOPPED") return;
    local.warn(`ecs: task ${task.id}: ${error instanceof Error ? error.stack : error}`);
  }
  const message = error instanceof Error ? error.message : String(error);
  const container = task.containers.find((each) => each.name === (error instanceof TaskFailure ? error.container : ""));
  if (container) container.reason = message;
  task.failed = task.desiredStatus === "RUNNING";
  askToStop(task, "TaskFailedToStart", message);
  local.changed(ecsKeeper, region);
}

function close(task: TaskRecord, now: number): void {
  task.desiredStatus = "STOPPED";
  task.stoppingAt ??= now;
  task.executionStoppedAt ??= now;
  task.stoppedAt = now;
  for (const container of task.containers) container.lastStatus = "STOPPED";
}
