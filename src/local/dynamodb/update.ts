import { randomUUID } from "node:crypto";
import type { CreateGlobalSecondaryIndexAction, UpdateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { Refusal } from "../service.ts";
import { invalid, refuseProjection, refuseThroughput, streamOf, TAKES } from "./create.ts";
import { type Index, status, type Table } from "./table.ts";

/** What else an update sets going. */
export interface Consequence {
  /** Its entries are to be made of the items there are. */
  backfill?: Index;
  /** Its entries are to be forgotten. */
  clear?: Index;
}

/**
 * Changes a table as UpdateTable asks. AWS takes one kind of change a call: throughput or billing, one index made,
 * one index deleted, the stream (API reference, UpdateTable). Throws ResourceInUseException, ValidationException.
 */
export function change(table: Table, input: UpdateTableCommandInput, now: number, lasts: (ms: number) => number) {
  refuseBusy(table, now);
  const kinds = kindsOf(input);
  if (kinds.length === 0)
    throw invalid(
      "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required",
    );
  if (kinds.length > 1)
    throw invalid(
      `One or more parameter values were invalid: Only one kind of change is allowed in an UpdateTable call: ${kinds.join(", ")}`,
    );
  const consequence: Consequence = {};
  switch (kinds[0]) {
    case "throughput":
      changeBilling(table, input, now);
      break;
    case "indexes":
      Object.assign(consequence, changeIndexes(table, input, now, lasts));
      break;
    case "stream":
      changeStream(table, input, now);
      break;
    case "encryption":
      table.sse = input.SSESpecification;
      break;
    case "class":
      table.tableClass = input.TableClass;
      break;
    case "protection":
      table.protected = input.DeletionProtectionEnabled ?? false;
      break;
  }
  // Protection and class are words about the table; the rest is work on it.
  if (kinds[0] !== "protection" && kinds[0] !== "class") table.updatedAt = now + lasts(TAKES.update);
  return consequence;
}

function kindsOf(input: UpdateTableCommandInput): string[] {
  const indexes = input.GlobalSecondaryIndexUpdates ?? [];
  const made = indexes.some((index) => index.Create || index.Delete);
  return [
    ...(input.BillingMode || input.ProvisionedThroughput || indexes.some((index) => index.Update)
      ? ["throughput"]
      : []),
    ...(made ? ["indexes"] : []),
    ...(input.StreamSpecification ? ["stream"] : []),
    ...(input.SSESpecification ? ["encryption"] : []),
    ...(input.TableClass ? ["class"] : []),
    ...(input.DeletionProtectionEnabled !== undefined ? ["protection"] : []),
  ];
}

/** Refuses work on a table that is being worked on. */
export function refuseBusy(table: Table, now: number): void {
  const now_ = status(table, now);
  if (now_ === "ACTIVE") return;
  const doing = { CREATING: "created", UPDATING: "updated", DELETING: "deleted" }[now_];
  throw new Refusal(
    "ResourceInUseException",
    `Attempt to change a resource which is still in use: Table is being ${doing}: ${table.TableName}`,
  );
}

function changeBilling(table: Table, input: UpdateTableCommandInput, now: number): void {
  const onDemand = input.BillingMode ? input.BillingMode === "PAY_PER_REQUEST" : table.onDemand;
  const asked = input.ProvisionedThroughput;
  if (onDemand && asked)
    throw invalid(
      "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  if (input.BillingMode === "PROVISIONED" && !asked)
    throw invalid(
      "One or more parameter values were invalid: ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
    );
  const updates = new Map(
    (input.GlobalSecondaryIndexUpdates ?? []).flatMap(({ Update }) =>
      Update ? [[Update.IndexName, Update.ProvisionedThroughput] as const] : [],
    ),
  );
  for (const name of updates.keys())
    if (!table.globalIndexes.some((index) => index.IndexName === name))
      throw new Refusal("ResourceNotFoundException", `Requested resource not found: Index: ${name} not found`);
  const without = table.globalIndexes.filter((index) => !updates.has(index.IndexName));
  if (table.onDemand && !onDemand && without.length > 0)
    throw invalid(
      `One or more parameter values were invalid: ProvisionedThroughput must be specified for index: ${without.map((index) => index.IndexName).join(",")}`,
    );
  if (!table.onDemand && !onDemand && asked && equal(asked, table.throughput) && updates.size === 0)
    throw invalid(
      `The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: ${asked.ReadCapacityUnits}. Requested ReadCapacityUnits: ${asked.ReadCapacityUnits}. Current WriteCapacityUnits provisioned for the table: ${asked.WriteCapacityUnits}. Requested WriteCapacityUnits: ${asked.WriteCapacityUnits}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.`,
    );
  if (onDemand && !table.onDemand) table.onDemandSince = now;
  table.onDemand = onDemand;
  if (onDemand) delete table.throughput;
  else if (asked) table.throughput = asked;
  for (const index of table.globalIndexes) {
    const units = updates.get(index.IndexName);
    if (onDemand) delete index.ProvisionedThroughput;
    else if (units) index.ProvisionedThroughput = units;
  }
}

const equal = (one: { ReadCapacityUnits?: number; WriteCapacityUnits?: number }, other: typeof one | undefined) =>
  one.ReadCapacityUnits === other?.ReadCapacityUnits && one.WriteCapacityUnits === other?.WriteCapacityUnits;

function changeIndexes(table: Table, input: UpdateTableCommandInput, now: number, lasts: (ms: number) => number) {
  const updates = input.GlobalSecondaryIndexUpdates ?? [];
  if (updates.length > 1)
    throw new Refusal(
      "LimitExceededException",
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    );
  const { Create, Delete } = updates[0] ?? {};
  if (Create) return { backfill: addIndex(table, Create, input, now + lasts(TAKES.index)) };
  const index = table.globalIndexes.find((one) => one.IndexName === Delete?.IndexName);
  if (!index) throw new Refusal("ResourceNotFoundException", "Requested resource not found");
  index.goneAt = now + lasts(TAKES.update);
  const needed = [table, ...table.localIndexes, ...table.globalIndexes.filter((one) => one !== index)];
  const used = new Set(needed.flatMap((one) => one.KeySchema.map((key) => key.AttributeName)));
  table.AttributeDefinitions = table.AttributeDefinitions.filter((attribute) => used.has(attribute.AttributeName));
  return { clear: index };
}

function addIndex(
  table: Table,
  asked: CreateGlobalSecondaryIndexAction,
  { AttributeDefinitions = [] }: UpdateTableCommandInput,
  readyAt: number,
): Index {
  const { IndexName = "", KeySchema = [], Projection = {}, ProvisionedThroughput } = asked;
  if (table.globalIndexes.some((index) => index.IndexName === IndexName))
    throw invalid(`One or more parameter values were invalid: Duplicate index name: ${IndexName}`);
  refuseThroughput(asked, table.onDemand);
  refuseProjection(asked);
  const defined = new Map(
    [...table.AttributeDefinitions, ...AttributeDefinitions].map((one) => [one.AttributeName, one]),
  );
  const keys = KeySchema.map((key) => key.AttributeName);
  if (keys.some((key) => !defined.has(key)))
    throw invalid(
      `One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [${keys.join(", ")}], AttributeDefinitions: [${[...defined.keys()].join(", ")}]`,
    );
  if (KeySchema[0]?.KeyType !== "HASH")
    throw invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  const index: Index = {
    id: randomUUID(),
    IndexName,
    KeySchema,
    Projection,
    ...(ProvisionedThroughput && { ProvisionedThroughput }),
    readyAt,
    backfilling: true,
  };
  const used = new Set([...table.AttributeDefinitions.map((one) => one.AttributeName), ...keys]);
  table.AttributeDefinitions = [...defined.values()].filter((one) => used.has(one.AttributeName));
  table.globalIndexes.push(index);
  return index;
}

function changeStream(table: Table, input: UpdateTableCommandInput, now: number): void {
  const asked = input.StreamSpecification;
  if (!asked) return;
  if (asked.StreamEnabled && table.stream?.StreamEnabled)
    throw new Refusal("ResourceInUseException", `Table already has an enabled stream: TableName: ${table.TableName}`);
  if (!asked.StreamEnabled && !table.stream?.StreamEnabled) throw invalid("Table already has stream disabled");
  table.stream = streamOf(asked, now);
}
