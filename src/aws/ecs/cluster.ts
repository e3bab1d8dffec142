import type { Cluster } from "@aws-sdk/client-ecs";
import type { State } from "../../engine/resource.ts";
import type { Aws } from "../clients.ts";
import { isError } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagListLower } from "../tags.ts";
import { together } from "../together.ts";

export type ClusterSpec = {
  /** Container Insights, which counts running tasks: it costs per metric. */
  readonly insights: "enabled" | "enhanced" | "disabled";
  readonly providers: readonly string[];
  /** The ARN of the namespace that Service Connect uses unless a service says otherwise. */
  readonly namespace: string | null;
};

/** An ECS cluster: little more than a name that services share. */
export const cluster = defineKind<ClusterSpec, "arn">({
  type: "ecs:cluster",
  outputs: ["arn"],
  check: (name) =>
    /^[\w-]{1,255}$/.test(name) ? undefined : "a cluster's name has 1 to 255 letters, digits, hyphens and underscores",

  async read(aws, name) {
    const it = await describe(aws, name);
    // AWS shows a deleted cluster as INACTIVE for a while; its name is free.
    if (!it?.clusterArn || it.status === "INACTIVE") return undefined;
    const { stack, adopted } = ownerIn(it.tags);
    const insights = it.settings?.find((setting) => setting.name === "containerInsights")?.value;
    return {
      spec: {
        insights: insights === "enabled" || insights === "enhanced" ? insights : "disabled",
        providers: it.capacityProviders ?? [],
        namespace: it.serviceConnectDefaults?.namespace ?? null,
        stack,
      },
      adopted,
      outputs: { arn: it.clusterArn },
      state: stateOf(it),
    };
  },

  async create(aws, name, want) {
    await serviceLinkedRole(aws);
    await aws.ecs.createCluster({
      clusterName: name,
      settings: [{ name: "containerInsights", value: want.insights }],
      capacityProviders: [...want.providers],
      ...(want.namespace && { serviceConnectDefaults: { namespace: want.namespace } }),
      tags: tagListLower(want),
    });
  },

  async update(aws, name, want, have, changed) {
    if (changed.has("stack"))
      await aws.ecs.tagResource({ resourceArn: String(have.outputs.arn), tags: tagListLower(want) });
    if (changed.has("insights")) {
      await aws.ecs.updateCluster({ cluster: name, settings: [{ name: "containerInsights", value: want.insights }] });
    }
    if (changed.has("namespace")) {
      // An empty name takes the default away.
      await aws.ecs.updateCluster({ cluster: name, serviceConnectDefaults: { namespace: want.namespace ?? "" } });
    }
    if (changed.has("providers")) {
      const capacityProviders = [...want.providers];
      await aws.ecs.putClusterCapacityProviders({
        cluster: name,
        capacityProviders,
        defaultCapacityProviderStrategy: [],
      });
    }
  },

  async delete(aws, name) {
    await aws.ecs.deleteCluster({ cluster: name });
  },

  async release(aws, _name, have) {
    await aws.ecs.untagResource({ resourceArn: String(have.outputs.arn), tagKeys });
  },
});

const describe = together<Aws, Cluster>(100, async (aws, names) => {
  const { clusters = [] } = await aws.ecs.describeClusters({
    clusters: [...names],
    include: ["SETTINGS", "CONFIGURATIONS", "TAGS"],
  });
  return new Map(clusters.map((it) => [it.clusterName ?? "", it]));
});

/** ECS acts through a role of its own, which the first cluster of an account may come too early for. */
async function serviceLinkedRole(aws: Aws): Promise<void> {
  try {
    await aws.iam.createServiceLinkedRole({ AWSServiceName: "ecs.amazonaws.com" });
  } catch (error) {
    // It is there ("has been taken"), or an administrator keeps it: ECS itself will say if it is missing.
    if (!isError(error, "InvalidInput", "EntityAlreadyExists", "AccessDenied")) throw error;
  }
}

function stateOf({ status }: Cluster): State | undefined {
  if (status === "PROVISIONING") return { is: "busy", why: "the cluster is provisioning" };
  if (status === "DEPROVISIONING") return { is: "going", why: "the cluster is being deleted" };
  if (status === "FAILED") return { is: "failed", why: "the cluster failed to provision" };
  return undefined;
}
