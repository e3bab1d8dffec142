import { randomUUID } from "node:crypto";
import type { MetricDataQuery, PutMetricAlarmInput, Statistic } from "@aws-sdk/client-cloudwatch";
import { alarmArn, cloudWatchKeeper, cloudWatchState, putAlarm } from "../cloudwatch/state.ts";
import type { Local } from "../service.ts";
import type { PolicyRecord } from "./state.ts";
import { serviceKey } from "./state.ts";

type Tracking = NonNullable<PolicyRecord["tracking"]>;

/** What a target tracking policy measures, as an alarm says it. */
function measured(tracking: Tracking, resource: string): Partial<PutMetricAlarmInput> {
  const [ClusterName = "", ServiceName = ""] = serviceKey(resource).split("/");
  const predefined = tracking.PredefinedMetricSpecification;
  if (predefined) {
    const [, balancer = "", group = ""] = /^(app\/.+)\/(targetgroup\/.+)$/.exec(predefined.ResourceLabel ?? "") ?? [];
    if (predefined.PredefinedMetricType === "ALBRequestCountPerTarget")
      return {
        Namespace: "AWS/ApplicationELB",
        MetricName: "RequestCountPerTarget",
        Dimensions: [
          { Name: "TargetGroup", Value: group },
          { Name: "LoadBalancer", Value: balancer },
        ],
        Statistic: "Sum",
        Period: 60,
      };
    const memory = predefined.PredefinedMetricType === "ECSServiceAverageMemoryUtilization";
    return {
      Namespace: "AWS/ECS",
      MetricName: memory ? "MemoryUtilization" : "CPUUtilization",
      Dimensions: [
        { Name: "ClusterName", Value: ClusterName },
        { Name: "ServiceName", Value: ServiceName },
      ],
      Statistic: "Average",
      Period: 60,
    };
  }
  const custom = tracking.CustomizedMetricSpecification;
  if (custom?.Metrics)
    return {
      Metrics: custom.Metrics.map(
        (each): MetricDataQuery => ({
          Id: each.Id,
          Label: each.Label,
          ReturnData: each.ReturnData,
          ...(each.Expression !== undefined && { Expression: each.Expression }),
          ...(each.MetricStat?.Metric && {
            MetricStat: { Metric: each.MetricStat.Metric, Period: 60, Stat: each.MetricStat.Stat ?? "Average" },
          }),
        }),
      ),
    };
  return {
    Namespace: custom?.Namespace,
    MetricName: custom?.MetricName,
    Dimensions: custom?.Dimensions,
    Statistic: custom?.Statistic as Statistic | undefined,
    Period: 60,
  };
}

/** Makes the two alarms of a policy, or writes them again: high for 3 minutes scales out, low for 15 scales in (AWS's numbers). */
export function putAlarms(local: Local, region: string, policy: PolicyRecord): PolicyRecord["alarms"] {
  const { tracking } = policy;
  if (!tracking) return [];
  const state = cloudWatchState(local, region);
  const where = { region, account: local.account, now: local.clock.now() };
  const put = (way: "high" | "low") => {
    const there = policy.alarms.find((each) => each.way === way);
    const word = way === "high" ? "AlarmHigh" : "AlarmLow";
    const name = there?.name ?? `TargetTracking-${policy.resource}-${word}-${randomUUID()}`;
    const goal = tracking.TargetValue ?? 0;
    putAlarm(
      state,
      {
        ...measured(tracking, policy.resource),
        AlarmName: name,
        AlarmDescription: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${policy.arn}.`,
        ActionsEnabled: true,
        AlarmActions: [policy.arn],
        EvaluationPeriods: way === "high" ? 3 : 15,
        Threshold: way === "high" ? goal : goal * 0.9,
        ComparisonOperator: way === "high" ? "GreaterThanThreshold" : "LessThanThreshold",
      },
      where,
    );
    return { name, arn: alarmArn(region, local.account, name), way };
  };
  const alarms = tracking.DisableScaleIn ? [put("high")] : [put("high"), put("low")];
  dropAlarms(
    local,
    region,
    policy.alarms.filter((old) => !alarms.some((each) => each.name === old.name)),
  );
  local.changed(cloudWatchKeeper, region);
  return alarms;
}

/** Removes alarms of a policy. */
export function dropAlarms(local: Local, region: string, alarms: PolicyRecord["alarms"]): void {
  const state = cloudWatchState(local, region);
  for (const each of alarms) delete state.alarms[each.name];
  local.changed(cloudWatchKeeper, region);
}
