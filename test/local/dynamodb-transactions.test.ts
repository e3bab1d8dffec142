import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDB, type TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestClock, testClock } from "../../src/local/clock.ts";
import { dynamodb } from "../../src/local/dynamodb/dynamodb.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { killable } from "./support/killable.ts";

let dir: string;
let clock: TestClock;
let local: LocalServer;
let db: DynamoDB;
const clientOf = (endpoint: string): DynamoDB =>
  new DynamoDB({ endpoint, region: "us-east-1", credentials: { accessKeyId: "operator", secretAccessKey: "secret" } });

async function createTables(client: DynamoDB): Promise<void> {
  for (const [TableName, AttributeName] of [
    ["Products", "productID"],
    ["Orders", "orderID"],
  ] as const)
    await client.createTable({
      TableName,
      KeySchema: [{ AttributeName, KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName, AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    });
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-dynamodb-"));
  clock = testClock();
  local = await startLocal({ dir, port: 0, services: [dynamodb], clock });
  db = clientOf(local.url);
  await createTables(db);
  clock.advance(60_000);
});
afterEach(async () => {
  await local.stop();
  rmSync(dir, { recursive: true });
});

const stocked = (stock: number, id = "lamp", client = db) =>
  client.putItem({ TableName: "Products", Item: { productID: { S: id }, stock: { N: String(stock) } } });
const stock = async (id = "lamp", client = db) =>
  Number((await client.getItem({ TableName: "Products", Key: { productID: { S: id } } })).Item?.stock?.N);
const take = (quantity = 1, id = "lamp"): TransactWriteItem => ({
  Update: {
    TableName: "Products",
    Key: { productID: { S: id } },
    UpdateExpression: "SET stock = stock - :n",
    ConditionExpression: "stock >= :n",
    ExpressionAttributeValues: { ":n": { N: String(quantity) } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
});
const order = (id: string): TransactWriteItem => ({
  Put: { TableName: "Orders", Item: { orderID: { S: id } }, ConditionExpression: "attribute_not_exists(orderID)" },
});
const orders = async (client = db) => (await client.scan({ TableName: "Orders", Select: "COUNT" })).Count;

test("300 orders at once of a stock of 100 sell exactly 100", async () => {
  await stocked(100);
  const results = await Promise.allSettled(
    Array.from({ length: 300 }, (_, index) => db.transactWriteItems({ TransactItems: [order(`o${index}`), take()] })),
  );
  expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(100);
  expect(await stock()).toBe(0);
  expect(await orders()).toBe(100);
});

test("a cancelled transaction changes nothing, and says for each part why", async () => {
  await stocked(1);
  await stocked(5, "chair");
  const failed = db.transactWriteItems({ TransactItems: [order("o1"), take(1, "chair"), take(2)] });
  await expect(failed).rejects.toMatchObject({
    name: "TransactionCanceledException",
    message:
      "Transaction cancelled, please refer cancellation reasons for specific reasons [None, None, ConditionalCheckFailed]",
    CancellationReasons: [
      { Code: "None" },
      { Code: "None" },
      { Code: "ConditionalCheckFailed", Item: { productID: { S: "lamp" }, stock: { N: "1" } } },
    ],
  });
  expect([await stock(), await stock("chair"), await orders()]).toEqual([1, 5, 0]);
});

test("a check alone can cancel, and leaves its item as it is", async () => {
  await stocked(1);
  const check = (least: number): TransactWriteItem => ({
    ConditionCheck: {
      TableName: "Products",
      Key: { productID: { S: "lamp" } },
      ConditionExpression: "stock >= :n",
      ExpressionAttributeValues: { ":n": { N: String(least) } },
    },
  });
  await expect(db.transactWriteItems({ TransactItems: [check(2), order("o1")] })).rejects.toThrow(
    "ConditionalCheckFailed, None",
  );
  await db.transactWriteItems({ TransactItems: [check(1), order("o1")] });
  expect([await stock(), await orders()]).toEqual([1, 1]);
});

test("the same token does the same once, for ten minutes, also across a restart; with other items it is refused", async () => {
  await stocked(10);
  const ClientRequestToken = "order-1";
  await db.transactWriteItems({ TransactItems: [take()], ClientRequestToken });
  await db.transactWriteItems({ TransactItems: [take()], ClientRequestToken });
  expect(await stock()).toBe(9);
  await expect(db.transactWriteItems({ TransactItems: [take(2)], ClientRequestToken })).rejects.toMatchObject({
    name: "IdempotentParameterMismatchException",
  });
  await local.stop();
  local = await startLocal({ dir, port: 0, services: [dynamodb], clock });
  db = clientOf(local.url);
  await db.transactWriteItems({ TransactItems: [take()], ClientRequestToken });
  expect(await stock()).toBe(9);
  clock.advance(11 * 60_000);
  await db.transactWriteItems({ TransactItems: [take()], ClientRequestToken });
  expect(await stock()).toBe(8);
});

test("a transaction touches an item once, an absent table not at all, and a hundred items at most", async () => {
  await stocked(5);
  await expect(db.transactWriteItems({ TransactItems: [take(), take()] })).rejects.toMatchObject({
    name: "ValidationException",
    message: "Transaction request cannot include multiple operations on one item",
  });
  const elsewhere = { Put: { TableName: "Absent", Item: { id: { S: "1" } } } };
  await expect(db.transactWriteItems({ TransactItems: [take(), elsewhere] })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
  const many = Array.from({ length: 101 }, (_, index) => order(`o${index}`));
  await expect(db.transactWriteItems({ TransactItems: many })).rejects.toMatchObject({ name: "ValidationException" });
  expect([await stock(), await orders()]).toEqual([5, 0]);
});

test("items are read as they were at one moment", async () => {
  await stocked(0, "a");
  await stocked(1000, "b");
  const get = (id: string) => ({ Get: { TableName: "Products", Key: { productID: { S: id } } } });
  const move = (): TransactWriteItem[] => [
    take(1, "b"),
    { Update: { ...take(-1, "a").Update, ConditionExpression: undefined } as NonNullable<TransactWriteItem["Update"]> },
  ];
  const writes = Promise.all(Array.from({ length: 30 }, () => db.transactWriteItems({ TransactItems: move() })));
  for (let round = 0; round < 30; round++) {
    const { Responses = [] } = await db.transactGetItems({ TransactItems: [get("a"), get("b")] });
    const sum = Responses.reduce((total, { Item }) => total + Number(Item?.stock?.N), 0);
    expect(sum).toBe(1000);
  }
  await writes;
  expect(await stock("a")).toBe(30);
});

test("kill -9 amid transactions leaves none half done", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ecomctl-dynamodb-"));
  const children = killable();
  try {
    const child = await children.start(folder);
    const client = clientOf(child.url);
    await createTables(client);
    await expect
      .poll(async () => (await client.describeTable({ TableName: "Orders" })).Table?.TableStatus)
      .toBe("ACTIVE");
    await stocked(1000, "lamp", client);
    let done = 0;
    const place = (index: number) => client.transactWriteItems({ TransactItems: [order(`o${index}`), take()] });
    const writing = Promise.allSettled(
      Array.from({ length: 200 }, async (_, index) => {
        await place(index);
        done++;
      }),
    );
    await expect.poll(() => done, { timeout: 20_000 }).toBeGreaterThan(20);
    await child.kill();
    client.destroy();
    await writing;
    const again = await children.start(folder);
    const reader = clientOf(again.url);
    const placed = (await orders(reader)) ?? 0;
    expect(placed).toBeGreaterThanOrEqual(done);
    expect(await stock("lamp", reader)).toBe(1000 - placed);
    await again.kill();
  } finally {
    children.remove();
    rmSync(folder, { recursive: true });
  }
});
