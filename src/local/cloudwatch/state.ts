import type { PutMetricAlarmInput, StateValue, Tag } from "@aws-sdk/client-cloudwatch";
import type { Keeper, Local } from "../service.ts";

/** An alarm: what was put, and the state it is in. */
export interface AlarmRecord {
  readonly arn: string;
  readonly settings: Omit<PutMetricAlarmInput, "Tags"> & { readonly AlarmName: string };
  readonly configuredAt: number;
  state: StateValue;
  reason: string;
  reasonData?: string;
  updatedAt: number;
  changedAt: number;
  tags: Tag[];
  history: { at: number; summary: string }[];
}

export interface DashboardRecord {
  readonly name: string;
  readonly body: string;
  readonly modifiedAt: number;
}

/** What somebody put with PutMetricData. */
export interface CustomMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  points: { at: number; sum: number; count: number; min: number; max: number }[];
}

export interface CloudWatchState {
  alarms: Record<string, AlarmRecord>;
  custom: Record<string, CustomMetric>;
  /** Dashboards know no region: they are kept in us-east-1. */
  dashboards: Record<string, DashboardRecord>;
  dashboardTags: Record<string, Tag[]>;
}

/** Where CloudWatch's state is kept; Application Auto Scaling puts its alarms there. */
export const cloudWatchKeeper: Keeper<CloudWatchState> = {
  id: "monitoring",
  initial: () => ({ alarms: {}, custom: {}, dashboards: {}, dashboardTags: {} }),
};

/** CloudWatch's state of one region. */
export const cloudWatchState = (local: Local, region: string): CloudWatchState => local.state(cloudWatchKeeper, region);

export const alarmArn = (region: string, account: string, name: string): string =>
  `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;

/** Writes an alarm over what was there; a new one has no data yet. Tags are heeded only by the first call. */
export function putAlarm(
  state: CloudWatchState,
  settings: AlarmRecord["settings"],
  where: { region: string; account: string; now: number },
  tags: Tag[] = [],
): AlarmRecord {
  const there = state.alarms[settings.AlarmName];
  const made: AlarmRecord = {
    arn: alarmArn(where.region, where.account, settings.AlarmName),
    settings,
    configuredAt: where.now,
    state: there?.state ?? "INSUFFICIENT_DATA",
    reason: there?.reason ?? "Unchecked: Initial alarm creation",
    updatedAt: there?.updatedAt ?? where.now,
    changedAt: there?.changedAt ?? where.now,
    tags: there?.tags ?? tags,
    history: there?.history ?? [],
  };
  state.alarms[settings.AlarmName] = made;
  return made;
}
