import { putInstance } from "../cloudmap/change.ts";
import { cloudMapKeeper } from "../cloudmap/state.ts";
import { tell } from "./deploy.ts";
import type { Mesh } from "./mesh.ts";
import { targetState } from "./neighbours.ts";
import { forgetInstance } from "./service-connect.ts";
import { serviceNamed } from "./state.ts";
import { askToStop, healthOf, type TaskRecord } from "./task-record.ts";
import type { World } from "./world.ts";

/** Where waits are short, a task that has never been healthy still gets this long to come up, in milliseconds. */
const COMING_UP = 15_000;

/** Looks at every running task: who is healthy serves, who is not is stopped. Tells whether anything changed. */
export function watchHealth(world: World, mesh: Mesh): boolean {
  const { local, region } = world;
  let changed = false;
  for (const task of Object.values(world.state.tasks)) {
    if (task.lastStatus !== "RUNNING" || task.desiredStatus !== "RUNNING") continue;
    const containers = healthOf(task);
    const checked = task.containers.some((each) => each.checked);
    const up = task.ready && (!checked || containers === "HEALTHY");
    if (up) serve(world, mesh, task);
    const states = task.targets.map((target) => targetState(local, region, task, target));
    const sick = task.targets[states.indexOf("unhealthy")];
    if (up && task.healthyAt === undefined && states.every((state) => state === "healthy")) {
      task.healthyAt = world.now;
      changed = true;
    }
    if (!task.service) continue;
    if (containers === "UNHEALTHY") {
      withdraw(world, mesh, task);
      condemn(world, task, "failed container health checks.", "Task failed container health checks");
      changed = true;
    } else if (sick && patienceIsOver(world, task)) {
      const group = `(target-group ${sick.targetGroupArn})`;
      const why = `(port ${sick.containerPort}) is unhealthy in ${group} due to (reason Health checks failed).`;
      condemn(world, task, why, `Task failed ELB health checks in ${group}`);
      changed = true;
    }
  }
  return changed;
}

function patienceIsOver({ local, state, now }: World, task: TaskRecord): boolean {
  const service = serviceNamed(state, task.cluster, task.service?.name ?? "");
  const grace = local.lasts((service?.healthCheckGracePeriodSeconds ?? 0) * 1000);
  const short = local.lasts(1000) < 1000;
  const needed = short && task.healthyAt === undefined ? Math.max(grace, COMING_UP) : grace;
  return now >= (task.startedAt ?? now) + needed;
}

function condemn({ state, now }: World, task: TaskRecord, event: string, reason: string): void {
  const service = serviceNamed(state, task.cluster, task.service?.name ?? "");
  if (service) tell(service, now, `(task ${task.id}) ${event}`);
  task.failed = true;
  askToStop(task, "ServiceSchedulerInitiated", reason);
}

function serve({ local, region }: World, mesh: Mesh, task: TaskRecord): void {
  mesh.join(task);
  if (task.serves.length === 0) return;
  const map = local.state(cloudMapKeeper, region);
  for (const { endpoint, port } of task.serves) {
    const service = Object.values(map.services).find((each) => each.arn === endpoint);
    if (!service || service.instances[task.id]) continue;
    putInstance(service, task.id, {
      AVAILABILITY_ZONE: task.interface?.zone ?? `${region}a`,
      AWS_INSTANCE_IPV4: task.interface?.ip ?? "127.0.0.1",
      AWS_INSTANCE_PORT: String(port),
      ECS_CLUSTER_NAME: task.cluster,
      ECS_SERVICE_NAME: task.service?.name ?? "",
      REGION: region,
    });
    local.changed(cloudMapKeeper, region);
  }
}

function withdraw({ local, region }: World, mesh: Mesh, task: TaskRecord): void {
  void mesh.leave(task);
  forgetInstance(local, region, task.id);
}
