import { randomUUID } from "node:crypto";
import type { ApplicationAutoScaling, ScalingPolicy } from "@aws-sdk/client-application-auto-scaling";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { dropAlarms, putAlarms } from "./alarms.ts";
import { DIMENSION, type PolicyRecord, type ScalingState } from "./state.ts";
import { checkDimension, notFound } from "./targets.ts";

const keyOf = (resource: string, name: string): string => `${resource}|${name}`;

const alarmsOf = (policy: PolicyRecord) => policy.alarms.map(({ name, arn }) => ({ AlarmName: name, AlarmARN: arn }));

const view = (policy: PolicyRecord): ScalingPolicy => ({
  PolicyARN: policy.arn,
  PolicyName: policy.name,
  ServiceNamespace: "ecs",
  ResourceId: policy.resource,
  ScalableDimension: DIMENSION,
  PolicyType: policy.type,
  ...(policy.tracking && { TargetTrackingScalingPolicyConfiguration: policy.tracking }),
  ...(policy.steps && { StepScalingPolicyConfiguration: policy.steps }),
  Alarms: alarmsOf(policy),
  CreationTime: new Date(policy.createdAt),
});

/** Refuses a target tracking configuration without exactly one metric, or a custom one without exactly one result. */
function checkTracking(tracking: PolicyRecord["tracking"]): void {
  const wrong = (message: string) => new Refusal("ValidationException", message);
  if (!tracking) throw wrong("TargetTrackingScalingPolicyConfiguration is required for a target tracking policy");
  const { PredefinedMetricSpecification: predefined, CustomizedMetricSpecification: custom } = tracking;
  if ((predefined === undefined) === (custom === undefined))
    throw wrong("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified");
  if (predefined?.PredefinedMetricType === "ALBRequestCountPerTarget" && !predefined.ResourceLabel)
    throw wrong("ResourceLabel is required for the predefined metric ALBRequestCountPerTarget");
  if (custom?.Metrics && custom.Metrics.filter((each) => each.ReturnData !== false).length !== 1)
    throw wrong("Exactly one element of the metrics list should return data");
}

/** Scaling policies: target tracking with its alarms; step scaling as a record. */
export const policies: Handlers<ApplicationAutoScaling, ScalingState> = {
  PutScalingPolicy: (input, { state, local, region, account }) => {
    checkDimension(input.ServiceNamespace, input.ScalableDimension);
    const { PolicyName: name = "", ResourceId: resource = "" } = input;
    if (!state.targets[resource]) throw notFound("scalable target", resource);
    const there = state.policies[keyOf(resource, name)];
    const type = input.PolicyType ?? there?.type ?? "StepScaling";
    if (type === "TargetTrackingScaling") checkTracking(input.TargetTrackingScalingPolicyConfiguration);
    const policy: PolicyRecord = {
      name,
      resource,
      arn:
        there?.arn ??
        `arn:aws:autoscaling:${region}:${account}:scalingPolicy:${randomUUID()}:resource/ecs/${resource}:policyName/${name}`,
      createdAt: there?.createdAt ?? local.clock.now(),
      type,
      tracking: input.TargetTrackingScalingPolicyConfiguration,
      steps: input.StepScalingPolicyConfiguration,
      alarms: there?.alarms ?? [],
      lastOut: there?.lastOut ?? 0,
      lastIn: there?.lastIn ?? 0,
    };
    policy.alarms = putAlarms(local, region, policy);
    state.policies[keyOf(resource, name)] = policy;
    return { PolicyARN: policy.arn, Alarms: alarmsOf(policy) };
  },
  DescribeScalingPolicies: (input, { state }) => {
    checkDimension(input.ServiceNamespace, input.ScalableDimension);
    const found = Object.values(state.policies).filter(
      (each) =>
        (!input.PolicyNames?.length || input.PolicyNames.includes(each.name)) &&
        (input.ResourceId === undefined || each.resource === input.ResourceId),
    );
    const { items, next } = page(
      found,
      (each) => keyOf(each.resource, each.name),
      input.MaxResults ?? 50,
      input.NextToken,
    );
    return { ScalingPolicies: items.map(view), NextToken: next };
  },
  DeleteScalingPolicy: (input, { state, local, region }) => {
    checkDimension(input.ServiceNamespace, input.ScalableDimension);
    const { PolicyName: name = "", ResourceId: resource = "" } = input;
    const found = state.policies[keyOf(resource, name)];
    if (!found) throw notFound("scaling policy", resource, name);
    dropAlarms(local, region, found.alarms);
    delete state.policies[keyOf(resource, name)];
    return {};
  },
  DescribeScalingActivities: (input, { state }) => {
    checkDimension(input.ServiceNamespace, input.ScalableDimension);
    const found = state.activities.filter((each) => !input.ResourceId || each.resource === input.ResourceId);
    return {
      ScalingActivities: found.slice(0, input.MaxResults ?? 50).map(({ resource, at, ...rest }) => ({
        ...rest,
        ResourceId: resource,
        StartTime: new Date(at),
        EndTime: new Date(at),
      })),
    };
  },
  DescribeScheduledActions: () => ({ ScheduledActions: [] }),
};
