import type { CreateServiceCommandInput, Service, ServiceConnectConfiguration } from "@aws-sdk/client-ecs";
import type { Live, Want } from "../../engine/resource.ts";
import type { Aws } from "../clients.ts";
import { isError, unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagListLower } from "../tags.ts";
import { together } from "../together.ts";
import { sizeProblem } from "./fargate.ts";
import { follow, primaryOf, stateOf } from "./rollout.ts";
import { removeRevisions, revisionOf, TASK_WORDS, type TaskWords, wordsIn } from "./task-definition.ts";

export type ServiceSpec = TaskWords & {
  /** The cluster's name. */
  readonly cluster: string;
  /** How many tasks. */
  readonly count: number;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  /** Whether tasks get a public address, ENABLED or DISABLED: in a public subnet they reach the internet by no other way. */
  readonly publicIp: string;
  /** ARNs; each must be behind a listener already. */
  readonly targetGroups: readonly string[];
  /** Seconds before a load balancer's opinion of a new task counts. */
  readonly grace: number;
  /** ECS gives up a deployment whose tasks keep failing, and goes back to the one before. */
  readonly breaker: boolean;
  readonly serviceConnect: Mesh | null;
};

/** A service's part in Service Connect: a name for others to call it by, or none, to call only. */
export type Mesh = {
  /** ARN: a name that is not there would make ECS create another namespace. */
  readonly namespace: string;
  readonly alias: string | null;
  readonly port: number;
  /** Where its proxy logs. */
  readonly logGroup: string;
};

/** An ECS service on Fargate, with the task definition it is written down in. `endpoint` is the ARN others know it by. */
export const service = defineKind<ServiceSpec, "arn" | "endpoint">({
  type: "ecs:service",
  outputs: ["arn", "endpoint"],
  fixed: ["cluster", "container"],
  check(name, { cpu, memory }) {
    if (!/^[\w-]{1,255}$/.test(name)) return "a service's name has 1 to 255 letters, digits, hyphens and underscores";
    return cpu === undefined ? undefined : sizeProblem(cpu, memory);
  },

  async read(aws, name, want) {
    const it = await find(aws, want.cluster, name);
    if (!it || it.status === "INACTIVE") return begun(aws, name, want.cluster);
    const primary = primaryOf(it);
    const found = await unlessAbsent(
      aws.ecs.describeTaskDefinition({ taskDefinition: primary?.taskDefinition ?? it.taskDefinition }),
      "ClientException",
    );
    const { stack, adopted } = ownerIn(it.tags);
    const vpc = (primary?.networkConfiguration ?? it.networkConfiguration)?.awsvpcConfiguration;
    const endpoint = primary?.serviceConnectResources?.[0]?.discoveryArn;
    return {
      spec: {
        ...(found?.taskDefinition && wordsIn(found.taskDefinition)),
        cluster: want.cluster,
        count: it.desiredCount,
        subnets: vpc?.subnets,
        securityGroups: vpc?.securityGroups,
        publicIp: vpc?.assignPublicIp ?? "DISABLED",
        targetGroups: it.loadBalancers?.flatMap(({ targetGroupArn }) => (targetGroupArn ? [targetGroupArn] : [])),
        grace: it.healthCheckGracePeriodSeconds ?? 0,
        breaker:
          (it.deploymentConfiguration?.deploymentCircuitBreaker?.enable &&
            it.deploymentConfiguration.deploymentCircuitBreaker.rollback) ??
          false,
        serviceConnect: meshIn(primary?.serviceConnectConfiguration),
        stack,
      },
      adopted,
      outputs: { arn: it.serviceArn, ...(endpoint && { endpoint }) },
      state: stateOf(it),
    };
  },

  async create(aws, name, want) {
    const taskDefinition = await revisionOf(aws, name, want);
    const { service: made } = await aws.ecs.createService({
      cluster: want.cluster,
      serviceName: name,
      taskDefinition,
      desiredCount: want.count,
      launchType: "FARGATE",
      schedulingStrategy: "REPLICA",
      enableECSManagedTags: true,
      propagateTags: "SERVICE",
      ...settingsOf(want),
      tags: tagListLower(want),
    });
    await followed(aws, name, want.cluster, made);
  },

  async update(aws, name, want, have, changed) {
    if (changed.has("stack"))
      await aws.ecs.tagResource({ resourceArn: String(have.outputs.arn), tags: tagListLower(want) });
    // A view of the service names some words only: the others stay as they run.
    const whole = { ...have.spec, ...want } as Want<ServiceSpec>;
    const rewritten = TASK_WORDS.some((word) => changed.has(word));
    const settings = settingsOf(whole);
    const input = {
      ...(rewritten && { taskDefinition: await revisionOf(aws, name, whole) }),
      ...(changed.has("count") && { desiredCount: whole.count }),
      ...((changed.has("subnets") || changed.has("securityGroups") || changed.has("publicIp")) && {
        networkConfiguration: settings.networkConfiguration,
      }),
      ...(changed.has("targetGroups") && { loadBalancers: settings.loadBalancers }),
      ...(changed.has("grace") && { healthCheckGracePeriodSeconds: whole.grace }),
      ...(changed.has("breaker") && { deploymentConfiguration: settings.deploymentConfiguration }),
      ...(changed.has("serviceConnect") && { serviceConnectConfiguration: settings.serviceConnectConfiguration }),
      // A deployment that failed starts no more tasks until there is another.
      ...(have.state?.is === "failed" && { forceNewDeployment: true }),
    };
    if (Object.keys(input).length === 0) return;
    const { service: made } = await aws.ecs.updateService({ cluster: whole.cluster, service: name, ...input });
    await followed(aws, name, whole.cluster, made);
  },

  async delete(aws, name, have) {
    await removeRevisions(aws, name);
    try {
      await aws.ecs.deleteService({ cluster: have.spec.cluster, service: name, force: true });
    } catch (error) {
      if (!isError(error, "ServiceNotFound", "ServiceNotActive", "ClusterNotFound")) throw error;
    }
  },

  async release(aws, _name, have) {
    await aws.ecs.untagResource({ resourceArn: String(have.outputs.arn), tagKeys });
  },

  async health(aws, name, have) {
    const it = await find(aws, String(have.spec.cluster), name);
    const { runningCount = 0, desiredCount = 0, events = [] } = it ?? {};
    const why = `${runningCount} of ${desiredCount} tasks running`;
    const healthy = runningCount >= desiredCount && desiredCount > 0;
    return { healthy, why: healthy ? why : `${why}; ${events[0]?.message ?? "ECS says nothing of it"}` };
  },
});

