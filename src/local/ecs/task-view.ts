import type { Task } from "@aws-sdk/client-ecs";
import { healthOf, type TaskRecord } from "./task-record.ts";

const date = (at: number | undefined) => (at === undefined ? undefined : new Date(at));

const attachmentStatus = (task: TaskRecord): string =>
  task.lastStatus === "PROVISIONING"
    ? "PRECREATED"
    : task.lastStatus === "STOPPED"
      ? "DELETED"
      : task.lastStatus === "DEPROVISIONING"
        ? "DETACHED"
        : "ATTACHED";

/** A task as DescribeTasks shows it. */
export function taskView(task: TaskRecord, clusterArn: string, withTags: boolean): Task {
  const { interface: eni } = task;
  // Fargate has none, for a task has an address of its own there; here they say where its ports really are.
  const bindings = Object.entries(task.ports).map(([containerPort, hostPort]) => ({
    bindIP: "127.0.0.1",
    containerPort: Number(containerPort),
    hostPort,
    protocol: "tcp" as const,
  }));
  const architecture = { name: "ecs.cpu-architecture", value: "x86_64" };
  return {
    taskArn: task.arn,
    clusterArn,
    taskDefinitionArn: task.definition,
    group: task.group,
    startedBy: task.startedBy,
    launchType: task.launchType,
    capacityProviderName: task.capacityProvider,
    platformVersion: "1.4.0",
    platformFamily: "Linux",
    cpu: task.cpu,
    memory: task.memory,
    ephemeralStorage: { sizeInGiB: 20 },
    attributes: [architecture],
    availabilityZone: eni?.zone,
    attachments: eni && [
      {
        id: eni.attachment,
        type: "ElasticNetworkInterface",
        status: attachmentStatus(task),
        details: [
          { name: "subnetId", value: eni.subnet },
          { name: "networkInterfaceId", value: eni.id },
          { name: "macAddress", value: eni.mac },
          { name: "privateIPv4Address", value: eni.ip },
        ],
      },
    ],
    connectivity: "CONNECTED",
    connectivityAt: date(task.pullStartedAt),
    containers: task.containers.map((each) => ({
      containerArn: each.arn,
      taskArn: task.arn,
      name: each.name,
      image: each.image,
      imageDigest: each.imageDigest,
      runtimeId: each.runtimeId,
      lastStatus: each.lastStatus,
      exitCode: each.exitCode,
      reason: each.reason,
      networkBindings: bindings,
      networkInterfaces: eni ? [{ attachmentId: eni.attachment, privateIpv4Address: eni.ip }] : [],
      healthStatus: each.health,
      cpu: each.cpu,
      memory: each.memory,
    })),
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    healthStatus: healthOf(task),
    enableExecuteCommand: task.enableExecuteCommand,
    overrides: {
      containerOverrides: task.containers.flatMap((each) => (each.image ? [{ name: each.name }] : [])),
      inferenceAcceleratorOverrides: [],
      ...task.overrides,
    },
    createdAt: new Date(task.createdAt),
    pullStartedAt: date(task.pullStartedAt),
    pullStoppedAt: date(task.pullStoppedAt),
    startedAt: date(task.startedAt),
    stoppingAt: date(task.stoppingAt),
    executionStoppedAt: date(task.executionStoppedAt),
    stoppedAt: date(task.stoppedAt),
    stopCode: task.stopCode,
    stoppedReason: task.stoppedReason,
    version: task.version,
    tags: withTags ? task.tags : [],
  };
}
