import type { Cluster, ClusterField, ECS } from "@aws-sdk/client-ecs";
import { makeNamespace } from "../cloudmap/change.ts";
import { cloudMapKeeper, liveNamespaces } from "../cloudmap/state.ts";
import { ensureServiceLinkedRole } from "../iam/linked.ts";
import { page } from "../page.ts";
import { type Call, type Handlers, Refusal } from "../service.ts";
import { arnOf, type ClusterRecord, clusterNamed, clusterOf, type EcsState, nameOf, sweep } from "./state.ts";

const PROVIDERS = ["FARGATE", "FARGATE_SPOT"];

/** The ARN of a namespace given by ARN or name; throws NamespaceNotFoundException, in the words that ECS has for it. */
export function namespaceArn(call: Call<EcsState>, reference: string): string {
  const state = call.local.state(cloudMapKeeper, call.region);
  const now = call.local.clock.now();
  const found = liveNamespaces(state, now).find((each) =>
    reference.startsWith("arn:") ? each.arn === reference : each.name === reference,
  );
  if (!found || found.goneAt !== undefined)
    throw new Refusal("NamespaceNotFoundException", `Failed to retrieve namespace for ${reference}`);
  return found.arn;
}

/** A cluster makes the namespace that its defaults name, if there is none of that name. */
function defaultNamespace(call: Call<EcsState>, reference: string | undefined): string | undefined {
  if (reference === undefined || reference === "") return undefined;
  if (reference.startsWith("arn:")) return namespaceArn(call, reference);
  const state = call.local.state(cloudMapKeeper, call.region);
  const now = call.local.clock.now();
  const found = liveNamespaces(state, now).find((each) => each.name === reference && each.goneAt === undefined);
  if (found) return found.arn;
  const tags = [{ Key: "AmazonECSManaged", Value: "true" }];
  const made = makeNamespace(
    state,
    { name: reference, tags },
    { region: call.region, account: call.account, now, takes: 0 },
  );
  call.local.changed(cloudMapKeeper, call.region);
  return made.namespace.arn;
}

function checkProviders(names: readonly string[]): void {
  const unknown = names.find((name) => !PROVIDERS.includes(name));
  if (unknown !== undefined)
    throw new Refusal(
      "InvalidParameterException",
      `The specified capacity provider '${unknown}' was not found. Specify a valid name or ARN and try again.`,
    );
}

const counts = (state: EcsState, cluster: ClusterRecord) => {
  const tasks = Object.values(state.tasks).filter((task) => task.cluster === cluster.name);
  const services = Object.values(state.services).filter((each) => each.cluster === cluster.name);
  return {
    runningTasksCount: tasks.filter((task) => task.lastStatus === "RUNNING").length,
    pendingTasksCount: tasks.filter((task) => ["PROVISIONING", "PENDING", "ACTIVATING"].includes(task.lastStatus))
      .length,
    activeServicesCount: services.filter((each) => each.status === "ACTIVE").length,
  };
};

function view(state: EcsState, cluster: ClusterRecord, include: readonly ClusterField[]): Cluster {
  return {
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: cluster.inactiveAt === undefined ? "ACTIVE" : "INACTIVE",
    registeredContainerInstancesCount: 0,
    ...counts(state, cluster),
    statistics: [],
    tags: include.includes("TAGS") ? cluster.tags : [],
    settings: include.includes("SETTINGS") ? cluster.settings : [],
    ...(include.includes("CONFIGURATIONS") && { configuration: cluster.configuration }),
    ...(include.includes("ATTACHMENTS") && { attachments: [] }),
    capacityProviders: cluster.capacityProviders,
    defaultCapacityProviderStrategy: cluster.defaultStrategy,
    ...(cluster.namespace && { serviceConnectDefaults: { namespace: cluster.namespace } }),
  };
}

const WHOLE: ClusterField[] = ["TAGS", "SETTINGS", "CONFIGURATIONS"];

