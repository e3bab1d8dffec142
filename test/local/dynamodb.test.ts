import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CreateTableCommandInput, DynamoDB } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type TestClock, testClock } from "../../src/local/clock.ts";
import { dynamodb } from "../../src/local/dynamodb/dynamodb.ts";
import { Engine } from "../../src/local/dynamodb/engine.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";

let dir: string;
let clock: TestClock;
let local: LocalServer;
let db: DynamoDB;

async function start(): Promise<void> {
  local = await startLocal({ dir, port: 0, services: [dynamodb], clock, waits: "aws" });
  const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
  db = new DynamoDB({ endpoint: local.url, region: "us-east-1", credentials, maxAttempts: 1 });
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-dynamodb-"));
  clock = testClock();
  await start();
});
afterEach(async () => {
  await local.stop();
  rmSync(dir, { recursive: true });
});

const products: CreateTableCommandInput = {
  TableName: "Products",
  KeySchema: [{ AttributeName: "productID", KeyType: "HASH" }],
  AttributeDefinitions: [{ AttributeName: "productID", AttributeType: "S" }],
  BillingMode: "PAY_PER_REQUEST",
};
const changes = {
  IndexName: "changes",
  KeySchema: [
    { AttributeName: "shard", KeyType: "HASH" as const },
    { AttributeName: "updatedAt", KeyType: "RANGE" as const },
  ],
  Projection: { ProjectionType: "INCLUDE" as const, NonKeyAttributes: ["name"] },
};
const attributes = [
  { AttributeName: "productID", AttributeType: "S" as const },
  { AttributeName: "shard", AttributeType: "S" as const },
  { AttributeName: "updatedAt", AttributeType: "N" as const },
];
const key = (id: string) => ({ TableName: "Products", Key: { productID: { S: id } } });
const status = async () => (await db.describeTable({ TableName: "Products" })).Table?.TableStatus;
const settle = () => clock.advance(60_000);

async function create(more: Partial<CreateTableCommandInput> = {}): Promise<void> {
  await db.createTable({ ...products, ...more });
  settle();
}
const put = (id: string, more: object = {}) =>
  db.putItem({ TableName: "Products", Item: { productID: { S: id }, ...more } });
const changed = async () => {
  const found = await db.query({
    TableName: "Products",
    IndexName: "changes",
    KeyConditionExpression: "#s = :s AND updatedAt > :u",
    ExpressionAttributeNames: { "#s": "shard" },
    ExpressionAttributeValues: { ":s": { S: "0" }, ":u": { N: "10" } },
  });
  return found.Items;
};

