import type { MetricAlarm, PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { allPages } from "../pages.ts";
import { together } from "../together.ts";

export type AlarmSpec = {
  /** ARN of the topic that hears of it, when it begins and when it is over; nobody else does. */
  readonly topic: string;
  /** What it means and what to do, for who hears of it. */
  readonly description: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Average, Maximum, Minimum, Sum, SampleCount, or a percentile: p95. */
  readonly statistic: string;
  /** Seconds. */
  readonly period: number;
  readonly compare: keyof typeof operators;
  readonly threshold: number;
  /** It rings when so many of the last periods are over the threshold. */
  readonly points: number;
  readonly periods: number;
  /** What a period without data counts as. */
  readonly missing: "breaching" | "notBreaching" | "ignore" | "missing";
};

/**
 * A CloudWatch alarm on one metric. It is part of the topic that it tells, and carries no tags: those of many alarms
 * would have to be asked for one by one.
 */
export const alarm = defineKind<AlarmSpec, "arn">({
  type: "cloudwatch:alarm",
  outputs: ["arn"],
  partOf: "topic",
  check: (name) => (name.length <= 255 ? undefined : "an alarm's name has 255 characters at most"),

  async read(aws, name) {
    const it = await describe(aws, name);
    if (!it?.AlarmArn) return undefined;
    return { spec: wordsIn(it), outputs: { arn: it.AlarmArn } };
  },

  create: (aws, name, want) => put(aws, name, want),
  update: (aws, name, want) => put(aws, name, want),

  async delete(aws, name) {
    await unlessAbsent(aws.cloudwatch.deleteAlarms({ AlarmNames: [name] }), "ResourceNotFound");
  },

  async health(aws, name) {
    const it = await describe(aws, name);
    const ringing = it?.StateValue === "ALARM";
    return { healthy: !ringing, why: ringing ? `ALARM: ${it.StateReason ?? ""}` : (it?.StateValue ?? "unknown") };
  },
});

const operators = {
  ">": "GreaterThanThreshold",
  ">=": "GreaterThanOrEqualToThreshold",
  "<": "LessThanThreshold",
  "<=": "LessThanOrEqualToThreshold",
} as const;

const describe = together<Aws, MetricAlarm>(100, async (aws, names) => {
  const AlarmNames = [...names];
  const all = await allPages(async (NextToken) => {
    const page = await aws.cloudwatch.describeAlarms({ AlarmNames, AlarmTypes: ["MetricAlarm"], NextToken });
    return { items: page.MetricAlarms, next: page.NextToken };
  });
  return new Map(all.map((it) => [it.AlarmName ?? "", it]));
});

/** What it tells, and whom; actions that are not one topic twice stand there as a list, and differ. */
function wordsIn(it: MetricAlarm): Partial<AlarmSpec> {
  const { AlarmActions = [], OKActions = [], InsufficientDataActions = [], ActionsEnabled = true } = it;
  const [topic = ""] = AlarmActions;
  const whole = ActionsEnabled && AlarmActions.length === 1 && OKActions.join() === topic;
  const told = whole && InsufficientDataActions.length === 0;
  const compare = Object.entries(operators).find(([, name]) => name === it.ComparisonOperator)?.[0];
  return {
    topic: told ? topic : JSON.stringify({ ActionsEnabled, AlarmActions, OKActions, InsufficientDataActions }),
    description: it.AlarmDescription ?? "",
    namespace: it.Namespace,
    metric: it.MetricName,
    dimensions: Object.fromEntries((it.Dimensions ?? []).map(({ Name = "", Value = "" }) => [Name, Value])),
    statistic: it.ExtendedStatistic ?? it.Statistic,
    period: it.Period,
    compare: (compare ?? it.ComparisonOperator) as AlarmSpec["compare"],
    threshold: it.Threshold,
    points: it.DatapointsToAlarm ?? it.EvaluationPeriods,
    periods: it.EvaluationPeriods,
    missing: (it.TreatMissingData ?? "missing") as AlarmSpec["missing"],
  };
}

/** Overwrites it whole. */
async function put(aws: Aws, name: string, want: AlarmSpec): Promise<void> {
  const percentile = /^p\d/.test(want.statistic);
  const statistic = percentile
    ? { ExtendedStatistic: want.statistic }
    : { Statistic: want.statistic as NonNullable<PutMetricAlarmCommandInput["Statistic"]> };
  await aws.cloudwatch.putMetricAlarm({
    AlarmName: name,
    AlarmDescription: want.description,
    ActionsEnabled: true,
    AlarmActions: [want.topic],
    OKActions: [want.topic],
    InsufficientDataActions: [],
    Namespace: want.namespace,
    MetricName: want.metric,
    Dimensions: Object.entries(want.dimensions).map(([Name, Value]) => ({ Name, Value })),
    ...statistic,
    Period: want.period,
    ComparisonOperator: operators[want.compare],
    Threshold: want.threshold,
    DatapointsToAlarm: want.points,
    EvaluationPeriods: want.periods,
    TreatMissingData: want.missing,
  });
}
