import type {
  AvailabilityZoneRebalancing,
  CapacityProviderStrategyItem,
  DeploymentConfiguration,
  DeploymentController,
  LaunchType,
  LoadBalancer,
  NetworkConfiguration,
  PlacementConstraint,
  PlacementStrategy,
  PropagateTags,
  SchedulingStrategy,
  ServiceConnectConfiguration,
  ServiceConnectServiceResource,
  ServiceDeploymentStatus,
  ServiceRegistry,
  ServiceVolumeConfiguration,
  Tag,
} from "@aws-sdk/client-ecs";

/** What a deployment runs: the members of a service whose change starts a new one. */
export interface Revision {
  readonly taskDefinition: string;
  readonly launchType?: LaunchType;
  readonly capacityProviderStrategy?: CapacityProviderStrategyItem[];
  readonly platformVersion: string;
  readonly networkConfiguration?: NetworkConfiguration;
  readonly loadBalancers: LoadBalancer[];
  readonly serviceRegistries: ServiceRegistry[];
  readonly serviceConnect?: ServiceConnectConfiguration;
  readonly volumeConfigurations?: ServiceVolumeConfiguration[];
}

/** A revision with its name: `…:service-revision/cluster/service/number`. */
export interface RevisionRecord extends Revision {
  readonly arn: string;
  readonly createdAt: number;
  /** The endpoints that Service Connect serves for it. */
  readonly endpoints: ServiceConnectServiceResource[];
  /** ARN of its namespace. */
  readonly namespace?: string;
}

/** One deployment of a service as DescribeServices shows it; counts are counted from the tasks. */
export interface DeploymentRecord {
  /** `ecs-svc/` and nineteen digits. */
  readonly id: string;
  /** ARN of the revision it runs. */
  readonly revision: string;
  readonly createdAt: number;
  updatedAt: number;
  rolloutState: "IN_PROGRESS" | "COMPLETED" | "FAILED";
  rolloutStateReason: string;
  failedTasks: number;
  /** Failures since the last task that became healthy: the scheduler backs off by them. */
  failuresInARow: number;
  retryAt: number;
}

/** A service deployment (ListServiceDeployments): the history that stays after the deployment is over. */
export interface HistoryRecord {
  readonly arn: string;
  readonly deployment: string;
  readonly target: string;
  readonly sources: string[];
  readonly createdAt: number;
  updatedAt: number;
  finishedAt?: number;
  status: ServiceDeploymentStatus;
  statusReason?: string;
  rollback?: { reason: string; startedAt: number; revision: string };
}

export interface ServiceRecord {
  readonly name: string;
  readonly arn: string;
  /** Name of its cluster. */
  readonly cluster: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly clientToken?: string;
  readonly schedulingStrategy: SchedulingStrategy;
  readonly deploymentController: DeploymentController;
  readonly role?: string;
  /** ACTIVE until DeleteService, DRAINING until its tasks have stopped, then INACTIVE. */
  status: "ACTIVE" | "DRAINING" | "INACTIVE";
  inactiveAt?: number;
  desiredCount: number;
  deploymentConfiguration: DeploymentConfiguration;
  healthCheckGracePeriodSeconds?: number;
  availabilityZoneRebalancing: AvailabilityZoneRebalancing;
  placementConstraints: PlacementConstraint[];
  placementStrategy: PlacementStrategy[];
  enableECSManagedTags: boolean;
  enableExecuteCommand: boolean;
  propagateTags: PropagateTags;
  tags: Tag[];
  /** Newest first: the first is PRIMARY, the others are ACTIVE and going. */
  deployments: DeploymentRecord[];
  /** The deployment to roll back to. */
  lastCompleted?: DeploymentRecord;
  revisions: RevisionRecord[];
  history: HistoryRecord[];
  /** Newest first, a hundred at most, as AWS keeps them. */
  events: { id: string; at: number; message: string }[];
  /** The steady state has been told since the last change. */
  steady: boolean;
}

/** The revision of a deployment; there is always one. */
export function revisionOf(service: ServiceRecord, deployment: DeploymentRecord): RevisionRecord {
  const found = service.revisions.find((each) => each.arn === deployment.revision);
  if (!found) throw new Error(`service ${service.name} has lost its revision ${deployment.revision}`);
  return found;
}

/** The deployment that is wanted; undefined once a service is being deleted. */
export const primaryOf = (service: ServiceRecord): DeploymentRecord | undefined => service.deployments[0];
