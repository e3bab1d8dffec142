import type {
  AwsVpcConfiguration,
  LaunchType,
  LoadBalancer,
  Tag,
  TaskOverride,
  TaskStopCode,
} from "@aws-sdk/client-ecs";
import type { EcsState } from "./state.ts";

export type Health = "HEALTHY" | "UNHEALTHY" | "UNKNOWN";

export interface ContainerRecord {
  readonly name: string;
  readonly arn: string;
  readonly image?: string;
  imageDigest?: string;
  runtimeId?: string;
  lastStatus: "PENDING" | "RUNNING" | "STOPPED";
  exitCode?: number;
  reason?: string;
  health: Health;
  /** Has a health check of its own. */
  readonly checked: boolean;
  readonly cpu: string;
  readonly memory?: string;
}

/** The network interface of an awsvpc task. */
export interface InterfaceRecord {
  readonly attachment: string;
  readonly id: string;
  readonly subnet: string;
  readonly mac: string;
  readonly ip: string;
  readonly zone?: string;
}

export type LastStatus =
  | "PROVISIONING"
  | "PENDING"
  | "ACTIVATING"
  | "RUNNING"
  | "DEACTIVATING"
  | "STOPPING"
  | "DEPROVISIONING"
  | "STOPPED";

/** A port that a task serves to others under a Service Connect endpoint. */
export interface Served {
  /** ARN of the endpoint's Cloud Map service. */
  readonly endpoint: string;
  readonly port: number;
}

export interface TaskRecord {
  readonly id: string;
  readonly arn: string;
  /** Name of its cluster. */
  readonly cluster: string;
  readonly definition: string;
  /** `service:name` or `family:name`. */
  readonly group: string;
  readonly startedBy?: string;
  /** Set for a task of a service: its name and the deployment that wanted the task. */
  readonly service?: { readonly name: string; readonly deployment: string };
  readonly launchType?: LaunchType;
  readonly capacityProvider?: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly overrides: TaskOverride;
  readonly network?: AwsVpcConfiguration;
  readonly targets: readonly LoadBalancer[];
  readonly serves: readonly Served[];
  /** ARN of the namespace whose endpoints its Service Connect proxy knows. */
  readonly namespace?: string;
  readonly enableExecuteCommand: boolean;
  tags: Tag[];
  lastStatus: LastStatus;
  desiredStatus: "RUNNING" | "STOPPED";
  version: number;
  interface?: InterfaceRecord;
  containers: ContainerRecord[];
  /** Where the container ports really listen on 127.0.0.1. */
  ports: Record<string, number>;
  /** Its processes are up: they listen, or have lived for a while. */
  ready: boolean;
  /** Once healthy in every way it is checked: what a deployment counts. */
  healthyAt?: number;
  /** It ended by itself, or by its health; `counted` once its deployment knows. */
  failed: boolean;
  counted: boolean;
  readonly createdAt: number;
  pullStartedAt?: number;
  pullStoppedAt?: number;
  startedAt?: number;
  stoppingAt?: number;
  executionStoppedAt?: number;
  stoppedAt?: number;
  stopCode?: TaskStopCode;
  stoppedReason?: string;
}

/** The tasks of a service, or of one of its deployments. */
export const tasksOf = (
  state: EcsState,
  service: { name: string; cluster: string },
  deployment?: string,
): TaskRecord[] =>
  Object.values(state.tasks).filter(
    (task) =>
      task.cluster === service.cluster &&
      task.service?.name === service.name &&
      (deployment === undefined || task.service.deployment === deployment),
  );

/** The container health of a task: its worst checked container; UNKNOWN if none is checked. */
export function healthOf(task: TaskRecord): Health {
  const checked = task.containers.filter((each) => each.checked);
  if (checked.some((each) => each.health === "UNHEALTHY")) return "UNHEALTHY";
  return checked.length > 0 && checked.every((each) => each.health === "HEALTHY") ? "HEALTHY" : "UNKNOWN";
}

/** Asks for a task to be stopped; the scheduler does it. The first reason stays. */
export function askToStop(task: TaskRecord, code: TaskRecord["stopCode"], reason: string): void {
  if (task.desiredStatus === "STOPPED") return;
  task.desiredStatus = "STOPPED";
  task.stopCode = code;
  task.stoppedReason = reason;
  task.version += 1;
}
