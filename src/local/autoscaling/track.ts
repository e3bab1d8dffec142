import { randomUUID } from "node:crypto";
import { datapoints } from "../cloudwatch/evaluate.ts";
import { allSeries } from "../cloudwatch/series.ts";
import { cloudWatchState } from "../cloudwatch/state.ts";
import { scaled, setDesired } from "../ecs/desired.ts";
import type { Local } from "../service.ts";
import { DIMENSION, type PolicyRecord, scalingKeeper, scalingState, serviceKey, type TargetRecord } from "./state.ts";

/** What a cool-down is if the policy says nothing, for ECS; milliseconds. */
const COOL_DOWN = 300_000;
const ACTIVITIES_KEPT = 100;

/** Looks at the alarms of every target tracking policy and moves desired counts towards their goals. */
export function track(local: Local, region: string): void {
  const { policies, targets } = scalingState(local, region);
  for (const policy of Object.values(policies)) {
    const target = targets[policy.resource];
    if (target && policy.tracking) follow(local, region, policy, target);
  }
}

function follow(local: Local, region: string, policy: PolicyRecord, target: TargetRecord): void {
  const { tracking } = policy;
  const service = scaled(local, region, serviceKey(policy.resource));
  const { alarms } = cloudWatchState(local, region);
  const ringing = policy.alarms.find((each) => alarms[each.name]?.state === "ALARM");
  const alarm = ringing && alarms[ringing.name];
  if (!service || !alarm || !tracking) return;
  const [value] = datapoints(local, allSeries(local, region), alarm, 1);
  if (value === undefined) return;
  const now = local.clock.now();
  // proportional, as target tracking is: so many tasks that each has its goal
  const wanted = Math.ceil((Math.max(1, service.desired) * value) / (tracking.TargetValue ?? 1));
  const inside = Math.min(target.max, Math.max(target.min, wanted));
  const coolDown = (seconds: number | undefined) => local.lasts(seconds === undefined ? COOL_DOWN : seconds * 1000);
  if (ringing.way === "high") {
    if (inside <= service.desired || target.suspended.DynamicScalingOutSuspended) return;
    if (now < policy.lastOut + coolDown(tracking.ScaleOutCooldown)) return;
    policy.lastOut = now;
  } else {
    const next = Math.max(inside, target.min);
    if (next >= service.desired || target.suspended.DynamicScalingInSuspended || service.deploying) return;
    if (now < Math.max(policy.lastIn, policy.lastOut) + coolDown(tracking.ScaleInCooldown)) return;
    policy.lastIn = now;
  }
  setDesired(local, region, serviceKey(policy.resource), inside);
  const state = scalingState(local, region);
  state.activities.unshift({
    ActivityId: randomUUID(),
    ServiceNamespace: "ecs",
    resource: policy.resource,
    ScalableDimension: DIMENSION,
    Description: `Setting desired count to ${inside}.`,
    Cause: `monitor alarm ${ringing.name} in state ALARM triggered policy ${policy.name}`,
    at: now,
    StatusCode: "Successful",
    StatusMessage: `Successfully set desired count to ${inside}. Change successfully fulfilled by ecs.`,
  });
  state.activities.length = Math.min(state.activities.length, ACTIVITIES_KEPT);
  local.changed(scalingKeeper, region);
}