test("a table is CREATING, then ACTIVE, then DELETING, then gone, and meanwhile its name is taken", async () => {
  await db.createTable(products);
  expect(await status()).toBe("CREATING");
  await expect(db.createTable(products)).rejects.toMatchObject({
    name: "ResourceInUseException",
    message: "Table already exists: Products",
  });
  await expect(db.deleteTable({ TableName: "Products" })).rejects.toMatchObject({ name: "ResourceInUseException" });
  await expect(put("1")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  settle();
  expect(await status()).toBe("ACTIVE");
  await db.deleteTable({ TableName: "Products" });
  expect(await status()).toBe("DELETING");
  await expect(db.createTable(products)).rejects.toMatchObject({ name: "ResourceInUseException" });
  settle();
  await expect(status()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("a table made anew is empty", async () => {
  await create();
  await put("1");
  await db.deleteTable({ TableName: "Products" });
  settle();
  await create();
  expect((await db.scan({ TableName: "Products" })).Items).toEqual([]);
});

test("the API's billing mode is PROVISIONED, which demands throughput", async () => {
  const { BillingMode: _, ...provisioned } = products;
  await expect(db.createTable(provisioned)).rejects.toMatchObject({ name: "ValidationException" });
  await create({
    ...provisioned,
    BillingMode: "PROVISIONED",
    ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 },
  });
  const { Table } = await db.describeTable({ TableName: "Products" });
  expect(Table?.ProvisionedThroughput).toMatchObject({ ReadCapacityUnits: 5, WriteCapacityUnits: 5 });
  expect(Table?.BillingModeSummary).toBeUndefined();
  await db.updateTable({ TableName: "Products", BillingMode: "PAY_PER_REQUEST" });
  expect(await status()).toBe("UPDATING");
  settle();
  expect((await db.describeTable({ TableName: "Products" })).Table?.BillingModeSummary?.BillingMode).toBe(
    "PAY_PER_REQUEST",
  );
});

test("what is asked of a table at its creation reads back", async () => {
  await create({
    AttributeDefinitions: attributes,
    GlobalSecondaryIndexes: [changes],
    DeletionProtectionEnabled: true,
    SSESpecification: { Enabled: true },
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    Tags: [{ Key: "ecomctl:stack", Value: "ecommerce" }],
  });
  const { Table } = await db.describeTable({ TableName: "Products" });
  expect(Table).toMatchObject({
    TableArn: "arn:aws:dynamodb:us-east-1:000000000000:table/Products",
    DeletionProtectionEnabled: true,
    SSEDescription: { Status: "ENABLED", SSEType: "KMS" },
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    GlobalSecondaryIndexes: [{ ...changes, IndexStatus: "ACTIVE" }],
  });
  expect(Table?.LatestStreamArn).toContain("table/Products/stream/");
  const { Tags } = await db.listTagsOfResource({ ResourceArn: Table?.TableArn });
  expect(Tags).toEqual([{ Key: "ecomctl:stack", Value: "ecommerce" }]);
});

test("a protected table is not deleted until it is unprotected", async () => {
  await create({ DeletionProtectionEnabled: true });
  await expect(db.deleteTable({ TableName: "Products" })).rejects.toMatchObject({
    name: "ValidationException",
    message:
      "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
  });
  await db.updateTable({ TableName: "Products", DeletionProtectionEnabled: false });
  await db.deleteTable({ TableName: "Products" });
});

test("backups are unavailable for a moment after the table is active, then are switched on and off", async () => {
  await db.createTable(products);
  const on = { TableName: "Products", PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } };
  await expect(db.updateContinuousBackups(on)).rejects.toMatchObject({ name: "TableNotFoundException" });
  clock.advance(8_000);
  await expect(db.updateContinuousBackups(on)).rejects.toMatchObject({ name: "ContinuousBackupsUnavailableException" });
  settle();
  await db.updateContinuousBackups(on);
  const { ContinuousBackupsDescription } = await db.describeContinuousBackups({ TableName: "Products" });
  expect(ContinuousBackupsDescription?.PointInTimeRecoveryDescription).toMatchObject({
    PointInTimeRecoveryStatus: "ENABLED",
    RecoveryPeriodInDays: 35,
  });
});

test("time to live is enabled once, and takes its time", async () => {
  await create();
  const ttl = { TableName: "Products", TimeToLiveSpecification: { Enabled: true, AttributeName: "expires" } };
  await db.updateTimeToLive(ttl);
  const told = async () => (await db.describeTimeToLive({ TableName: "Products" })).TimeToLiveDescription;
  expect(await told()).toEqual({ TimeToLiveStatus: "ENABLING", AttributeName: "expires" });
  clock.advance(2 * 60 * 60_000);
  expect(await told()).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "expires" });
  await expect(db.updateTimeToLive(ttl)).rejects.toMatchObject({ message: "TimeToLive is already enabled" });
});

test("an index made later holds the items that were there, and is read only once it is whole", async () => {
  await create();
  for (const id of ["1", "2", "3"])
    await put(id, { shard: { S: "0" }, updatedAt: { N: `1${id}` }, name: { S: id }, stock: { N: "1" } });
  await db.updateTable({
    TableName: "Products",
    AttributeDefinitions: attributes,
    GlobalSecondaryIndexUpdates: [{ Create: changes }],
  });
  expect(await status()).toBe("UPDATING");
  await expect(changed()).rejects.toMatchObject({ name: "ValidationException" });
  await put("4", { shard: { S: "0" }, updatedAt: { N: "14" } });
  settle();
  await vi.waitFor(async () => expect(await status()).toBe("ACTIVE"), 10_000);
  expect((await changed())?.map((item) => item.productID?.S)).toEqual(["1", "2", "3", "4"]);
  expect((await changed())?.[0]).not.toHaveProperty("stock");
  await db.updateTable({ TableName: "Products", GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "changes" } }] });
  settle();
  const { Table } = await db.describeTable({ TableName: "Products" });
  expect(Table?.GlobalSecondaryIndexes).toBeUndefined();
  expect(Table?.AttributeDefinitions).toHaveLength(1);
});

test("an index follows its items", async () => {
  await create({ AttributeDefinitions: attributes, GlobalSecondaryIndexes: [changes] });
  await put("1", { shard: { S: "0" }, updatedAt: { N: "11" } });
  await put("1", { shard: { S: "0" }, updatedAt: { N: "12" } });
  expect(await changed()).toEqual([{ productID: { S: "1" }, shard: { S: "0" }, updatedAt: { N: "12" } }]);
  await db.deleteItem(key("1"));
  expect(await changed()).toEqual([]);
});

test("one kind of change a call, and none while one is under way", async () => {
  await create();
  const both = { TableName: "Products", DeletionProtectionEnabled: true, SSESpecification: { Enabled: true } };
  await expect(db.updateTable(both)).rejects.toMatchObject({ name: "ValidationException" });
  await db.updateTable({ TableName: "Products", SSESpecification: { Enabled: true } });
  await expect(db.updateTable({ TableName: "Products", DeletionProtectionEnabled: true })).rejects.toMatchObject({
    name: "ResourceInUseException",
    message: "Attempt to change a resource which is still in use: Table is being updated: Products",
  });
});

