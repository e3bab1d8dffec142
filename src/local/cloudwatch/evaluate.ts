import type { MetricDataQuery, StateValue } from "@aws-sdk/client-cloudwatch";
import type { Local } from "../service.ts";
import { publish } from "../sns/publish.ts";
import { returned, windowValue } from "./query.ts";
import { allSeries, type Series } from "./series.ts";
import { type AlarmRecord, cloudWatchKeeper, cloudWatchState } from "./state.ts";

/** How often metrics are sampled and alarms looked at; a period is never shorter. Milliseconds. */
export const tick = (local: Local): number => Math.max(1000, local.lasts(10_000));

const queriesOf = ({ settings }: AlarmRecord): MetricDataQuery[] =>
  settings.Metrics ?? [
    {
      Id: "m1",
      MetricStat: {
        Metric: { Namespace: settings.Namespace, MetricName: settings.MetricName, Dimensions: settings.Dimensions },
        Period: settings.Period ?? 60,
        Stat: settings.Statistic ?? settings.ExtendedStatistic ?? "Average",
      },
    },
  ];

/** The values of an alarm's evaluation periods, newest first; undefined where data is missing. */
export function datapoints(
  local: Local,
  all: readonly Series[],
  alarm: AlarmRecord,
  periods = alarm.settings.EvaluationPeriods ?? 1,
): (number | undefined)[] {
  const queries = queriesOf(alarm);
  const seconds =
    alarm.settings.Period ?? queries.find((each) => each.MetricStat)?.MetricStat?.Period ?? queries[0]?.Period ?? 60;
  // what takes minutes on AWS is to be seen in seconds here, where waits are short
  const period = Math.max(local.lasts(seconds * 1000), tick(local));
  const now = local.clock.now() + 1;
  const id = returned(queries) ?? "m1";
  return Array.from({ length: periods }, (_, i) =>
    windowValue(all, queries, id, now - (i + 1) * period, now - i * period),
  );
}

const WORDS: Readonly<Record<string, [string, (value: number, threshold: number) => boolean]>> = {
  GreaterThanOrEqualToThreshold: ["greater than or equal to", (value, threshold) => value >= threshold],
  GreaterThanThreshold: ["greater than", (value, threshold) => value > threshold],
  LessThanThreshold: ["less than", (value, threshold) => value < threshold],
  LessThanOrEqualToThreshold: ["less than or equal to", (value, threshold) => value <= threshold],
};

/** What an alarm's state is by its data, and why; undefined: it stays as it is. */
function judge({ settings }: AlarmRecord, values: readonly (number | undefined)[]) {
  const { Threshold: threshold = 0, TreatMissingData: treat = "missing", ComparisonOperator = "" } = settings;
  const [words, crosses] = WORDS[ComparisonOperator] ?? ["beyond", () => false];
  const there = values.filter((value) => value !== undefined);
  const breaching = there.filter((value) => crosses(value, threshold));
  const missing = values.length - there.length;
  const needed = settings.DatapointsToAlarm ?? values.length;
  if (there.length === 0 && treat === "ignore") return undefined;
  if (there.length === 0 && treat === "missing")
    return { state: "INSUFFICIENT_DATA" as const, reason: "Insufficient Data: no datapoints were received." };
  const alarmed = breaching.length + (treat === "breaching" ? missing : 0) >= needed;
  const shown = (alarmed ? breaching : there).map((value) => value.toFixed(1)).join(", ");
  const state: StateValue = alarmed ? "ALARM" : "OK";
  const what =
    there.length === 0
      ? `no datapoints were received for ${missing} period${missing === 1 ? "" : "s"} and ${missing} missing datapoint${missing === 1 ? " was" : "s were"} treated as [${alarmed ? "Breaching" : "NonBreaching"}]`
      : `${alarmed ? breaching.length : there.length} datapoint${there.length === 1 ? "" : "s"} [${shown}] ${there.length === 1 ? "was" : "were"}${alarmed ? "" : " not"} ${words} the threshold (${threshold.toFixed(1)})`;
  return { state, reason: `Threshold Crossed: ${what}.` };
}

/** Puts an alarm into a state; a change is told to the actions of that state. */
export function become(
  local: Local,
  region: string,
  alarm: AlarmRecord,
  state: StateValue,
  reason: string,
  data?: string,
): void {
  const now = local.clock.now();
  const before = alarm.state;
  Object.assign(alarm, { state, reason, reasonData: data, updatedAt: now });
  if (before === state) return;
  alarm.changedAt = now;
  alarm.history.unshift({ at: now, summary: `Alarm updated from ${before} to ${state}` });
  alarm.history.length = Math.min(alarm.history.length, 100);
  local.changed(cloudWatchKeeper, region);
  if (alarm.settings.ActionsEnabled === false) return;
  const { OKActions = [], AlarmActions = [], InsufficientDataActions = [] } = alarm.settings;
  const actions = state === "OK" ? OKActions : state === "ALARM" ? AlarmActions : InsufficientDataActions;
  for (const topic of actions.filter((each) => each.includes(":sns:"))) notify(local, region, alarm, before, topic);
}

function notify(local: Local, region: string, alarm: AlarmRecord, before: StateValue, topic: string): void {
  const { settings } = alarm;
  const message = JSON.stringify({
    AlarmName: settings.AlarmName,
    AlarmDescription: settings.AlarmDescription ?? null,
    AWSAccountId: local.account,
    NewStateValue: alarm.state,
    NewStateReason: alarm.reason,
    StateChangeTime: new Date(alarm.changedAt).toISOString(),
    Region: region,
    AlarmArn: alarm.arn,
    OldStateValue: before,
    OKActions: settings.OKActions ?? [],
    AlarmActions: settings.AlarmActions ?? [],
    InsufficientDataActions: settings.InsufficientDataActions ?? [],
    Trigger: {
      MetricName: settings.MetricName,
      Namespace: settings.Namespace,
      Statistic: settings.Statistic,
      Dimensions: (settings.Dimensions ?? []).map(({ Name, Value }) => ({ value: Value, name: Name })),
      Period: settings.Period,
      EvaluationPeriods: settings.EvaluationPeriods,
      ComparisonOperator: settings.ComparisonOperator,
      Threshold: settings.Threshold,
      TreatMissingData: settings.TreatMissingData ?? "missing",
    },
  });
  try {
    publish(local, region, topic, {
      message,
      subject: `${alarm.state}: "${settings.AlarmName}" in ${region}`.slice(0, 100),
    });
  } catch (error) {
    local.warn(
      `cloudwatch: ${settings.AlarmName} could not tell ${topic}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Looks at every alarm of a region. */
export function evaluateAlarms(local: Local, region: string): void {
  const alarms = Object.values(cloudWatchState(local, region).alarms);
  if (alarms.length === 0) return;
  const all = allSeries(local, region);
  for (const alarm of alarms) {
    const verdict = judge(alarm, datapoints(local, all, alarm));
    if (verdict && (verdict.state !== alarm.state || verdict.reason !== alarm.reason))
      become(local, region, alarm, verdict.state, verdict.reason);
  }
}
