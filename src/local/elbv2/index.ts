import type { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { emulate } from "../service.ts";
import { attributes } from "./attributes.ts";
import { listeners } from "./listeners.ts";
import { loadBalancers } from "./load-balancers.ts";
import { planeOf } from "./plane.ts";
import { rules } from "./rules.ts";
import { type ElbState, elbKeeper } from "./state.ts";
import { tags } from "./tags.ts";
import { targetGroups } from "./target-groups.ts";
import { targets } from "./targets.ts";

/** Elastic Load Balancing: application load balancers that balance, on 127.0.0.1. */
export const elbv2 = emulate<ElasticLoadBalancingV2, ElbState>({
  ...elbKeeper,
  load: () => import("@aws-sdk/client-elastic-load-balancing-v2"),
  handlers: { ...loadBalancers, ...attributes, ...targetGroups, ...targets, ...listeners, ...rules, ...tags },
  needs: (operation, input) => {
    const action = `elasticloadbalancing:${operation}`;
    if (operation.startsWith("Describe")) return [{ action, resource: "*" }];
    const { RuleArn, ListenerArn, TargetGroupArn, LoadBalancerArn, ResourceArns } = input;
    const arns = Array.isArray(ResourceArns)
      ? ResourceArns
      : [RuleArn ?? ListenerArn ?? TargetGroupArn ?? LoadBalancerArn];
    return arns.map((arn) => ({ action, resource: typeof arn === "string" ? arn : "*" }));
  },
  start: (local) => planeOf(local).start(),
  stop: (local) => planeOf(local).stop(),
});
