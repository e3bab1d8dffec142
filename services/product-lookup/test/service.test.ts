import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createPublisher } from "../../common/src/events.ts";
import { type Running, serve } from "../../common/src/lifecycle.ts";
import { type ProductPage, product, productPage } from "../../common/src/shop.ts";
import { quiet } from "../../common/test/support/log.ts";
import { type ShopAws, startShop } from "../../common/test/support/shop.ts";
import { createProductLookup } from "../src/service.ts";

const goods = [
  { productID: "chair", name: "Oak Chair", category: "furniture", style: "classic", price: 120, stock: 4 },
  { productID: "lamp", name: "Brass Lamp", category: "lighting", price: 59.9, stock: 12, description: "Warm light." },
  { productID: "desk", name: "Walnut Desk", category: "furniture", price: 650, stock: 0 },
];

let aws: ShopAws;
beforeAll(async () => {
  aws = await startShop();
  await aws.seed(goods);
}, 60_000);
afterAll(() => aws.stop());

const tasks: Running[] = [];
afterEach(async () => {
  await Promise.all(tasks.splice(0).map((task) => task.stop()));
});

/** One more task of product-lookup, ready. */
async function task(): Promise<string> {
  const running = await serve(
    createProductLookup({
      dynamodb: aws.dynamodb,
      sqs: aws.sqs,
      log: quiet,
      table: "Products",
      queueUrl: aws.queues.LookupQueue,
    }),
    0,
    "127.0.0.1",
  );
  tasks.push(running);
  await vi.waitFor(
    async () => expect(await (await fetch(`${running.url}/readyz`)).json()).toMatchObject({ status: "ready" }),
    20_000,
  );
  return running.url;
}

async function page(url: string, query: string): Promise<ProductPage> {
  const response = await fetch(`${url}/products?${query}`);
  expect(response.status).toBe(200);
  return productPage.parse(await response.json());
}

test("a search answers a page of products as the table has them", async () => {
  const url = await task();
  const { items, ...rest } = await page(url, "q=brass+lapm&pageSize=1");
  expect(items).toEqual([{ ...goods[1], interest: expect.any(Number) }]);
  expect(rest).toEqual({
    total: 1,
    page: 1,
    pages: 1,
    pageSize: 1,
    categories: [{ name: "lighting", count: 1 }],
  });
  expect(
    (await page(url, "q=&category=&minPrice=100&sort=price-desc")).items.map(({ productID }) => productID),
  ).toEqual(["desk", "chair"]);
}, 60_000);

test("products are found by id: one, or several in the order asked for", async () => {
  const url = await task();
  const one = await fetch(`${url}/products/chair`);
  expect(product.parse(await one.json())).toMatchObject(goods[0] ?? {});
  const none = await fetch(`${url}/products/spaceship`);
  expect([none.status, await none.json()]).toMatchObject([404, { error: { code: "ProductNotFound" } }]);
  const several = await page(url, "ids=desk,spaceship,chair");
  expect(several.items.map(({ productID }) => productID)).toEqual(["desk", "chair"]);
}, 60_000);

test.each(["page=0", "page=x", "sort=random", "minPrice=cheap", "pageSize=101", `ids=${"x,".repeat(101)}`])(
  "a request that makes no sense is refused: %s",
  async (query) => {
    const url = await task();
    const response = await fetch(`${url}/products?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "BadRequest" } });
  },
  60_000,
);

test("as long as the index is not loaded, a search says when to come back, and health says why", async () => {
  const running = await serve(
    createProductLookup({
      dynamodb: aws.dynamodb,
      sqs: aws.sqs,
      log: quiet,
      table: "Nowhere",
      queueUrl: aws.queues.LookupQueue,
    }),
    0,
    "127.0.0.1",
  );
  tasks.push(running);
  const search = await fetch(`${running.url}/products?q=chair`);
  expect([search.status, search.headers.get("retry-after")]).toEqual([503, "2"]);
  expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  const ready = await fetch(`${running.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ neighbours: { Nowhere: expect.stringContaining("ResourceNotFound") } });
}, 30_000);

test("of two tasks both show the new stock at once, and both find what was seeded, changed and deleted", async () => {
  const both = await Promise.all([task(), task()]);
  const seen = (query: string) => Promise.all(both.map(async (url) => (await page(url, query)).items));

  await aws.dynamodb.send(
    new UpdateCommand({
      TableName: "Products",
      Key: { productID: "chair" },
      UpdateExpression: "SET stock = stock - :one",
      ExpressionAttributeValues: { ":one": 1 },
    }),
  );
  for (const items of await seen("q=oak")) expect(items).toMatchObject([{ productID: "chair", stock: 3 }]);

  await aws.seed([
    { productID: "kettle", name: "Copper Kettle", price: 45, stock: 2 },
    { productID: "desk", name: "Marble Desk", price: 900, stock: 1 },
  ]);
  await vi.waitFor(async () => {
    for (const items of await seen("q=kettle")) expect(items).toHaveLength(1);
    for (const items of await seen("q=marble")) expect(items).toMatchObject([{ productID: "desk", price: 900 }]);
    for (const items of await seen("q=walnut")) expect(items).toHaveLength(0);
  }, 10_000);

  await aws.dynamodb.send(new DeleteCommand({ TableName: "Products", Key: { productID: "kettle" } }));
  for (const found of await Promise.all(both.map((url) => page(url, "q=kettle")))) {
    expect(found).toMatchObject({ items: [], total: 0 });
  }
}, 60_000);

test("an item that is no product is neither found nor in the way", async () => {
  await aws.dynamodb.send(
    new PutCommand({ TableName: "Products", Item: { productID: "note", name: "Oak note", price: "ask" } }),
  );
  const url = await task();
  expect((await page(url, "q=oak")).items.map(({ productID }) => productID)).toEqual(["chair"]);
  expect((await fetch(`${url}/products/note`)).status).toBe(404);
}, 60_000);

test("interest is counted from the events, ranks what is found, and forgets products that are not there", async () => {
  await aws.seed([
    { productID: "rug-a", name: "Wool Rug", price: 80, stock: 3 },
    { productID: "rug-b", name: "Wool Rug", price: 80, stock: 3 },
  ]);
  const url = await task();
  expect((await page(url, "q=rug")).items.map(({ productID }) => productID)).toEqual(["rug-a", "rug-b"]);
  const publish = createPublisher(aws.sns, aws.topicArn);
  await publish("product.searched", { query: "rug", productIDs: ["rug-a", "rug-b", "spaceship"] });
  await publish("product.viewed", { productID: "rug-b" });
  await publish("order.confirmed", { orderID: "o1", lines: [{ productID: "rug-b", quantity: 2 }] });
  await publish("order.rejected", { orderID: "o2", lines: [{ productID: "rug-a", quantity: 9 }] });
  await vi.waitFor(async () => {
    const { items } = await page(url, "q=rug");
    expect(items.map(({ productID, interest }) => [productID, interest])).toEqual([
      ["rug-b", 14],
      ["rug-a", 1],
    ]);
  }, 20_000);
  const { Item } = await aws.dynamodb.send(new GetCommand({ TableName: "Products", Key: { productID: "spaceship" } }));
  expect(Item).toBeUndefined();
  expect(await aws.take("LookupQueue-dlq")).toEqual([]);
}, 60_000);
