import type { GlobalSecondaryIndexDescription } from "@aws-sdk/client-dynamodb";
import { asError } from "../../engine/problem.ts";
import type { State } from "../../engine/resource.ts";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";

/** A global secondary index; its keys are named with their types, `updatedAt: "N"`. */
export type Index = {
  readonly hash: Attribute;
  readonly range: Attribute;
  /** What the index holds beside its keys. */
  readonly holds: readonly string[];
};
export type Attribute = { readonly name: string; readonly type: "S" | "N" };

export type TableSpec = {
  readonly key: string;
  readonly billing: "on-demand" | "provisioned";
  /** Point-in-time recovery. */
  readonly recovery: boolean;
  /** AWS refuses to delete a protected table. */
  readonly protected: boolean;
  /** By a key that DynamoDB owns (free, always on), or by the account's own KMS key. */
  readonly encryption: "owned" | "kms";
  readonly indexes: Readonly<Record<string, Index>> | null;
};

/** A DynamoDB table with one string key. */
export const table = defineKind<TableSpec, "arn">({
  type: "dynamodb:table",
  outputs: ["arn"],
  fixed: ["key"],
  kept: "it holds data",
  check: (name) =>
    /^[\w.-]{3,255}$/.test(name)
      ? undefined
      : "a table's name has 3 to 255 letters, digits, dots, hyphens and underscores",

  async read(aws, name) {
    const arn = await arnOf(aws, name);
    const [found, backups, tags] = await Promise.all([
      unlessAbsent(aws.dynamodb.describeTable({ TableName: name }), "ResourceNotFound"),
      unlessAbsent(aws.dynamodb.describeContinuousBackups({ TableName: name }), "TableNotFound", "ResourceNotFound"),
      // Of a table that is not there AWS may say AccessDenied.
      unlessAbsent(aws.dynamodb.listTagsOfResource({ ResourceArn: arn }), "ResourceNotFound").catch(asError),
    ]);
    const it = found?.Table;
    // Of the calls one found it, and one did not: it is on its way in or out.
    if (!it || !tags) return undefined;
    if (tags instanceof Error) throw tags;
    const { stack, adopted } = ownerIn(tags.Tags);
    const recovery = backups?.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
    const types = new Map(
      it.AttributeDefinitions?.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
    );
    const indexes = it.GlobalSecondaryIndexes?.map((index) => [index.IndexName, indexIn(index, types)]) ?? [];
    return {
      spec: {
        key: it.KeySchema?.map(({ AttributeName }) => AttributeName).join(" ") ?? "",
        billing: it.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST" ? "on-demand" : "provisioned",
        recovery: recovery === "ENABLED",
        protected: it.DeletionProtectionEnabled ?? false,
        encryption:
          it.SSEDescription?.Status === "ENABLED" || it.SSEDescription?.Status === "ENABLING" ? "kms" : "owned",
        indexes: indexes.length > 0 ? Object.fromEntries(indexes) : null,
        stack,
      },
      adopted,
      outputs: { arn: it.TableArn ?? arn },
      state: stateOf(it.TableStatus, it.GlobalSecondaryIndexes),
    };
  },

  // Point-in-time recovery has a call of its own, which wants the table at rest: a later round of update makes it.
  async create(aws, name, want) {
    const indexes = Object.entries(want.indexes ?? {});
    await aws.dynamodb.createTable({
      TableName: name,
      KeySchema: [{ AttributeName: want.key, KeyType: "HASH" }],
      AttributeDefinitions: attributesOf(
        want.key,
        indexes.map(([, index]) => index),
      ),
      // The API's default is provisioned capacity, which costs money while nobody comes.
      ...billingOf(want.billing),
      DeletionProtectionEnabled: want.protected,
      SSESpecification: want.encryption === "kms" ? { Enabled: true } : undefined,
      GlobalSecondaryIndexes:
        indexes.length > 0 ? indexes.map(([IndexName, index]) => ({ IndexName, ...schemaOf(index) })) : undefined,
      Tags: tagList(want),
    });
  },

  // UpdateTable takes one kind of change a call, on a table at rest: one is made each round.
  async update(aws, name, want, have, changed) {
    const TableName = name;
    if (changed.has("stack"))
      await aws.dynamodb.tagResource({ ResourceArn: await arnOf(aws, name), Tags: tagList(want) });
    if (changed.has("recovery")) {
      await aws.dynamodb.updateContinuousBackups({
        TableName,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: want.recovery },
      });
    }
    if (changed.has("protected"))
      await aws.dynamodb.updateTable({ TableName, DeletionProtectionEnabled: want.protected });
    else if (changed.has("billing")) await aws.dynamodb.updateTable({ TableName, ...billingOf(want.billing) });
    else if (changed.has("encryption"))
      await aws.dynamodb.updateTable({ TableName, SSESpecification: { Enabled: want.encryption === "kms" } });
    else if (changed.has("indexes")) await updateIndex(aws, name, want, have.spec.indexes ?? {});
  },

  async delete(aws, name, have) {
    if (have.spec.protected) await aws.dynamodb.updateTable({ TableName: name, DeletionProtectionEnabled: false });
    await aws.dynamodb.deleteTable({ TableName: name });
  },

  async release(aws, name) {
    await aws.dynamodb.untagResource({ ResourceArn: await arnOf(aws, name), TagKeys: tagKeys });
  },
});

