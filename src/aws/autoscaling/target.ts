import type { ScalableTarget } from "@aws-sdk/client-application-auto-scaling";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { together } from "../together.ts";

export type ScalingTargetSpec = {
  /** The service's name. */
  readonly service: string;
  /** The cluster's name. */
  readonly cluster: string;
  readonly min: number;
  readonly max: number;
};

/** What Application Auto Scaling may do to a service's number of tasks. */
export const scalingTarget = defineKind<ScalingTargetSpec, never>({
  type: "autoscaling:target",
  outputs: [],
  partOf: "service",
  fixed: ["service", "cluster"],

  async read(aws, _name, want) {
    const it = await find(aws, resourceId(want));
    if (!it) return undefined;
    return {
      spec: { service: want.service, cluster: want.cluster, min: it.MinCapacity, max: it.MaxCapacity },
      outputs: {},
    };
  },

  create: (aws, _name, want) => register(aws, want),
  update: (aws, _name, want) => register(aws, want),

  async delete(aws, _name, have) {
    const { service = "", cluster = "" } = have.spec;
    const ResourceId = resourceId({ service, cluster });
    await unlessAbsent(aws.autoscaling.deregisterScalableTarget({ ...SERVICE_COUNT, ResourceId }), "ObjectNotFound");
  },
});

/** The one thing of ECS that scales: a service's number of tasks. */
export const SERVICE_COUNT = { ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount" } as const;

/** How Application Auto Scaling calls a service. */
export const resourceId = ({ cluster, service }: { cluster: string; service: string }): string =>
  `service/${cluster}/${service}`;

async function register(aws: Aws, want: ScalingTargetSpec): Promise<void> {
  const ResourceId = resourceId(want);
  await aws.autoscaling.registerScalableTarget({
    ...SERVICE_COUNT,
    ResourceId,
    MinCapacity: want.min,
    MaxCapacity: want.max,
  });
}

const find = together<Aws, ScalableTarget>(50, async (aws, ResourceIds) => {
  const { ScalableTargets = [] } = await aws.autoscaling.describeScalableTargets({
    ...SERVICE_COUNT,
    ResourceIds: [...ResourceIds],
  });
  return new Map(ScalableTargets.map((it) => [it.ResourceId ?? "", it]));
});
