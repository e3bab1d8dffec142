import type { ContinuousBackupsDescription, DynamoDB, TimeToLiveDescription } from "@aws-sdk/client-dynamodb";
import { type Call, type Handlers, Refusal } from "../service.ts";
import { invalid, TAKES } from "./create.ts";
import { type DynamoDBState, status, type Table, tableOf } from "./table.ts";

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

/** What is set on a table beside the table itself: tags, time to live, continuous backups, and the account's limits. */
export const settings: Handlers<DynamoDB, DynamoDBState> = {
  TagResource: (input, call) => {
    const table = byArn(input.ResourceArn, call);
    for (const { Key = "", Value = "" } of input.Tags ?? []) table.tags[Key] = Value;
    if (Object.keys(table.tags).length > 50)
      throw new Refusal("LimitExceededException", "Subscriber limit exceeded: a resource has at most 50 tags");
  },

  UntagResource: (input, call) => {
    const table = byArn(input.ResourceArn, call);
    for (const key of input.TagKeys ?? []) delete table.tags[key];
  },

  ListTagsOfResource: (input, call) => ({
    Tags: Object.entries(byArn(input.ResourceArn, call).tags).map(([Key, Value]) => ({ Key, Value })),
  }),

  UpdateTimeToLive: (input, call) => {
    const table = find(input.TableName, call);
    const now = call.local.clock.now();
    const { Enabled = false, AttributeName = "" } = input.TimeToLiveSpecification ?? {};
    if (Enabled === (table.ttl?.enabled ?? false))
      throw invalid(`TimeToLive is already ${Enabled ? "en" : "dis"}abled`);
    if (table.ttl && now < table.ttl.until)
      throw invalid("Time to live has been modified multiple times within a fixed interval");
    if (!Enabled && table.ttl?.attribute !== AttributeName)
      throw invalid(
        `TimeToLive is active on a different AttributeName: current AttributeName is ${table.ttl?.attribute}`,
      );
    table.ttl = { attribute: AttributeName, enabled: Enabled, until: now + call.local.lasts(HOUR) };
    return { TimeToLiveSpecification: { Enabled, AttributeName } };
  },

  DescribeTimeToLive: (input, call) => ({
    TimeToLiveDescription: timeToLive(find(input.TableName, call), call.local.clock.now()),
  }),

  UpdateContinuousBackups: (input, call) => {
    const table = backedUp(input.TableName, call);
    const now = call.local.clock.now();
    if (now < table.activeAt + call.local.lasts(TAKES.backups))
      throw new Refusal(
        "ContinuousBackupsUnavailableException",
        `Backups are being enabled for the table: ${table.TableName}. Please retry later`,
      );
    const asked = input.PointInTimeRecoverySpecification;
    if (asked?.PointInTimeRecoveryEnabled)
      table.recovery = { since: table.recovery.since ?? now, days: asked.RecoveryPeriodInDays ?? 35 };
    else table.recovery = {};
    return { ContinuousBackupsDescription: backups(table, now) };
  },

  DescribeContinuousBackups: (input, call) => ({
    ContinuousBackupsDescription: backups(backedUp(input.TableName, call), call.local.clock.now()),
  }),

  DescribeLimits: () => ({
    AccountMaxReadCapacityUnits: 80_000,
    AccountMaxWriteCapacityUnits: 80_000,
    TableMaxReadCapacityUnits: 40_000,
    TableMaxWriteCapacityUnits: 40_000,
  }),

  DescribeEndpoints: (_input, { local }) => ({
    Endpoints: [{ Address: local.url.replace(/^https?:\/\//, ""), CachePeriodInMinutes: 1440 }],
  }),
};

const find = (name: string | undefined, { state, local }: Call<DynamoDBState>): Table =>
  tableOf(state, name, local.clock.now());

function byArn(arn: string | undefined, { state, local }: Call<DynamoDBState>): Table {
  try {
    return tableOf(state, arn, local.clock.now());
  } catch {
    throw new Refusal("ResourceNotFoundException", `Requested resource not found: ResourcArn: ${arn} not found`);
  }
}

/** These operations say of an absent table TableNotFoundException, and a table that is being made is absent to them. */
function backedUp(name: string | undefined, { state, local }: Call<DynamoDBState>): Table {
  const now = local.clock.now();
  const table = Object.values(state.tables).find((one) => one.TableName === (name?.split("/")[1] ?? name));
  if (!table || ["CREATING", "DELETING"].includes(status(table, now)))
    throw new Refusal("TableNotFoundException", `Table not found: ${name}`);
  return table;
}

function timeToLive({ ttl }: Table, now: number): TimeToLiveDescription {
  if (!ttl) return { TimeToLiveStatus: "DISABLED" };
  const settled = now >= ttl.until;
  if (!ttl.enabled && settled) return { TimeToLiveStatus: "DISABLED" };
  const changing = ttl.enabled ? "ENABLING" : "DISABLING";
  return { TimeToLiveStatus: settled ? "ENABLED" : changing, AttributeName: ttl.attribute };
}

function backups({ recovery: { since, days = 35 } }: Table, now: number): ContinuousBackupsDescription {
  return {
    ContinuousBackupsStatus: "ENABLED",
    PointInTimeRecoveryDescription:
      since === undefined
        ? { PointInTimeRecoveryStatus: "DISABLED" }
        : {
            PointInTimeRecoveryStatus: "ENABLED",
            RecoveryPeriodInDays: days,
            EarliestRestorableDateTime: new Date(Math.max(since, now - days * DAY)),
            // AWS can restore up to "typically five minutes before the current time".
            LatestRestorableDateTime: new Date(Math.max(since, now - 5 * 60_000)),
          },
  };
}