const arnOf = (aws: Aws, name: string) => aws.arn("dynamodb", `table/${name}`);

/** An index that differs is deleted first, and made anew in a later round: AWS changes none in place. */
async function updateIndex(
  aws: Aws,
  name: string,
  want: TableSpec,
  have: Readonly<Record<string, Index>>,
): Promise<void> {
  const wanted = want.indexes ?? {};
  const same = (index: string) => JSON.stringify(sorted(wanted[index])) === JSON.stringify(sorted(have[index]));
  const gone = Object.keys(have).find((index) => !same(index));
  const missing = Object.keys(wanted).find((index) => !have[index]);
  if (gone !== undefined) {
    await aws.dynamodb.updateTable({ TableName: name, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: gone } }] });
  } else if (missing !== undefined) {
    const index = wanted[missing]!;
    await aws.dynamodb.updateTable({
      TableName: name,
      AttributeDefinitions: attributesOf(want.key, [...Object.values(have), index]),
      GlobalSecondaryIndexUpdates: [{ Create: { IndexName: missing, ...schemaOf(index) } }],
    });
  }
}

const sorted = (index: Index | undefined) =>
  index && { hash: index.hash, range: index.range, holds: [...index.holds].sort() };

function indexIn(
  { KeySchema, Projection }: GlobalSecondaryIndexDescription,
  types: ReadonlyMap<string | undefined, string | undefined>,
): Index {
  const key = (type: "HASH" | "RANGE"): Attribute => {
    const name = KeySchema?.find(({ KeyType }) => KeyType === type)?.AttributeName ?? "";
    return { name, type: types.get(name) === "N" ? "N" : "S" };
  };
  const holds = Projection?.ProjectionType === "ALL" ? ["*"] : (Projection?.NonKeyAttributes ?? []);
  return { hash: key("HASH"), range: key("RANGE"), holds };
}

const schemaOf = (index: Index) => ({
  KeySchema: [
    { AttributeName: index.hash.name, KeyType: "HASH" as const },
    { AttributeName: index.range.name, KeyType: "RANGE" as const },
  ],
  Projection: { ProjectionType: "INCLUDE" as const, NonKeyAttributes: [...index.holds] },
});

const attributesOf = (key: string, indexes: readonly Index[]) => {
  const types = new Map<string, "S" | "N">([[key, "S"]]);
  for (const { hash, range } of indexes) types.set(hash.name, hash.type).set(range.name, range.type);
  return [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));
};

const billingOf = (billing: TableSpec["billing"]) =>
  billing === "on-demand"
    ? { BillingMode: "PAY_PER_REQUEST" as const }
    : { BillingMode: "PROVISIONED" as const, ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 } };

function stateOf(
  status: string | undefined,
  indexes: readonly GlobalSecondaryIndexDescription[] = [],
): State | undefined {
  if (status === "DELETING") return { is: "going", why: "the table is being deleted" };
  if (status === "CREATING" || status === "UPDATING") return { is: "busy", why: `the table is ${status}` };
  const building = indexes.find(({ IndexStatus }) => IndexStatus !== undefined && IndexStatus !== "ACTIVE");
  if (building) return { is: "busy", why: `the index ${building.IndexName} is ${building.IndexStatus}` };
  if (status === "ACTIVE") return undefined;
  return { is: "failed", why: `the table is ${status}` };
}
