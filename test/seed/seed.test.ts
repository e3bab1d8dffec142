import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DynamoDBClient,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Item, type Product, toItem } from "../../src/seed/product.ts";
import { type SeedOptions, seed } from "../../src/seed/seed.ts";

const now = 1_700_000_000_000;
const ladle: Product = {
  productID: "ladle",
  name: "Ladle",
  description: "Ladles.",
  category: "Kitchen",
  style: "plain",
  price: 9.5,
  stock: 3,
};
const numbered = (count: number) =>
  Array.from({ length: count }, (_, n): Product => ({ ...ladle, productID: `ladle-${n}` }));

/** A table that remembers what it is told in batches; updates are only looked at. */
let items: Map<string, Item>;
const dynamodb = mockClient(DynamoDBClient);

beforeEach(() => {
  items = new Map();
  dynamodb.on(BatchGetItemCommand).callsFake(({ RequestItems }) => {
    const keys: Item[] = RequestItems.Products.Keys;
    return {
      Responses: {
        Products: keys.map(({ productID }) => items.get(productID?.S ?? "")).filter((item) => item !== undefined),
      },
    };
  });
  dynamodb.on(BatchWriteItemCommand).callsFake(({ RequestItems }) => {
    const puts: { PutRequest: { Item: Item } }[] = RequestItems.Products;
    expect(puts.length).toBeLessThanOrEqual(25);
    for (const { PutRequest } of puts) items.set(PutRequest.Item.productID?.S ?? "", PutRequest.Item);
    return {};
  });
  dynamodb.on(UpdateItemCommand).resolves({});
});
afterEach(() => dynamodb.reset());

const run = (products: Product[], more: Partial<SeedOptions> = {}) =>
  seed({
    client: new DynamoDBClient({ region: "us-east-1" }),
    table: "Products",
    products,
    now,
    sleep: async () => {},
    ...more,
  });

const has = (product: Product, more: Record<string, AttributeValue> = {}) =>
  items.set(product.productID, { ...toItem(product, 1), ...more });

const update = () => dynamodb.commandCalls(UpdateItemCommand)[0]?.args[0].input;

describe("a seed", () => {
  it("writes what is new, in batches, and the second time nothing", async () => {
    expect(await run(numbered(260))).toEqual({ written: 260, unchanged: 0, failed: [] });
    expect(items.get("ladle-7")).toEqual(toItem({ ...ladle, productID: "ladle-7" }, now));
    dynamodb.resetHistory();
    expect(await run(numbered(260))).toEqual({ written: 0, unchanged: 260, failed: [] });
    expect(dynamodb.commandCalls(BatchWriteItemCommand)).toEqual([]);
  });

  it("leaves what the shop sold sold, and interest alone", async () => {
    has(ladle, { stock: { N: "1" }, interest: { N: "12" }, price: { N: "9.50" } });
    expect(await run([ladle])).toEqual({ written: 0, unchanged: 1, failed: [] });
  });

  it("changes text and price but not the stock of a product that is there", async () => {
    has({ ...ladle, price: 8 }, { stock: { N: "1" } });
    expect(await run([{ ...ladle, style: undefined }])).toEqual({ written: 1, unchanged: 0, failed: [] });
    expect(update()?.UpdateExpression).toContain("#stock = if_not_exists(#stock, :stock) REMOVE #style");
    expect(update()?.ExpressionAttributeValues).toMatchObject({
      ":price": { N: "9.5" },
      ":updatedAt": { N: String(now) },
    });
  });

  it("sets stock when told to, and then nothing else", async () => {
    has(ladle, { stock: { N: "1" } });
    await run([ladle], { resetStock: true });
    expect(update()).toMatchObject({
      UpdateExpression: "SET #stock = :stock",
      ExpressionAttributeValues: { ":stock": { N: "3" } },
    });
  });

  it("asks again for what DynamoDB left unprocessed", async () => {
    const unprocessed = { Products: [{ PutRequest: { Item: toItem({ ...ladle, productID: "ladle-1" }, now) } }] };
    dynamodb.on(BatchWriteItemCommand).resolvesOnce({ UnprocessedItems: unprocessed }).resolves({});
    expect(await run(numbered(3))).toEqual({ written: 3, unchanged: 0, failed: [] });
    expect(dynamodb.commandCalls(BatchWriteItemCommand)[1]?.args[0].input.RequestItems).toEqual(unprocessed);
  });

  it("names what stayed unprocessed to the end, reads and writes alike", async () => {
    const unread = { Products: { Keys: [{ productID: { S: "ladle-0" } }] } };
    const unwritten = { Products: [{ PutRequest: { Item: toItem({ ...ladle, productID: "ladle-1" }, now) } }] };
    dynamodb.on(BatchGetItemCommand).resolves({ UnprocessedKeys: unread });
    dynamodb.on(BatchWriteItemCommand).resolves({ UnprocessedItems: unwritten });
    const { written, failed } = await run(numbered(3));
    expect(written).toBe(1);
    expect(failed.map(({ productID }) => productID)).toEqual(["ladle-0", "ladle-1"]);
  });

  it("tells how far it is", async () => {
    const told: number[] = [];
    await run(numbered(250), { onProgress: ({ written }) => told.push(written) });
    expect(told).toHaveLength(3);
    expect(told.at(-1)).toBe(250);
  });

  it("stops at an error of the table itself", async () => {
    dynamodb
      .on(BatchGetItemCommand)
      .rejects(Object.assign(new Error("no table"), { name: "ResourceNotFoundException" }));
    await expect(run(numbered(5000))).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    expect(dynamodb.commandCalls(BatchGetItemCommand).length).toBeLessThanOrEqual(8);
  });
});