/** A service that was never made, or is gone, while the task definition of its name is there: nothing else leads to that. */
async function begun(
  aws: Aws,
  name: string,
  cluster: string,
): Promise<Live<ServiceSpec, "arn" | "endpoint"> | undefined> {
  const found = await unlessAbsent(
    aws.ecs.describeTaskDefinition({ taskDefinition: name, include: ["TAGS"] }),
    "ClientException",
  );
  const { stack } = ownerIn(found?.tags);
  if (!stack) return undefined;
  return { spec: { cluster, stack }, outputs: {}, state: { is: "begun", why: "only its task definition is there" } };
}

/** Waits for the deployment that a call began, if it began one. */
async function followed(aws: Aws, name: string, cluster: string, made: Service | undefined): Promise<void> {
  const deployment = made && primaryOf(made)?.id;
  if (deployment) await follow(aws, { cluster, service: name, deployment });
}

/** One call for up to ten services of a cluster. */
const describe = together<Aws, Service>(10, async (aws, keys) => {
  const cluster = keys[0]?.split("/")[0] ?? "";
  const services = keys.map((key) => key.slice(key.indexOf("/") + 1));
  const found = await unlessAbsent(
    aws.ecs.describeServices({ cluster, services, include: ["TAGS"] }),
    "ClusterNotFound",
  );
  return new Map(found?.services?.map((it) => [`${cluster}/${it.serviceName}`, it]));
});
const find = (aws: Aws, cluster: string, name: string) => describe(aws, `${cluster}/${name}`);

/** The part of a service that an update may change, as CreateService and UpdateService take it. */
function settingsOf(want: ServiceSpec): Omit<CreateServiceCommandInput, "serviceName"> {
  return {
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: [...want.subnets],
        securityGroups: [...want.securityGroups],
        assignPublicIp: want.publicIp === "ENABLED" ? "ENABLED" : "DISABLED",
      },
    },
    loadBalancers: want.targetGroups.map((targetGroupArn) => ({
      targetGroupArn,
      containerName: want.container,
      containerPort: want.port,
    })),
    healthCheckGracePeriodSeconds: want.targetGroups.length > 0 ? want.grace : undefined,
    deploymentConfiguration: {
      minimumHealthyPercent: 100,
      maximumPercent: 200,
      deploymentCircuitBreaker: { enable: want.breaker, rollback: want.breaker },
    },
    serviceConnectConfiguration: meshOf(want.serviceConnect, want),
  };
}

const meshOf = (mesh: Mesh | null, { container }: ServiceSpec): ServiceConnectConfiguration =>
  mesh === null
    ? { enabled: false }
    : {
        enabled: true,
        namespace: mesh.namespace,
        ...(mesh.alias !== null && {
          services: [
            {
              portName: container,
              discoveryName: mesh.alias,
              clientAliases: [{ port: mesh.port, dnsName: mesh.alias }],
            },
          ],
        }),
        logConfiguration: {
          logDriver: "awslogs",
          options: {
            "awslogs-group": mesh.logGroup,
            "awslogs-region": mesh.namespace.split(":")[3] ?? "",
            "awslogs-stream-prefix": "service-connect",
          },
        },
      };

/** AWS tells the configuration with the deployment, and not at all where it is off. */
function meshIn(it: ServiceConnectConfiguration | undefined): Mesh | null {
  if (!it?.enabled) return null;
  const alias = it.services?.[0]?.clientAliases?.[0];
  return {
    namespace: it.namespace ?? "",
    alias: alias?.dnsName ?? it.services?.[0]?.discoveryName ?? null,
    port: alias?.port ?? 0,
    logGroup: it.logConfiguration?.options?.["awslogs-group"] ?? "",
  };
}
