import type {
  CapacityProviderStrategyItem,
  ClusterConfiguration,
  ClusterSetting,
  Tag,
  TaskDefinition,
} from "@aws-sdk/client-ecs";
import { type Keeper, type Local, Refusal } from "../service.ts";
import type { ServiceRecord } from "./service-record.ts";
import type { TaskRecord } from "./task-record.ts";

export interface ClusterRecord {
  readonly name: string;
  readonly arn: string;
  inactiveAt?: number;
  settings: ClusterSetting[];
  configuration?: ClusterConfiguration;
  capacityProviders: string[];
  defaultStrategy: CapacityProviderStrategyItem[];
  /** ARN of the namespace that Service Connect takes if a service names none. */
  namespace?: string;
  tags: Tag[];
}

/** One revision as AWS echoes it; dates are kept beside it. */
export interface DefinitionRecord {
  readonly definition: Omit<TaskDefinition, "registeredAt" | "deregisteredAt" | "deleteRequestedAt" | "status"> & {
    readonly taskDefinitionArn: string;
    readonly family: string;
    readonly revision: number;
  };
  status: "ACTIVE" | "INACTIVE" | "DELETE_IN_PROGRESS";
  readonly registeredAt: number;
  deregisteredAt?: number;
  deleteRequestedAt?: number;
  tags: Tag[];
}

export interface EcsState {
  clusters: Record<string, ClusterRecord>;
  /** `last` is the highest revision ever given: a revision is never used again. */
  families: Record<string, { last: number; revisions: DefinitionRecord[] }>;
  /** By `cluster/service`. */
  services: Record<string, ServiceRecord>;
  /** By task id. */
  tasks: Record<string, TaskRecord>;
  settings: Record<string, string>;
}

/** Where ECS's state is kept; scaling and metrics read it too. */
export const ecsKeeper: Keeper<EcsState> = {
  id: "ecs",
  initial: () => ({ clusters: {}, families: {}, services: {}, tasks: {}, settings: {} }),
};

/** ECS's state of one region. */
export const ecsState = (local: Local, region: string): EcsState => local.state(ecsKeeper, region);

/** How long what is gone stays visible: stopped tasks, INACTIVE clusters and services. AWS says "at least an hour" of tasks. */
export const VISIBLE_MS = 3_600_000;

/** A service that fails again and again is not to fill the disk with its stopped tasks. */
const STOPPED_KEPT = 200;

/** `arn:aws:ecs:region:account:` and what follows. */
export const arnOf = (where: { region: string; account: string }, resource: string): string =>
  `arn:aws:ecs:${where.region}:${where.account}:${resource}`;

/** The last part of an ARN, or the name itself. */
export const nameOf = (reference: string): string => reference.slice(reference.lastIndexOf("/") + 1);

/** The cluster meant by a name or an ARN, whatever its status. */
export const clusterNamed = (state: EcsState, reference = "default"): ClusterRecord | undefined =>
  state.clusters[nameOf(reference)];

/** An ACTIVE cluster; throws ClusterNotFoundException. */
export function clusterOf(state: EcsState, reference?: string): ClusterRecord {
  const found = clusterNamed(state, reference);
  if (!found || found.inactiveAt !== undefined) throw new Refusal("ClusterNotFoundException", "Cluster not found.");
  return found;
}

/** A service of a cluster, whatever its status; long ARNs and names are taken. */
export const serviceNamed = (state: EcsState, cluster: string, reference: string): ServiceRecord | undefined =>
  state.services[`${cluster}/${nameOf(reference)}`];

/** Tags with some put over them. */
export function mergeTags(have: readonly Tag[], more: readonly Tag[]): Tag[] {
  const keys = new Set(more.map((tag) => tag.key));
  return [...have.filter((tag) => !keys.has(tag.key)), ...more];
}

/** Forgets what has been gone for long enough. */
export function sweep(state: EcsState, now: number): void {
  const old = (at: number | undefined) => at !== undefined && at + VISIBLE_MS <= now;
  const stopped = Object.values(state.tasks)
    .filter((task) => task.stoppedAt !== undefined)
    .sort((a, b) => (b.stoppedAt ?? 0) - (a.stoppedAt ?? 0));
  for (const task of stopped.filter((each, i) => i >= STOPPED_KEPT || old(each.stoppedAt))) delete state.tasks[task.id];
  for (const [key, service] of Object.entries(state.services)) if (old(service.inactiveAt)) delete state.services[key];
  for (const [name, cluster] of Object.entries(state.clusters))
    if (old(cluster.inactiveAt)) delete state.clusters[name];
}
