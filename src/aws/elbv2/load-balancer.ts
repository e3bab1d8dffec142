import type { LoadBalancer } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { State } from "../../engine/resource.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";
import { nameProblem } from "./name.ts";
import { tagsOf } from "./tags.ts";

export type LoadBalancerSpec = {
  readonly scheme: "internet-facing" | "internal";
  /** In two availability zones at least. */
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
};

/** An application load balancer. `suffix` is what CloudWatch's dimensions call it: `app/name/id`. */
export const loadBalancer = defineKind<LoadBalancerSpec, "arn" | "dns" | "suffix">({
  type: "elbv2:load-balancer",
  outputs: ["arn", "dns", "suffix"],
  fixed: ["scheme"],
  check: (name) => nameProblem("a load balancer", name),

  async read(aws, name) {
    const found = await unlessAbsent(aws.elbv2.describeLoadBalancers({ Names: [name] }), "LoadBalancerNotFound");
    const it = found?.LoadBalancers?.[0];
    if (!it?.LoadBalancerArn) return undefined;
    const { stack, adopted } = ownerIn(await tagsOf(aws, it.LoadBalancerArn));
    return {
      spec: {
        scheme: it.Scheme === "internal" ? "internal" : "internet-facing",
        subnets: it.AvailabilityZones?.flatMap(({ SubnetId }) => (SubnetId ? [SubnetId] : [])),
        securityGroups: it.SecurityGroups,
        stack,
      },
      adopted,
      outputs: { arn: it.LoadBalancerArn, dns: it.DNSName, suffix: it.LoadBalancerArn.split(":loadbalancer/")[1] },
      state: stateOf(it),
    };
  },

  async create(aws, name, want) {
    await aws.elbv2.createLoadBalancer({
      Name: name,
      Type: "application",
      Scheme: want.scheme,
      Subnets: [...want.subnets],
      SecurityGroups: [...want.securityGroups],
      Tags: tagList(want),
    });
  },

  async update(aws, _name, want, have, changed) {
    const LoadBalancerArn = String(have.outputs.arn);
    if (changed.has("stack")) await aws.elbv2.addTags({ ResourceArns: [LoadBalancerArn], Tags: tagList(want) });
    if (changed.has("securityGroups"))
      await aws.elbv2.setSecurityGroups({ LoadBalancerArn, SecurityGroups: [...want.securityGroups] });
    if (changed.has("subnets")) await aws.elbv2.setSubnets({ LoadBalancerArn, Subnets: [...want.subnets] });
  },

  async delete(aws, _name, have) {
    await aws.elbv2.deleteLoadBalancer({ LoadBalancerArn: String(have.outputs.arn) });
  },

  async release(aws, _name, have) {
    await aws.elbv2.removeTags({ ResourceArns: [String(have.outputs.arn)], TagKeys: tagKeys });
  },
});

function stateOf({ State: state }: LoadBalancer): State | undefined {
  if (state?.Code === "provisioning")
    return { is: "busy", why: "the load balancer is provisioning, which takes a minute or two" };
  if (state?.Code === "failed")
    return { is: "failed", why: `the load balancer failed: ${state.Reason ?? "AWS does not say why"}` };
  return undefined;
}
