import type {
  Deployment,
  Service,
  ServiceDeployment,
  ServiceDeploymentBrief,
  ServiceRevision,
  ServiceRevisionSummary,
} from "@aws-sdk/client-ecs";
import { breakerThreshold } from "./breaker.ts";
import {
  type DeploymentRecord,
  type HistoryRecord,
  primaryOf,
  type RevisionRecord,
  revisionOf,
  type ServiceRecord,
} from "./service-record.ts";
import type { EcsState } from "./state.ts";
import { type TaskRecord, tasksOf } from "./task-record.ts";

const PENDING = ["PROVISIONING", "PENDING", "ACTIVATING"];
const date = (at: number | undefined) => (at === undefined ? undefined : new Date(at));

const countsOf = (tasks: readonly TaskRecord[]) => ({
  runningCount: tasks.filter((task) => task.lastStatus === "RUNNING").length,
  pendingCount: tasks.filter((task) => task.desiredStatus === "RUNNING" && PENDING.includes(task.lastStatus)).length,
});

const placed = (revision: RevisionRecord) => ({
  taskDefinition: revision.taskDefinition,
  launchType: revision.launchType,
  capacityProviderStrategy: revision.capacityProviderStrategy,
  platformVersion: revision.platformVersion === "LATEST" ? "1.4.0" : revision.platformVersion,
  platformFamily: "Linux",
  networkConfiguration: revision.networkConfiguration,
});

function deploymentView(state: EcsState, service: ServiceRecord, each: DeploymentRecord): Deployment {
  const revision = revisionOf(service, each);
  const primary = each === primaryOf(service);
  return {
    id: each.id,
    status: primary ? "PRIMARY" : "ACTIVE",
    ...placed(revision),
    desiredCount: primary ? service.desiredCount : 0,
    ...countsOf(tasksOf(state, service, each.id)),
    failedTasks: each.failedTasks,
    createdAt: new Date(each.createdAt),
    updatedAt: new Date(each.updatedAt),
    rolloutState: each.rolloutState,
    rolloutStateReason: each.rolloutStateReason,
    ...(revision.serviceConnect?.enabled && {
      serviceConnectConfiguration: revision.serviceConnect,
      serviceConnectResources: revision.endpoints,
    }),
    ...(revision.volumeConfigurations && { volumeConfigurations: revision.volumeConfigurations }),
  };
}

/** A service as DescribeServices shows it; Service Connect is told by its deployments alone. */
export function serviceView(state: EcsState, service: ServiceRecord, clusterArn: string, withTags: boolean): Service {
  const primary = primaryOf(service);
  const revision = primary && revisionOf(service, primary);
  return {
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn,
    status: service.status,
    desiredCount: service.desiredCount,
    ...countsOf(tasksOf(state, service)),
    loadBalancers: revision?.loadBalancers ?? [],
    serviceRegistries: revision?.serviceRegistries ?? [],
    ...(revision && { ...placed(revision), platformVersion: revision.platformVersion }),
    deploymentConfiguration: service.deploymentConfiguration,
    deployments: service.deployments.map((each) => deploymentView(state, service, each)),
    currentServiceDeployment: service.history.find((each) => each.finishedAt === undefined)?.arn,
    currentServiceRevisions: service.deployments.map((each) => ({
      arn: each.revision,
      requestedTaskCount: each === primary ? service.desiredCount : 0,
      runningTaskCount: countsOf(tasksOf(state, service, each.id)).runningCount,
      pendingTaskCount: countsOf(tasksOf(state, service, each.id)).pendingCount,
    })),
    roleArn: service.role,
    events: service.events.map(({ id, at, message }) => ({ id, createdAt: new Date(at), message })),
    createdAt: new Date(service.createdAt),
    createdBy: service.createdBy,
    placementConstraints: service.placementConstraints,
    placementStrategy: service.placementStrategy,
    healthCheckGracePeriodSeconds: service.healthCheckGracePeriodSeconds,
    schedulingStrategy: service.schedulingStrategy,
    deploymentController: service.deploymentController,
    ...(withTags && { tags: service.tags }),
    enableECSManagedTags: service.enableECSManagedTags,
    propagateTags: service.propagateTags,
    enableExecuteCommand: service.enableExecuteCommand,
    availabilityZoneRebalancing: service.availabilityZoneRebalancing,
  };
}

/** One line of ListServiceDeployments. */
export const briefView = (service: ServiceRecord, clusterArn: string, each: HistoryRecord): ServiceDeploymentBrief => ({
  serviceDeploymentArn: each.arn,
  serviceArn: service.arn,
  clusterArn,
  createdAt: new Date(each.createdAt),
  startedAt: new Date(each.createdAt),
  finishedAt: date(each.finishedAt),
  targetServiceRevisionArn: each.target,
  status: each.status,
  statusReason: each.statusReason,
});

/** A service deployment with the tasks of its revisions counted. */
export function historyView(
  state: EcsState,
  service: ServiceRecord,
  clusterArn: string,
  each: HistoryRecord,
): ServiceDeployment {
  const summary = (arn: string, requested: number): ServiceRevisionSummary => {
    const ids = service.deployments.filter((deployment) => deployment.revision === arn).map(({ id }) => id);
    const counts = countsOf(ids.flatMap((id) => tasksOf(state, service, id)));
    return {
      arn,
      requestedTaskCount: requested,
      runningTaskCount: counts.runningCount,
      pendingTaskCount: counts.pendingCount,
    };
  };
  const deployment = service.deployments.find((one) => one.id === each.deployment);
  const breaker = service.deploymentConfiguration.deploymentCircuitBreaker;
  const triggered = each.rollback !== undefined || deployment?.rolloutState === "FAILED";
  const { targetServiceRevisionArn: _, ...brief } = briefView(service, clusterArn, each);
  return {
    ...brief,
    updatedAt: new Date(each.updatedAt),
    sourceServiceRevisions: each.sources.map((arn) => summary(arn, 0)),
    targetServiceRevision: summary(each.target, service.desiredCount),
    deploymentConfiguration: service.deploymentConfiguration,
    deploymentCircuitBreaker: {
      status: !breaker?.enable
        ? "DISABLED"
        : triggered
          ? "TRIGGERED"
          : each.finishedAt
            ? "MONITORING_COMPLETE"
            : "MONITORING",
      failureCount: deployment?.failedTasks ?? 0,
      threshold: breakerThreshold(service.desiredCount),
    },
    ...(each.rollback && {
      rollback: {
        reason: each.rollback.reason,
        startedAt: new Date(each.rollback.startedAt),
        serviceRevisionArn: each.rollback.revision,
      },
    }),
  };
}

/** A service revision, with the images that its tasks run. */
export function revisionView(
  state: EcsState,
  service: ServiceRecord,
  clusterArn: string,
  revision: RevisionRecord,
): ServiceRevision {
  const deployments = service.deployments.filter((each) => each.revision === revision.arn).map(({ id }) => id);
  const task = Object.values(state.tasks).find((each) => deployments.includes(each.service?.deployment ?? ""));
  return {
    serviceRevisionArn: revision.arn,
    serviceArn: service.arn,
    clusterArn,
    ...placed(revision),
    loadBalancers: revision.loadBalancers,
    serviceRegistries: revision.serviceRegistries,
    containerImages: (task?.containers ?? [])
      .filter((each) => each.image !== undefined)
      .map((each) => ({ containerName: each.name, image: each.image, imageDigest: each.imageDigest })),
    guardDutyEnabled: false,
    ...(revision.serviceConnect && { serviceConnectConfiguration: revision.serviceConnect }),
    createdAt: new Date(revision.createdAt),
  };
}
