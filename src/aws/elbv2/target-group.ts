import type { ModifyTargetGroupCommandInput } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";
import { nameProblem } from "./name.ts";
import { tagsOf } from "./tags.ts";

export type TargetGroupSpec = {
  readonly vpc: string;
  readonly port: number;
  /** The path that answers 200 when a target is healthy, asked every `interval` seconds. */
  readonly health: {
    readonly path: string;
    readonly interval: number;
    readonly healthy: number;
    readonly unhealthy: number;
  };
  /** How long a target that leaves may finish its requests, in seconds. */
  readonly drain: number;
};

/** A target group of addresses, as tasks of Fargate have them, by HTTP. */
export const targetGroup = defineKind<TargetGroupSpec, "arn" | "suffix">({
  type: "elbv2:target-group",
  outputs: ["arn", "suffix"],
  fixed: ["vpc", "port"],
  check: (name) => nameProblem("a target group", name),

  async read(aws, name) {
    const found = await unlessAbsent(aws.elbv2.describeTargetGroups({ Names: [name] }), "TargetGroupNotFound");
    const it = found?.TargetGroups?.[0];
    if (!it?.TargetGroupArn) return undefined;
    const arn = it.TargetGroupArn;
    const [attributes, tags] = await Promise.all([
      unlessAbsent(aws.elbv2.describeTargetGroupAttributes({ TargetGroupArn: arn }), "TargetGroupNotFound"),
      tagsOf(aws, arn),
    ]);
    const { stack, adopted } = ownerIn(tags);
    return {
      spec: {
        vpc: it.VpcId,
        port: it.Port,
        health: {
          path: it.HealthCheckPath ?? "/",
          interval: it.HealthCheckIntervalSeconds ?? 30,
          healthy: it.HealthyThresholdCount ?? 5,
          unhealthy: it.UnhealthyThresholdCount ?? 2,
        },
        drain: Number(attributes?.Attributes?.find(({ Key }) => Key === DRAIN)?.Value ?? 300),
        stack,
      },
      adopted,
      outputs: { arn, suffix: arn.slice(arn.indexOf(":targetgroup/") + 1) },
    };
  },

  async create(aws, name, want) {
    const { TargetGroups } = await aws.elbv2.createTargetGroup({
      Name: name,
      TargetType: "ip",
      Protocol: "HTTP",
      Port: want.port,
      VpcId: want.vpc,
      ...healthOf(want),
      Tags: tagList(want),
    });
    await setDrain(aws, TargetGroups?.[0]?.TargetGroupArn, want.drain);
  },

  async update(aws, _name, want, have, changed) {
    const TargetGroupArn = String(have.outputs.arn);
    if (changed.has("stack")) await aws.elbv2.addTags({ ResourceArns: [TargetGroupArn], Tags: tagList(want) });
    if (changed.has("health")) await aws.elbv2.modifyTargetGroup({ TargetGroupArn, ...healthOf(want) });
    if (changed.has("drain")) await setDrain(aws, TargetGroupArn, want.drain);
  },

  async delete(aws, _name, have) {
    await aws.elbv2.deleteTargetGroup({ TargetGroupArn: String(have.outputs.arn) });
  },

  async release(aws, _name, have) {
    await aws.elbv2.removeTags({ ResourceArns: [String(have.outputs.arn)], TagKeys: tagKeys });
  },

  async health(aws, _name, have) {
    const { TargetHealthDescriptions = [] } = await aws.elbv2.describeTargetHealth({
      TargetGroupArn: String(have.outputs.arn),
    });
    const states = TargetHealthDescriptions.map(({ TargetHealth }) => TargetHealth?.State ?? "unknown");
    const healthy = states.includes("healthy") && !states.some((state) => state.startsWith("unhealthy"));
    return { healthy, why: states.length > 0 ? `targets: ${states.join(", ")}` : "no targets" };
  },
});

const DRAIN = "deregistration_delay.timeout_seconds";

const healthOf = ({ health }: TargetGroupSpec): Omit<ModifyTargetGroupCommandInput, "TargetGroupArn"> => ({
  HealthCheckProtocol: "HTTP",
  HealthCheckPath: health.path,
  HealthCheckIntervalSeconds: health.interval,
  HealthyThresholdCount: health.healthy,
  UnhealthyThresholdCount: health.unhealthy,
  Matcher: { HttpCode: "200" },
});

async function setDrain(aws: Aws, TargetGroupArn: string | undefined, seconds: number): Promise<void> {
  if (!TargetGroupArn) return;
  await aws.elbv2.modifyTargetGroupAttributes({ TargetGroupArn, Attributes: [{ Key: DRAIN, Value: String(seconds) }] });
}