test("tables are listed in pages", async () => {
  for (const TableName of ["three", "one-", "two-"]) await db.createTable({ ...products, TableName });
  const first = await db.listTables({ Limit: 2 });
  expect(first).toMatchObject({ TableNames: ["one-", "three"], LastEvaluatedTableName: "three" });
  const rest = await db.listTables({ ExclusiveStartTableName: "three" });
  expect(rest.TableNames).toEqual(["two-"]);
  expect(rest.LastEvaluatedTableName).toBeUndefined();
});

test("binary survives, and an attribute called B is no binary", async () => {
  await create();
  await put("1", { B: { S: "text" }, raw: { B: new Uint8Array([0, 255, 7]) }, set: { BS: [new Uint8Array([1])] } });
  const { Item } = await db.getItem(key("1"));
  expect(Item?.B).toEqual({ S: "text" });
  expect([...(Item?.raw?.B ?? [])]).toEqual([0, 255, 7]);
  expect([...(Item?.set?.BS?.[0] ?? [])]).toEqual([1]);
});

test("items and tables outlive a restart", async () => {
  await create({ AttributeDefinitions: attributes, GlobalSecondaryIndexes: [changes] });
  await put("1", { shard: { S: "0" }, updatedAt: { N: "11" } });
  await local.stop();
  await start();
  expect((await db.getItem(key("1"))).Item?.updatedAt).toEqual({ N: "11" });
  expect(await changed()).toHaveLength(1);
});

test("a failed condition answers the item if asked to", async () => {
  await create();
  await put("1", { stock: { N: "0" } });
  const take = {
    ...key("1"),
    UpdateExpression: "SET stock = stock - :one",
    ConditionExpression: "stock >= :one",
    ExpressionAttributeValues: { ":one": { N: "1" } },
  };
  await expect(db.updateItem(take)).rejects.toMatchObject({ name: "ConditionalCheckFailedException", Item: undefined });
  await expect(db.updateItem({ ...take, ReturnValuesOnConditionCheckFailure: "ALL_OLD" })).rejects.toMatchObject({
    Item: { productID: { S: "1" }, stock: { N: "0" } },
  });
});

test("a scan in segments and pages sees every item once", async () => {
  await create();
  const ids = Array.from({ length: 100 }, (_, index) => `p${index}`);
  for (let from = 0; from < 100; from += 25) {
    const Products = ids.slice(from, from + 25).map((id) => ({ PutRequest: { Item: { productID: { S: id } } } }));
    await db.batchWriteItem({ RequestItems: { Products } });
  }
  const seen: (string | undefined)[] = [];
  for (const Segment of [0, 1, 2]) {
    let ExclusiveStartKey: Record<string, { S: string }> | undefined;
    do {
      const page = await db.scan({ TableName: "Products", Segment, TotalSegments: 3, Limit: 10, ExclusiveStartKey });
      for (const item of page.Items ?? []) seen.push(item.productID?.S);
      ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey;
    } while (ExclusiveStartKey);
  }
  expect(seen.sort()).toEqual(ids.sort());
  clock.advance(6 * 60 * 60_000 + 1);
  expect((await db.describeTable({ TableName: "Products" })).Table?.ItemCount).toBe(100);
});

test("what a call needs is named on the table, and of a transaction what its parts do", () => {
  const about = { region: "us-east-1", account: "000000000000" } as Parameters<NonNullable<typeof dynamodb.needs>>[2];
  const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/";
  expect(dynamodb.needs?.("Query", { TableName: "Products", IndexName: "changes" }, about)).toEqual([
    { action: "dynamodb:Query", resource: `${arn}Products/index/changes` },
  ]);
  const TransactItems = [{ Put: { TableName: "Orders" } }, { ConditionCheck: { TableName: "Products" } }];
  expect(dynamodb.needs?.("TransactWriteItems", { TransactItems }, about)).toEqual([
    { action: "dynamodb:PutItem", resource: `${arn}Orders` },
    { action: "dynamodb:ConditionCheckItem", resource: `${arn}Products` },
  ]);
});

test("the rows of a deleted table are gone after a restart at the latest, those of others stay", async () => {
  await create();
  await create({ TableName: "Orders" });
  await put("1");
  await db.putItem({ TableName: "Orders", Item: { productID: { S: "kept" } } });
  await db.deleteTable({ TableName: "Products" });
  await local.stop();
  await start();
  expect((await db.scan({ TableName: "Orders" })).Items).toEqual([{ productID: { S: "kept" } }]);
  await local.stop();
  const engine = await Engine.open(join(dir, "dynamodb-items"), () => 0);
  const rows = await engine.db.values().all();
  await engine.close();
  expect(rows).toEqual([{ productID: { S: "kept" } }]);
  await start();
});
