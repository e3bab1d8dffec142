import { randomUUID } from "node:crypto";
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import createTableRules from "dynalite/validations/createTable.js";
import checks from "dynalite/validations/index.js";
import { Refusal } from "../service.ts";
import { refusal } from "./engine.ts";
import type { Index, Table } from "./table.ts";
import { toWire } from "./values.ts";

/** How long AWS takes, in ms: a table "typically 5 to 15 seconds", changes of it about the same. */
export const TAKES = { create: 8_000, update: 10_000, index: 30_000, remove: 5_000, backups: 3_000 };

/** The table that CreateTable asks for. Throws ValidationException in DynamoDB's words. */
export function newTable(input: CreateTableCommandInput, now: number, lasts: (ms: number) => number): Table {
  refuseInvalid(input);
  const { TableName = "", KeySchema = [], AttributeDefinitions = [], SSESpecification, StreamSpecification } = input;
  const activeAt = now + lasts(TAKES.create);
  const onDemand = input.BillingMode === "PAY_PER_REQUEST";
  const index = (one: object): Index => ({ ...(one as Index), id: randomUUID(), readyAt: activeAt });
  return {
    id: randomUUID(),
    TableName,
    KeySchema,
    AttributeDefinitions,
    globalIndexes: (input.GlobalSecondaryIndexes ?? []).map(index),
    localIndexes: (input.LocalSecondaryIndexes ?? []).map(index),
    createdAt: now,
    activeAt,
    onDemand,
    ...(onDemand && { onDemandSince: now }),
    ...(input.ProvisionedThroughput && { throughput: input.ProvisionedThroughput }),
    protected: input.DeletionProtectionEnabled ?? false,
    ...(SSESpecification && { sse: SSESpecification }),
    ...(StreamSpecification && { stream: streamOf(StreamSpecification, now) }),
    ...(input.TableClass && { tableClass: input.TableClass }),
    recovery: {},
    tags: Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key, Value ?? ""])),
  };
}

/** `StreamViewType` goes with an enabled stream, and only with one. */
export function streamOf(asked: NonNullable<CreateTableCommandInput["StreamSpecification"]>, now: number) {
  if (asked.StreamEnabled && !asked.StreamViewType)
    throw invalid("One or more parameter values were invalid: StreamViewType is required when StreamEnabled is true");
  if (!asked.StreamEnabled && asked.StreamViewType)
    throw invalid(
      "One or more parameter values were invalid: Table is being created with stream disabled, UpdateStreamEnabled should be true to specify StreamViewType",
    );
  return { ...asked, since: now };
}

export const invalid = (message: string): Refusal => new Refusal("ValidationException", message);

function refuseInvalid(input: CreateTableCommandInput): void {
  try {
    const data = checks.checkTypes(toWire(input) as object, createTableRules.types);
    checks.checkValidations(data, createTableRules.types, createTableRules.custom, {});
  } catch (error) {
    throw refusal(error);
  }
  const indexes = [...(input.GlobalSecondaryIndexes ?? []), ...(input.LocalSecondaryIndexes ?? [])];
  const used = [input, ...indexes].flatMap((one) => one.KeySchema ?? []).map((key) => key.AttributeName);
  const defined = (input.AttributeDefinitions ?? []).map((attribute) => attribute.AttributeName);
  if (defined.some((name) => !used.includes(name)))
    throw invalid(
      `One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [${defined.join(", ")}], keys used: [${[...new Set(used)].join(", ")}]`,
    );
  for (const index of input.GlobalSecondaryIndexes ?? []) {
    refuseThroughput(index, input.BillingMode === "PAY_PER_REQUEST");
    refuseProjection(index);
  }
}

/** An index has throughput of its own exactly if the table is provisioned. */
export function refuseThroughput(index: { IndexName?: string; ProvisionedThroughput?: object }, onDemand: boolean) {
  if (onDemand && index.ProvisionedThroughput)
    throw invalid(
      `One or more parameter values were invalid: ProvisionedThroughput should not be specified for index: ${index.IndexName} when BillingMode is PAY_PER_REQUEST`,
    );
  if (!onDemand && !index.ProvisionedThroughput)
    throw invalid(
      `One or more parameter values were invalid: ProvisionedThroughput is not specified for index: ${index.IndexName}`,
    );
}

/** An INCLUDE projection names what it includes. */
export function refuseProjection({ Projection }: Pick<Partial<Index>, "Projection">): void {
  if (Projection?.ProjectionType === "INCLUDE" && !Projection.NonKeyAttributes?.length)
    throw invalid(
      "One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
    );
}
