import type { Local } from "../service.ts";
import { usageOfTask } from "./scheduler.ts";
import type { ServiceRecord } from "./service-record.ts";
import { type EcsState, ecsState } from "./state.ts";
import { type TaskRecord, tasksOf } from "./task-record.ts";

/** Task counts of a service, as Container Insights measures them. */
export interface ServiceCounts {
  readonly cluster: string;
  readonly service: string;
  readonly counts: Readonly<
    Record<"DesiredTaskCount" | "RunningTaskCount" | "PendingTaskCount" | "DeploymentCount", number>
  >;
}

/** What Container Insights measures of the services in clusters that have it on. */
export function insights(local: Local, region: string): ServiceCounts[] {
  const state = ecsState(local, region);
  const watched = Object.values(state.clusters).filter((cluster) =>
    cluster.settings.some((each) => each.name === "containerInsights" && each.value !== "disabled"),
  );
  return watched.flatMap((cluster) =>
    Object.values(state.services)
      .filter((each) => each.cluster === cluster.name && each.status !== "INACTIVE")
      .map((each) => {
        const tasks = tasksOf(state, each);
        const pending = tasks.filter((task) => ["PROVISIONING", "PENDING", "ACTIVATING"].includes(task.lastStatus));
        return {
          cluster: cluster.name,
          service: each.name,
          counts: {
            DesiredTaskCount: each.desiredCount,
            RunningTaskCount: tasks.filter((task) => task.lastStatus === "RUNNING").length,
            PendingTaskCount: pending.length,
            DeploymentCount: each.deployments.length,
          },
        };
      }),
  );
}

/** How much of what its tasks may use a service uses, in percent. */
export interface ServiceUse {
  readonly cluster: string;
  readonly service: string;
  readonly use: Readonly<Partial<Record<"CPUUtilization" | "MemoryUtilization", number>>>;
}

interface Reading {
  readonly at: number;
  readonly cpuSeconds: number;
}
/** By `region task`. */
type Readings = Map<string, Reading>;
const lastReadings = new WeakMap<Local, Readings>();
/** Over less than this a rate says little; milliseconds. */
const SHORTEST = 500;

/** CPUUtilization and MemoryUtilization of services whose tasks are processes, measured since they were last asked for. */
export function utilization(local: Local, region: string): ServiceUse[] {
  const state = ecsState(local, region);
  const readings: Readings = lastReadings.get(local) ?? new Map();
  lastReadings.set(local, readings);
  for (const key of readings.keys()) {
    const [where, id = ""] = key.split(" ");
    if (where === region && state.tasks[id]?.lastStatus !== "RUNNING") readings.delete(key);
  }
  return Object.values(state.services).flatMap((service): ServiceUse[] => {
    const tasks = running(state, service).flatMap((task) => {
      const usage = usageOfTask(local, task.id);
      if (!usage) return [];
      const cpu = rate(readings, `${region} ${task.id}`, usage.cpuSeconds, task);
      return { memory: share(usage.memoryBytes / 2 ** 20, task.memory), cpu };
    });
    const cpu = average(tasks.flatMap((each) => each.cpu ?? []));
    const memory = average(tasks.flatMap((each) => each.memory ?? []));
    if (cpu === undefined && memory === undefined) return [];
    const use = {
      ...(cpu !== undefined && { CPUUtilization: cpu }),
      ...(memory !== undefined && { MemoryUtilization: memory }),
    };
    return [{ cluster: service.cluster, service: service.name, use }];
  });
}

const running = (state: EcsState, service: ServiceRecord): TaskRecord[] =>
  tasksOf(state, service).filter((task) => task.lastStatus === "RUNNING");
const share = (part: number, whole: string | undefined): number | undefined =>
  whole === undefined ? undefined : (part / Number(whole)) * 100;
const average = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, each) => sum + each, 0) / values.length;

/** Processor time since the last reading as a share of the task's CPU units, 1024 of which are one processor. */
function rate(readings: Readings, key: string, cpuSeconds: number, task: TaskRecord): number | undefined {
  const at = performance.now();
  const before = readings.get(key);
  if (before && at - before.at < SHORTEST) return undefined;
  readings.set(key, { at, cpuSeconds });
  if (!before) return undefined;
  return share(((cpuSeconds - before.cpuSeconds) / ((at - before.at) / 1000)) * 1024, task.cpu);
}
