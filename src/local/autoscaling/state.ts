import type { ScalingActivity, ScalingPolicy, SuspendedState } from "@aws-sdk/client-application-auto-scaling";
import type { Keeper, Local } from "../service.ts";

/** An ECS service whose desired count is kept between two numbers. */
export interface TargetRecord {
  /** `service/cluster/name` */
  readonly resource: string;
  readonly arn: string;
  min: number;
  max: number;
  suspended: Required<SuspendedState>;
  readonly createdAt: number;
  tags: Record<string, string>;
}

/** A policy: what was put, and the names of its alarms. */
export interface PolicyRecord {
  readonly name: string;
  readonly resource: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly type: ScalingPolicy["PolicyType"];
  readonly tracking?: ScalingPolicy["TargetTrackingScalingPolicyConfiguration"];
  readonly steps?: ScalingPolicy["StepScalingPolicyConfiguration"];
  alarms: { name: string; arn: string; way: "high" | "low" }[];
  /** When it last changed the desired count, milliseconds since 1970. */
  lastOut: number;
  lastIn: number;
}

export interface ActivityRecord extends Omit<ScalingActivity, "StartTime" | "EndTime" | "ResourceId"> {
  readonly resource: string;
  readonly at: number;
}

export interface ScalingState {
  targets: Record<string, TargetRecord>;
  /** By `resource|name`. */
  policies: Record<string, PolicyRecord>;
  activities: ActivityRecord[];
}

export const scalingKeeper: Keeper<ScalingState> = {
  id: "application-autoscaling",
  initial: () => ({ targets: {}, policies: {}, activities: [] }),
};

export const scalingState = (local: Local, region: string): ScalingState => local.state(scalingKeeper, region);

/** The one dimension that is here. */
export const DIMENSION = "ecs:service:DesiredCount";

/** `cluster/name` of `service/cluster/name`. */
export const serviceKey = (resource: string): string => resource.replace(/^service\//, "");