/** Clusters: no more than a name with settings, as Fargate has them. */
export const clusters: Handlers<ECS, EcsState> = {
  CreateCluster: (input, call) => {
    const { state, local } = call;
    const name = input.clusterName ?? "default";
    if (!/^[a-zA-Z0-9_-]{1,255}$/.test(name))
      throw new Refusal("InvalidParameterException", "Identifier is invalid. It must match [a-zA-Z0-9_-]{1,255}.");
    const there = clusterNamed(state, name);
    // the same name again answers what is there; settings and tags are not applied
    if (there && there.inactiveAt === undefined) return { cluster: view(state, there, WHOLE) };
    checkProviders(input.capacityProviders ?? []);
    ensureServiceLinkedRole(local, "ecs.amazonaws.com");
    const insights = { name: "containerInsights", value: state.settings.containerInsights ?? "disabled" } as const;
    const made: ClusterRecord = {
      name,
      arn: arnOf(call, `cluster/${name}`),
      settings: input.settings?.length ? input.settings : [insights],
      configuration: input.configuration,
      capacityProviders: input.capacityProviders ?? [],
      defaultStrategy: (input.defaultCapacityProviderStrategy ?? []).map((each) => ({ weight: 0, base: 0, ...each })),
      namespace: defaultNamespace(call, input.serviceConnectDefaults?.namespace),
      tags: input.tags ?? [],
    };
    state.clusters[name] = made;
    return { cluster: view(state, made, WHOLE) };
  },
  DescribeClusters: ({ clusters: names = ["default"], include = [] }, call) => {
    sweep(call.state, call.local.clock.now());
    const found = names.map((name) => ({ name, cluster: clusterNamed(call.state, name) }));
    return {
      clusters: found.flatMap(({ cluster }) => (cluster ? [view(call.state, cluster, include)] : [])),
      failures: found.flatMap(({ name, cluster }) =>
        cluster ? [] : [{ arn: arnOf(call, `cluster/${nameOf(name)}`), reason: "MISSING" }],
      ),
    };
  },
  ListClusters: ({ maxResults = 100, nextToken }, { state }) => {
    const active = Object.values(state.clusters).filter((each) => each.inactiveAt === undefined);
    const { items, next } = page(active, (each) => each.name, maxResults, nextToken);
    return { clusterArns: items.map((each) => each.arn), nextToken: next };
  },
  UpdateCluster: (input, call) => {
    const found = clusterOf(call.state, input.cluster);
    if (input.settings) found.settings = input.settings;
    if (input.configuration) found.configuration = input.configuration;
    if (input.serviceConnectDefaults)
      found.namespace = defaultNamespace(call, input.serviceConnectDefaults.namespace ?? undefined);
    return { cluster: view(call.state, found, WHOLE) };
  },
  UpdateClusterSettings: ({ cluster, settings = [] }, { state }) => {
    const found = clusterOf(state, cluster);
    const names = new Set(settings.map((each) => each.name));
    found.settings = [...found.settings.filter((each) => !names.has(each.name)), ...settings];
    return { cluster: view(state, found, WHOLE) };
  },
  PutClusterCapacityProviders: (input, { state }) => {
    const found = clusterOf(state, input.cluster);
    const providers = input.capacityProviders ?? [];
    checkProviders(providers);
    const strategy = input.defaultCapacityProviderStrategy ?? [];
    const stray = strategy.find((each) => !providers.includes(each.capacityProvider ?? ""));
    if (stray)
      throw new Refusal(
        "InvalidParameterException",
        `The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster: ${stray.capacityProvider}.`,
      );
    found.capacityProviders = providers;
    found.defaultStrategy = strategy.map((each) => ({ weight: 0, base: 0, ...each }));
    return { cluster: view(state, found, WHOLE) };
  },
  DeleteCluster: ({ cluster }, { state, local }) => {
    const found = clusterOf(state, cluster);
    if (Object.values(state.services).some((each) => each.cluster === found.name && each.status !== "INACTIVE"))
      throw new Refusal("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.");
    if (Object.values(state.tasks).some((task) => task.cluster === found.name && task.lastStatus !== "STOPPED"))
      throw new Refusal("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.");
    found.inactiveAt = local.clock.now();
    return { cluster: view(state, found, WHOLE) };
  },
};
