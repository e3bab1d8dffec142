import { type ScalingPolicySpec, scalingPolicy } from "../aws/autoscaling/policy.ts";
import { scalingTarget } from "../aws/autoscaling/target.ts";
import type { cluster } from "../aws/ecs/cluster.ts";
import type { service } from "../aws/ecs/service.ts";
import type { ServiceSize } from "../config.ts";

/** Messages that one task may have before it until another comes. */
const BACKLOG = 100;
const CPU_PERCENT = 60;

/** More tasks when there is more to do, between `count` and `max`; described but unwanted where they are the same. */
export function scaling(
  size: ServiceSize,
  scaled: ReturnType<typeof service>,
  home: ReturnType<typeof cluster>,
  metric: ScalingPolicySpec["metric"],
) {
  const wanted = { wanted: size.max > size.count };
  const which = { service: scaled.ref.name, cluster: home.ref.name };
  const target = scalingTarget(scaled.name, { ...which, min: size.count, max: Math.max(size.max, size.count) }, wanted);
  const policy = scalingPolicy(
    `${scaled.name}-${metric === "cpu" ? "cpu" : "backlog"}`,
    {
      ...which,
      target: target.ref.name,
      metric,
      goal: metric === "cpu" ? CPU_PERCENT : BACKLOG,
      coolDown: { out: 60, in: 300 },
    },
    wanted,
  );
  return [target, policy];
}
