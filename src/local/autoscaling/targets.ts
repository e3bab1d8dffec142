import { randomBytes } from "node:crypto";
import type { ApplicationAutoScaling, ScalableTarget } from "@aws-sdk/client-application-auto-scaling";
import { scaled, setDesired } from "../ecs/desired.ts";
import { ensureServiceLinkedRole } from "../iam/linked.ts";
import { page } from "../page.ts";
import { type Call, type Handlers, Refusal } from "../service.ts";
import { dropAlarms } from "./alarms.ts";
import { DIMENSION, type ScalingState, serviceKey, type TargetRecord } from "./state.ts";

const wrong = (message: string) => new Refusal("ValidationException", message);

/** "No … found" in the words of Application Auto Scaling. */
export const notFound = (what: string, resource: string, name?: string) =>
  new Refusal(
    "ObjectNotFoundException",
    `No ${what} found for service namespace: ecs, resource ID: ${resource}, scalable dimension: ${DIMENSION}${name ? `: ${name}` : ""}`,
  );

/** Refuses what is not the desired count of an ECS service: nothing else is scaled here. */
export function checkDimension(namespace: string | undefined, dimension: string | undefined): void {
  if (namespace !== "ecs") throw wrong(`Unsupported service namespace: ${namespace}`);
  if (dimension !== undefined && dimension !== DIMENSION)
    throw wrong(`Unsupported service namespace, resource type or scalable dimension: ${dimension}`);
}

const view = (each: TargetRecord, account: string): ScalableTarget => ({
  ServiceNamespace: "ecs",
  ResourceId: each.resource,
  ScalableDimension: DIMENSION,
  MinCapacity: each.min,
  MaxCapacity: each.max,
  RoleARN: `arn:aws:iam::${account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService`,
  CreationTime: new Date(each.createdAt),
  SuspendedState: each.suspended,
  ScalableTargetARN: each.arn,
});

function make(call: Call<ScalingState>, resource: string): TargetRecord {
  ensureServiceLinkedRole(call.local, "ecs.application-autoscaling.amazonaws.com");
  return {
    resource,
    arn: `arn:aws:application-autoscaling:${call.region}:${call.account}:scalable-target/${randomBytes(18).toString("hex")}`,
    min: 0,
    max: 0,
    suspended: {
      DynamicScalingInSuspended: false,
      DynamicScalingOutSuspended: false,
      ScheduledScalingSuspended: false,
    },
    createdAt: call.local.clock.now(),
    tags: {},
  };
}

/** Scalable targets. */
export const targets: Handlers<ApplicationAutoScaling, ScalingState> = {
  RegisterScalableTarget: (input, call) => {
    const { state, local, region } = call;
    const { ResourceId: resource = "", MinCapacity, MaxCapacity } = input;
    checkDimension(input.ServiceNamespace, input.ScalableDimension);
    const service = /^service\/[^/]+\/[^/]+$/.test(resource) ? scaled(local, region, serviceKey(resource)) : undefined;
    if (!service) throw wrong(`ECS service doesn't exist: ${resource}`);
    const there = state.targets[resource];
    if (!there && (MinCapacity === undefined || MaxCapacity === undefined))
      throw wrong("MinCapacity and MaxCapacity are required to register a new scalable target");
    const min = MinCapacity ?? there?.min ?? 0;
    const max = MaxCapacity ?? there?.max ?? 0;
    if (min > max) throw wrong("Maximum capacity cannot be less than minimum capacity");
    const target = there ?? make(call, resource);
    Object.assign(target, { min, max });
    Object.assign(target.suspended, input.SuspendedState);
    if (!there) target.tags = input.Tags ?? {};
    state.targets[resource] = target;
    const inside = Math.min(max, Math.max(min, service.desired));
    if (inside !== service.desired) setDesired(local, region, serviceKey(resource), inside);
    return { ScalableTargetARN: target.arn };
  },
  DescribeScalableTargets: (input, { state, account }) => {
    checkDimension(input.ServiceNamespace, input.ScalableDimension);
    const found = Object.values(state.targets).filter(
      (each) => !input.ResourceIds?.length || input.ResourceIds.includes(each.resource),
    );
    const { items, next } = page(found, (each) => each.resource, input.MaxResults ?? 50, input.NextToken);
    return { ScalableTargets: items.map((each) => view(each, account)), NextToken: next };
  },
  DeregisterScalableTarget: (input, { state, local, region }) => {
    checkDimension(input.ServiceNamespace, input.ScalableDimension);
    const resource = input.ResourceId ?? "";
    if (!state.targets[resource]) throw notFound("scalable target", resource);
    delete state.targets[resource];
    for (const [key, policy] of Object.entries(state.policies)) {
      if (policy.resource !== resource) continue;
      dropAlarms(local, region, policy.alarms);
      delete state.policies[key];
    }
    return {};
  },
  ListTagsForResource: ({ ResourceARN = "" }, { state }) => ({ Tags: tagged(state, ResourceARN).tags }),
  TagResource: ({ ResourceARN = "", Tags = {} }, { state }) => {
    Object.assign(tagged(state, ResourceARN).tags, Tags);
    return {};
  },
  UntagResource: ({ ResourceARN = "", TagKeys = [] }, { state }) => {
    const { tags } = tagged(state, ResourceARN);
    for (const key of TagKeys) delete tags[key];
    return {};
  },
};

function tagged(state: ScalingState, arn: string): TargetRecord {
  const found = Object.values(state.targets).find((each) => each.arn === arn);
  if (!found)
    throw new Refusal("ResourceNotFoundException", `The specified resource doesn't exist: ${arn}`, {
      data: { ResourceName: arn },
    });
  return found;
}
