import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dynamodb as service } from "../../src/local/dynamodb/dynamodb.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { readProducts } from "../../src/seed/catalogue.ts";
import { seed } from "../../src/seed/seed.ts";

const catalogue = new URL("../../templates/catalogue.ndjson", import.meta.url).pathname;
const mill = "kitchen-pepper-mill-walnut";
const table = "Products";

let dir: string;
let local: LocalServer;
let client: DynamoDB;

beforeAll(async () => {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  dir = await mkdtemp(join(tmpdir(), "seed-"));
  local = await startLocal({ dir, port: 0, services: [service] });
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  client = new DynamoDB({ endpoint: local.url, region: "us-east-1", credentials });
  await client.createTable({
    TableName: table,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "productID", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "productID", AttributeType: "S" }],
  });
  for (let status: string | undefined; status !== "ACTIVE"; ) {
    status = (await client.describeTable({ TableName: table })).Table?.TableStatus;
  }
}, 30_000);

afterAll(async () => {
  client.destroy();
  await local.stop();
  await rm(dir, { recursive: true });
});

const seeded = (options: { resetStock?: boolean; now?: number } = {}) =>
  seed({ client, table, products: readProducts(catalogue, () => {}), now: options.now ?? 1, ...options });

const itemOf = async () => (await client.getItem({ TableName: table, Key: { productID: { S: mill } } })).Item;

/** Changes one product as the shop or a person would. */
const set = (UpdateExpression: string, values: Record<string, { N: string } | { S: string }>) =>
  client.updateItem({
    TableName: table,
    Key: { productID: { S: mill } },
    UpdateExpression,
    ExpressionAttributeValues: values,
  });

it("a seed fills a table, leaves it when it says the same, and mends text and price but not stock", {
  timeout: 60_000,
}, async () => {
  expect(await seeded()).toEqual({ written: 72, unchanged: 0, failed: [] });
  await set("SET stock = :s, interest = :i", { ":s": { N: "5" }, ":i": { N: "7" } });
  expect(await seeded({ now: 2 })).toEqual({ written: 0, unchanged: 72, failed: [] });

  await set("SET price = :p, description = :x", { ":p": { N: "1" }, ":x": { S: "Grinds." } });
  expect(await seeded({ now: 3 })).toEqual({ written: 1, unchanged: 71, failed: [] });
  const mended = {
    price: { N: "46" },

    stock: { N: "5" },
    interest: { N: "7" },
    updatedAt: { N: "3" },
  };
  expect(await itemOf()).toMatchObject(mended);

  expect(await seeded({ now: 4, resetStock: true })).toEqual({ written: 1, unchanged: 71, failed: [] });
  expect(await itemOf()).toMatchObject({ ...mended, stock: { N: "33" } });
});
