import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Shop } from "../../src/config.ts";
import { pending, run, shopOf, startWorld, takeDown, troubles, type World } from "../support/world.ts";
import { type Raw, rawClients } from "./raw.ts";

let world: World;
let shop: Shop;
let raw: Raw;
beforeEach(async () => {
  world = await startWorld();
  shop = await shopOf();
  raw = rawClients(world.url);
});
afterEach(() => world?.stop());

const first = async () => {
  for (const step of [1, 2, 3]) expect(troubles(await run(world.aws, shop, { only: step }))).toEqual([]);
};

describe("what bears our names and is not ours", () => {
  it("is refused piece by piece, and nothing is changed", async () => {
    await raw.sns.createTopic({ Name: "ecommerce-events" });
    await raw.sqs.createQueue({ QueueName: "OrderQueue", tags: { "ecomctl:stack": "other/us-east-1" } });
    await raw.sqs.createQueue({ QueueName: "LookupQueue", tags: { "ecomctl:stack": "ecommerce/eu-west-1" } });
    world.calls.length = 0;
    const { changes, outcome } = await run(world.aws, shop);
    expect(outcome).toBeUndefined();
    expect(pending(changes).filter((line) => line.startsWith("refuse"))).toEqual([
      "refuse sns:topic/ecommerce-events: it was there before and carries no owner's tag",
      "refuse sqs:queue/OrderQueue: it belongs to other/us-east-1",
      "refuse sqs:queue/LookupQueue: it belongs to ecommerce/eu-west-1",
    ]);
    expect(changes.find(({ action }) => action === "refuse")?.next).toMatch(/--adopt.*--stage/);
  });

  it("is adopted with only what the guide left out, let go by down, deleted when told to", async () => {
    await raw.sns.createTopic({ Name: "ecommerce-events" });
    expect(troubles(await run(world.aws, shop, { only: 2, rules: { adopt: true } }))).toEqual([]);
    expect(pending((await run(world.aws, shop, { only: 2, dry: true })).changes)).toEqual([]);
    const TopicArn = "arn:aws:sns:us-east-1:000000000000:ecommerce-events";
    const tags = async () => (await raw.sns.listTagsForResource({ ResourceArn: TopicArn })).Tags;
    expect(await tags()).toEqual([
      { Key: "ecomctl:stack", Value: "ecommerce/us-east-1" },
      { Key: "ecomctl:adopted", Value: "true" },
    ]);
    expect(troubles(await takeDown(world.aws, shop, { rules: { deleteAdopted: false } }))).toEqual([]);
    expect(await tags()).toEqual([]);
    await run(world.aws, shop, { only: 2, rules: { adopt: true } });
    expect(troubles(await takeDown(world.aws, shop))).toEqual([]);
    await expect(raw.sns.getTopicAttributes({ TopicArn })).rejects.toMatchObject({ name: "NotFoundException" });
  });

  it("is refused for good when it has another key", async () => {
    await raw.dynamodb.createTable({
      TableName: "Products",
      KeySchema: [{ AttributeName: "sku", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "sku", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    });
    const { changes, outcome } = await run(world.aws, shop, { only: 1, rules: { adopt: true } });
    expect(outcome).toBeUndefined();
    expect(changes.find(({ resource }) => resource.name === "Products")).toMatchObject({
      action: "refuse",
      why: "AWS cannot change key in place",
    });
  });

  it("stands beside a second stage of ours", async () => {
    await first();
    const staged = await shopOf({}, "dev");
    for (const step of [1, 2, 3]) expect(troubles(await run(world.aws, staged, { only: step }))).toEqual([]);
    expect((await raw.dynamodb.listTables({})).TableNames).toEqual([
      "Orders",
      "Orders-dev",
      "Products",
      "Products-dev",
    ]);
    expect(troubles(await takeDown(world.aws, staged))).toEqual([]);
    expect((await raw.dynamodb.listTables({})).TableNames).toEqual(["Orders", "Products"]);
  });
});

describe("down", () => {
  it("keeps the tables, and says how to delete them", async () => {
    await first();
    const { changes } = await takeDown(world.aws, shop, { rules: { deleteData: false } });
    expect(changes.filter(({ action }) => action === "keep").map(({ resource, why }) => [resource.name, why])).toEqual([
      ["Products", "it holds data"],
      ["Orders", "it holds data"],
    ]);
    expect((await raw.sqs.listQueues({})).QueueUrls ?? []).toEqual([]);
    expect(troubles(await takeDown(world.aws, shop))).toEqual([]);
    expect((await raw.dynamodb.listTables({})).TableNames).toEqual([]);
  });
});
