import { randomBytes, randomUUID } from "node:crypto";
import type { AwsVpcConfiguration, LaunchType, LoadBalancer, Tag, TaskOverride } from "@aws-sdk/client-ecs";
import { arnOf, type DefinitionRecord, mergeTags } from "./state.ts";
import type { ContainerRecord, Served, TaskRecord } from "./task-record.ts";

/** What a new task is to be, beside its definition. */
export interface TaskWish {
  readonly region: string;
  readonly account: string;
  readonly cluster: string;
  readonly now: number;
  readonly group: string;
  readonly startedBy?: string;
  readonly service?: TaskRecord["service"];
  readonly launchType?: LaunchType;
  readonly capacityProvider?: string;
  readonly overrides?: TaskOverride;
  readonly enableExecuteCommand?: boolean;
  readonly tags?: readonly Tag[];
  readonly network?: AwsVpcConfiguration;
  readonly targets?: readonly LoadBalancer[];
  readonly serves?: readonly Served[];
  /** Given, Service Connect puts its proxy beside the containers. */
  readonly namespace?: string;
}

/** A task that is still to be started: PROVISIONING. */
export function makeTask({ definition }: DefinitionRecord, wish: TaskWish): TaskRecord {
  const id = randomBytes(16).toString("hex");
  const arn = arnOf(wish, `task/${wish.cluster}/${id}`);
  const container = (name: string, more: Partial<ContainerRecord>): ContainerRecord => ({
    name,
    arn: arnOf(wish, `container/${wish.cluster}/${id}/${randomUUID()}`),
    lastStatus: "PENDING",
    health: "UNKNOWN",
    checked: false,
    cpu: "0",
    ...more,
  });
  const containers = (definition.containerDefinitions ?? []).map((each) =>
    container(each.name ?? "", {
      image: each.image,
      checked: (each.healthCheck?.command?.length ?? 0) > 0,
      cpu: String(each.cpu ?? 0),
      memory: each.memory === undefined ? undefined : String(each.memory),
    }),
  );
  if (wish.namespace) containers.push(container(`ecs-service-connect-${randomBytes(3).toString("hex")}`, {}));
  return {
    id,
    arn,
    cluster: wish.cluster,
    definition: definition.taskDefinitionArn,
    group: wish.group,
    startedBy: wish.startedBy,
    service: wish.service,
    launchType: wish.launchType,
    capacityProvider: wish.capacityProvider,
    cpu: wish.overrides?.cpu ?? definition.cpu,
    memory: wish.overrides?.memory ?? definition.memory,
    overrides: wish.overrides ?? {},
    network: wish.network,
    targets: wish.targets ?? [],
    serves: wish.serves ?? [],
    namespace: wish.namespace,
    enableExecuteCommand: wish.enableExecuteCommand ?? false,
    tags: mergeTags([], wish.tags ?? []),
    lastStatus: "PROVISIONING",
    desiredStatus: "RUNNING",
    version: 1,
    containers,
    ports: {},
    ready: false,
    failed: false,
    counted: false,
    createdAt: wish.now,
  };
}
