import type { CloudWatch, MetricAlarm } from "@aws-sdk/client-cloudwatch";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { become } from "./evaluate.ts";
import { dimensionsOf } from "./query.ts";
import { type AlarmRecord, type CloudWatchState, putAlarm } from "./state.ts";

const view = (alarm: AlarmRecord): MetricAlarm => ({
  ActionsEnabled: true,
  OKActions: [],
  AlarmActions: [],
  InsufficientDataActions: [],
  Dimensions: [],
  ...alarm.settings,
  AlarmArn: alarm.arn,
  AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAt),
  StateValue: alarm.state,
  StateReason: alarm.reason,
  StateReasonData: alarm.reasonData,
  StateUpdatedTimestamp: new Date(alarm.updatedAt),
  StateTransitionedTimestamp: new Date(alarm.changedAt),
});

function alarmNamed(state: CloudWatchState, name = ""): AlarmRecord {
  const found = state.alarms[name];
  if (!found) throw new Refusal("ResourceNotFound", "Unknown");
  return found;
}

function checkAlarm(input: Parameters<NonNullable<Handlers<CloudWatch, CloudWatchState>["PutMetricAlarm"]>>[0]): void {
  const wrong = (message: string) => new Refusal("ValidationException", message, { status: 400 });
  if (!input.Metrics && !input.MetricName) throw wrong("Exactly one of MetricName and Metrics must be specified");
  if (input.Metrics && input.MetricName)
    throw new Refusal("InvalidParameterCombinationException", "MetricName must not be specified with Metrics");
  if (input.MetricName && !input.Statistic && !input.ExtendedStatistic)
    throw wrong("Exactly one of Statistic and ExtendedStatistic must be specified");
  if (input.MetricName && input.Period === undefined) throw wrong("Period must not be null");
  if ((input.DatapointsToAlarm ?? 1) > (input.EvaluationPeriods ?? 1))
    throw wrong("DatapointsToAlarm must be less than or equal to EvaluationPeriods");
  if (input.Threshold === undefined && !input.ThresholdMetricId) throw wrong("Threshold must not be null");
}

const switchActions = (state: CloudWatchState, names: readonly string[], on: boolean): void => {
  for (const name of names) {
    const found = state.alarms[name];
    if (found) state.alarms[name] = { ...found, settings: { ...found.settings, ActionsEnabled: on } };
  }
};

/** Alarms over single metrics and metric math. */
export const alarms: Handlers<CloudWatch, CloudWatchState> = {
  PutMetricAlarm: (input, { state, region, account, local }) => {
    checkAlarm(input);
    const { Tags, ...settings } = input;
    const { AlarmName = "" } = settings;
    putAlarm(state, { ...settings, AlarmName }, { region, account, now: local.clock.now() }, Tags);
  },
  DescribeAlarms: (input, { state }) => {
    const { AlarmNames, AlarmNamePrefix = "", StateValue, ActionPrefix, MaxRecords = 50, NextToken } = input;
    const found = Object.values(state.alarms).filter(
      ({ settings, state: has }) =>
        (AlarmNames === undefined || AlarmNames.includes(settings.AlarmName)) &&
        settings.AlarmName.startsWith(AlarmNamePrefix) &&
        (StateValue === undefined || has === StateValue) &&
        (ActionPrefix === undefined || settings.AlarmActions?.some((each) => each.startsWith(ActionPrefix))),
    );
    const size = AlarmNames ? 100 : MaxRecords;
    const { items, next } = page(found, (each) => each.settings.AlarmName, size, NextToken);
    return { MetricAlarms: items.map(view), CompositeAlarms: [], NextToken: next };
  },
  DescribeAlarmsForMetric: ({ MetricName, Namespace, Dimensions }, { state }) => {
    const wanted = JSON.stringify(dimensionsOf(Dimensions));
    const found = Object.values(state.alarms).filter(
      ({ settings }) =>
        settings.MetricName === MetricName &&
        settings.Namespace === Namespace &&
        (!Dimensions || JSON.stringify(dimensionsOf(settings.Dimensions)) === wanted),
    );
    return { MetricAlarms: found.map(view) };
  },
  DescribeAlarmHistory: ({ AlarmName, MaxRecords = 50 }, { state }) => {
    const found = Object.values(state.alarms).filter((each) => !AlarmName || each.settings.AlarmName === AlarmName);
    const items = found.flatMap(({ settings, history }) =>
      history.map(({ at, summary }) => ({
        AlarmName: settings.AlarmName,
        AlarmType: "MetricAlarm" as const,
        Timestamp: new Date(at),
        HistoryItemType: "StateUpdate" as const,
        HistorySummary: summary,
      })),
    );
    return { AlarmHistoryItems: items.slice(0, MaxRecords) };
  },
  DeleteAlarms: ({ AlarmNames = [] }, { state }) => {
    for (const name of AlarmNames) delete state.alarms[name];
  },
  SetAlarmState: ({ AlarmName, StateValue = "OK", StateReason = "", StateReasonData }, { state, local, region }) =>
    become(local, region, alarmNamed(state, AlarmName), StateValue, StateReason, StateReasonData),
  EnableAlarmActions: ({ AlarmNames = [] }, { state }) => switchActions(state, AlarmNames, true),
  DisableAlarmActions: ({ AlarmNames = [] }, { state }) => switchActions(state, AlarmNames, false),
};
