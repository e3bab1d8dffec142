import { isDeepStrictEqual } from "node:util";
import type { CreateServiceRequest, ECS, UpdateServiceRequest } from "@aws-sdk/client-ecs";
import { ensureServiceLinkedRole } from "../iam/linked.ts";
import { page } from "../page.ts";
import { type Call, type Handlers, Refusal } from "../service.ts";
import { namespaceArn } from "./clusters.ts";
import { activeDefinition, definitionOf } from "./definitions.ts";
import { startDeployment, tell } from "./deploy.ts";
import { wake } from "./scheduler.ts";
import { checkRevision } from "./service-check.ts";
import { checkProtocols, connectForm, dropEndpoints, endpointsFor } from "./service-connect.ts";
import { primaryOf, type Revision, revisionOf, type ServiceRecord } from "./service-record.ts";
import { serviceView } from "./service-view.ts";
import {
  arnOf,
  type ClusterRecord,
  clusterNamed,
  clusterOf,
  type EcsState,
  nameOf,
  serviceNamed,
  sweep,
} from "./state.ts";

const wrong = (message: string) => new Refusal("InvalidParameterException", message);

/** A service that is there; throws ServiceNotFoundException, and ServiceNotActiveException for one that is going. */
function activeService(state: EcsState, cluster: ClusterRecord, name: string): ServiceRecord {
  const found = serviceNamed(state, cluster.name, name);
  if (!found) throw new Refusal("ServiceNotFoundException", "Service not found.");
  if (found.status !== "ACTIVE") throw new Refusal("ServiceNotActiveException", "Service was not ACTIVE.");
  return found;
}

/** The cluster of a service that CreateService names; "default" is made by nobody. */
function makeService(input: CreateServiceRequest, call: Call<EcsState>, cluster: ClusterRecord): ServiceRecord {
  const name = input.serviceName ?? "";
  if (!/^[a-zA-Z0-9_-]{1,255}$/.test(name)) throw wrong("Identifier is invalid. It must match [a-zA-Z0-9_-]{1,255}.");
  if (input.deploymentController && input.deploymentController.type !== "ECS")
    throw new Refusal("UnsupportedFeatureException", "Only the ECS deployment controller is available here.");
  if (input.schedulingStrategy === "DAEMON")
    throw wrong("The DAEMON scheduling strategy is not supported by the FARGATE launch type.");
  return {
    name,
    arn: arnOf(call, `service/${cluster.name}/${name}`),
    cluster: cluster.name,
    createdAt: call.local.clock.now(),
    createdBy: call.caller.arn,
    clientToken: input.clientToken,
    schedulingStrategy: "REPLICA",
    deploymentController: { type: "ECS" },
    role: input.role,
    status: "ACTIVE",
    desiredCount: input.desiredCount ?? 0,
    deploymentConfiguration: rollout(input.deploymentConfiguration),
    healthCheckGracePeriodSeconds: input.healthCheckGracePeriodSeconds ?? (input.loadBalancers?.length ? 0 : undefined),
    availabilityZoneRebalancing: input.availabilityZoneRebalancing ?? "ENABLED",
    placementConstraints: input.placementConstraints ?? [],
    placementStrategy: input.placementStrategy ?? [],
    enableECSManagedTags: input.enableECSManagedTags ?? false,
    enableExecuteCommand: input.enableExecuteCommand ?? false,
    propagateTags: input.propagateTags ?? "NONE",
    tags: input.tags ?? [],
    deployments: [],
    revisions: [],
    history: [],
    events: [],
    steady: false,
  };
}

const rollout = (want: CreateServiceRequest["deploymentConfiguration"]): ServiceRecord["deploymentConfiguration"] => ({
  maximumPercent: 200,
  minimumHealthyPercent: 100,
  deploymentCircuitBreaker: { enable: false, rollback: false },
  strategy: "ROLLING",
  bakeTimeInMinutes: 0,
  ...want,
});

/** What a service runs next: the members given, and the rest as it was. */
function nextRevision(
  call: Call<EcsState>,
  cluster: ClusterRecord,
  input: CreateServiceRequest | UpdateServiceRequest,
  before?: Revision,
): Revision {
  const reference = input.taskDefinition ?? before?.taskDefinition;
  if (!reference) throw wrong("TaskDefinition cannot be empty.");
  const definition = input.taskDefinition
    ? activeDefinition(call.state, reference)
    : definitionOf(call.state, reference);
  const launchType = "launchType" in input && input.launchType ? input.launchType : before?.launchType;
  const strategy = input.capacityProviderStrategy ?? before?.capacityProviderStrategy;
  const fallback = cluster.defaultStrategy.length > 0 ? undefined : ("EC2" as const);
  const vpc = input.networkConfiguration?.awsvpcConfiguration;
  const revision: Revision = {
    taskDefinition: definition.definition.taskDefinitionArn,
    launchType: launchType ?? (strategy ? undefined : fallback),
    capacityProviderStrategy: strategy ?? (launchType || fallback ? undefined : cluster.defaultStrategy),
    platformVersion: input.platformVersion ?? before?.platformVersion ?? "LATEST",
    networkConfiguration: vpc
      ? { awsvpcConfiguration: { securityGroups: [], assignPublicIp: "DISABLED", ...vpc } }
      : before?.networkConfiguration,
    loadBalancers: input.loadBalancers ?? before?.loadBalancers ?? [],
    serviceRegistries: input.serviceRegistries ?? before?.serviceRegistries ?? [],
    serviceConnect: input.serviceConnectConfiguration
      ? connectForm(call, cluster, definition, input.serviceConnectConfiguration)
      : before?.serviceConnect,
    volumeConfigurations: input.volumeConfigurations ?? before?.volumeConfigurations,
  };
  checkRevision(call, definition, revision);
  return revision;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function update(input: UpdateServiceRequest, call: Call<EcsState>, service: ServiceRecord, cluster: ClusterRecord) {
  const primary = primaryOf(service);
  if (!primary) throw new Error(`service ${service.name} is ACTIVE without a deployment`);
  const now = call.local.clock.now();
  const {
    arn: _arn,
    createdAt: _at,
    endpoints: _endpoints,
    namespace: _namespace,
    ...before
  } = revisionOf(service, primary);
  const next = nextRevision(call, cluster, input, before);
  checkProtocols(
    { definition: definitionOf(call.state, before.taskDefinition), connect: before.serviceConnect },
    { definition: definitionOf(call.state, next.taskDefinition), connect: next.serviceConnect },
  );
  if (input.desiredCount !== undefined && input.desiredCount !== service.desiredCount) {
    service.desiredCount = input.desiredCount;
    service.steady = false;
  }
  if (input.deploymentConfiguration)
    service.deploymentConfiguration = { ...service.deploymentConfiguration, ...input.deploymentConfiguration };
  if (input.healthCheckGracePeriodSeconds !== undefined)
    service.healthCheckGracePeriodSeconds = input.healthCheckGracePeriodSeconds;
  if (input.availabilityZoneRebalancing) service.availabilityZoneRebalancing = input.availabilityZoneRebalancing;
  if (input.placementConstraints) service.placementConstraints = input.placementConstraints;
  if (input.placementStrategy) service.placementStrategy = input.placementStrategy;
  if (input.enableECSManagedTags !== undefined) service.enableECSManagedTags = input.enableECSManagedTags;
  if (input.enableExecuteCommand !== undefined) service.enableExecuteCommand = input.enableExecuteCommand;
  if (input.propagateTags) service.propagateTags = input.propagateTags;
  if (!input.forceNewDeployment && isDeepStrictEqual(plain(next), plain(before))) return;
  startDeployment(service, next, endpointsFor(call, service.arn, next.serviceConnect), now);
}

/** Services, but for the tasks they run: the scheduler sees to those. */
export const services: Handlers<ECS, EcsState> = {
  CreateService: (input, call) => {
    const { state, local } = call;
    const now = local.clock.now();
    const cluster = clusterOf(state, input.cluster);
    const there = serviceNamed(state, cluster.name, input.serviceName ?? "");
    if (there?.status === "DRAINING") throw wrong("Unable to Start a service that is still Draining.");
    if (there?.status === "ACTIVE") {
      if (input.clientToken !== undefined && input.clientToken === there.clientToken)
        return { service: serviceView(state, there, cluster.arn, true) };
      throw wrong("Creation of service was not idempotent.");
    }
    const service = makeService(input, call, cluster);
    const revision = nextRevision(call, cluster, input);
    // a service of this name that is just gone leaves its endpoints behind for a while
    dropEndpoints(local, call.region, service.arn, new Set());
    const mesh = endpointsFor(call, service.arn, revision.serviceConnect);
    ensureServiceLinkedRole(local, "ecs.amazonaws.com");
    startDeployment(service, revision, mesh, now);
    state.services[`${cluster.name}/${service.name}`] = service;
    wake(local);
    return { service: serviceView(state, service, cluster.arn, true) };
  },
  UpdateService: (input, call) => {
    const cluster = clusterOf(call.state, input.cluster);
    const service = activeService(call.state, cluster, input.service ?? "");
    update(input, call, service, cluster);
    wake(call.local);
    return { service: serviceView(call.state, service, cluster.arn, true) };
  },
  DescribeServices: ({ cluster, services: names = [], include = [] }, { state, local, region, account }) => {
    sweep(state, local.clock.now());
    const found = clusterOf(state, cluster);
    if (names.length === 0) throw wrong("Services cannot be empty.");
    if (names.length > 10) throw wrong("Service count is too high: at most 10 services can be described at once.");
    const asked = names.map((name) => ({ name, service: serviceNamed(state, found.name, name) }));
    return {
      services: asked.flatMap(({ service }) =>
        service ? [serviceView(state, service, found.arn, include.includes("TAGS"))] : [],
      ),
      failures: asked.flatMap(({ name, service }) =>
        service
          ? []
          : [{ arn: arnOf({ region, account }, `service/${found.name}/${nameOf(name)}`), reason: "MISSING" }],
      ),
    };
  },
  ListServices: ({ cluster, maxResults = 10, nextToken, launchType, schedulingStrategy }, { state }) => {
    const { name } = clusterOf(state, cluster);
    const found = Object.values(state.services).filter((each) => {
      const primary = primaryOf(each);
      const runs = primary && revisionOf(each, primary).launchType;
      return (
        each.cluster === name &&
        each.status !== "INACTIVE" &&
        (launchType === undefined || runs === launchType) &&
        (schedulingStrategy === undefined || each.schedulingStrategy === schedulingStrategy)
      );
    });
    const { items, next } = page(found, (each) => each.name, maxResults, nextToken);
    return { serviceArns: items.map((each) => each.arn), nextToken: next };
  },
  ListServicesByNamespace: ({ namespace = "", maxResults = 10, nextToken }, call) => {
    const arn = namespaceArn(call, namespace);
    const found = Object.values(call.state.services).filter((each) => {
      const primary = primaryOf(each);
      const connect = primary && revisionOf(each, primary).serviceConnect;
      return each.status === "ACTIVE" && connect?.namespace && namespaceArn(call, connect.namespace) === arn;
    });
    const { items, next } = page(found, (each) => each.arn, maxResults, nextToken);
    return { serviceArns: items.map((each) => each.arn), nextToken: next };
  },
  DeleteService: ({ cluster, service = "", force }, { state, local }) => {
    const owner = clusterOf(state, cluster);
    const found = serviceNamed(state, owner.name, service);
    if (!found || found.status === "INACTIVE") throw new Refusal("ServiceNotFoundException", "Service not found.");
    if (!force && found.desiredCount > 0) throw wrong("The service cannot be stopped while it is scaled above 0.");
    if (!force && found.deployments.length > 1)
      throw wrong("The service cannot be stopped while deployments are active.");
    if (found.status === "ACTIVE") {
      found.status = "DRAINING";
      found.desiredCount = 0;
      tell(found, local.clock.now(), "is being deleted: its tasks are stopped.");
    }
    wake(local);
    return { service: serviceView(state, found, clusterNamed(state, owner.name)?.arn ?? owner.arn, true) };
  },
};
