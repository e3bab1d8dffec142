import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type EventBody, events } from "../../common/src/events.ts";
import { type Running, serve } from "../../common/src/lifecycle.ts";
import { type Order, order } from "../../common/src/shop.ts";
import { listeningLog, quiet } from "../../common/test/support/log.ts";
import { type ShopAws, startShop } from "../../common/test/support/shop.ts";
import { createOrderProcessing } from "../src/service.ts";

let aws: ShopAws;
beforeEach(async () => {
  aws = await startShop();
}, 60_000);
const tasks: Running[] = [];
afterEach(async () => {
  await Promise.all(tasks.splice(0).map((running) => running.stop()));
  await aws.stop();
});

async function task(log = quiet): Promise<string> {
  const service = createOrderProcessing({
    dynamodb: aws.dynamodb,
    sqs: aws.sqs,
    sns: aws.sns,
    log,
    productsTable: "Products",
    ordersTable: "Orders",
    queueUrl: aws.queues.OrderQueue,
    topicArn: aws.topicArn,
  });
  const running = await serve(service, 0, "127.0.0.1");
  tasks.push(running);
  return running.url;
}

type Placed = EventBody<"order.placed">;
const placed = (orderID: string, lines: Record<string, number>, buyer = "Ada"): Placed => ({
  orderID,
  lines: Object.entries(lines).map(([productID, quantity]) => ({ productID, name: productID, quantity, price: 5 })),
  customer: { name: buyer, email: "buyer@example.com", address: "1 Engine Street" },
  placedAt: 1_700_000_000_000,
});

/** Delivers an event to OrderQueue as the topic does. */
const deliver = (body: unknown) =>
  aws.sqs.sendMessage({
    QueueUrl: aws.queues.OrderQueue,
    MessageBody: JSON.stringify(body),
    MessageAttributes: { eventType: { DataType: "String", StringValue: "order.placed" } },
  });

async function stock(): Promise<Record<string, number>> {
  const { Items = [] } = await aws.dynamodb.send(new ScanCommand({ TableName: "Products", ConsistentRead: true }));
  return Object.fromEntries(Items.map(({ productID, stock }) => [productID, stock]));
}

async function decided(url: string, orderID: string): Promise<Order> {
  return vi.waitFor(
    async () => {
      const response = await fetch(`${url}/orders/${orderID}`);
      expect(response.status).toBe(200);
      return order.parse(await response.json());
    },
    { timeout: 20_000, interval: 100 },
  );
}

const goods = (stock: Record<string, number>) =>
  aws.seed(Object.entries(stock).map(([productID, stock]) => ({ productID, name: productID, price: 5, stock })));

test("an order takes its stock, is confirmed, and says so to the topic", async () => {
  await goods({ mug: 10, rug: 3 });
  const url = await task();
  expect((await fetch(`${url}/orders/o1`)).status).toBe(404);
  await deliver(placed("o1", { mug: 2, rug: 3 }));
  expect(await decided(url, "o1")).toMatchObject({ status: "CONFIRMED", total: 25, customer: { name: "Ada" } });
  expect(await stock()).toEqual({ mug: 8, rug: 0 });
  const [message] = await vi.waitFor(async () => {
    const messages = await aws.take("LookupQueue");
    expect(messages).toHaveLength(1);
    return messages;
  }, 20_000);
  expect(message?.MessageAttributes?.eventType?.StringValue).toBe("order.confirmed");
  expect(events["order.confirmed"].parse(JSON.parse(message?.Body ?? ""))).toEqual({
    orderID: "o1",
    lines: [
      { productID: "mug", quantity: 2 },
      { productID: "rug", quantity: 3 },
    ],
  });
}, 60_000);

test("an order of which one line cannot be had takes nothing, and names that line", async () => {
  await goods({ mug: 10, rug: 3 });
  const url = await task();
  await deliver(placed("short", { mug: 2, rug: 4 }));
  await deliver(placed("gone", { mug: 2, spaceship: 1 }));
  expect(await decided(url, "short")).toMatchObject({
    status: "REJECTED",
    reason: "Only 3 of “rug” left, 4 ordered.",
    failedLine: { productID: "rug", quantity: 4, available: 3 },
  });
  expect(await decided(url, "gone")).toMatchObject({
    status: "REJECTED",
    reason: "“spaceship” is no longer sold.",
    failedLine: { productID: "spaceship", quantity: 1, available: 0 },
  });
  expect(await stock()).toEqual({ mug: 10, rug: 3 });
}, 60_000);

test("200 orders by 20 buyers for 100 pieces, each delivered twice to two tasks: exactly 100 are sold", async () => {
  await goods({ mug: 100 });
  await Promise.all([task(), task()]);
  const all = Array.from({ length: 200 }, (_, i) => placed(`o${i}`, { mug: 1 }, `buyer ${i % 20}`));
  for (const order of all) await Promise.all([deliver(order), deliver(order)]);

  const outcomes = new Map<string, Set<string>>();
  await vi.waitFor(
    async () => {
      for (const { Body = "", MessageAttributes } of await aws.take("LookupQueue")) {
        const { orderID } = events["order.confirmed"].parse(JSON.parse(Body));
        const told = outcomes.get(orderID) ?? new Set();
        outcomes.set(orderID, told.add(MessageAttributes?.eventType?.StringValue ?? ""));
      }
      expect(outcomes.size).toBe(200);
    },
    { timeout: 240_000, interval: 1 },
  );
  await Promise.all(tasks.splice(0).map((running) => running.stop()));

  expect(await stock()).toEqual({ mug: 0 });
  const { Items = [] } = await aws.dynamodb.send(new ScanCommand({ TableName: "Orders", ConsistentRead: true }));
  const written = Items.map((item) => order.parse(item));
  expect(written).toHaveLength(200);
  expect(written.filter(({ status }) => status === "CONFIRMED")).toHaveLength(100);
  for (const { orderID, status } of written) {
    expect([...(outcomes.get(orderID) ?? [])]).toEqual([status === "CONFIRMED" ? "order.confirmed" : "order.rejected"]);
  }
}, 300_000);

test("an order that makes no sense ends in the dead-letter queue, the reason in the log, and keeps nobody waiting", async () => {
  await goods({ mug: 10 });
  const { log, lines } = listeningLog();
  const url = await task(log);
  await deliver({
    ...placed("poison", { mug: 1 }),
    lines: [{ productID: "mug", name: "Mug", price: 5, quantity: -1 }],
  });
  await deliver(placed("o1", { mug: 1 }));
  expect(await decided(url, "o1")).toMatchObject({ status: "CONFIRMED" });
  const [dead] = await vi.waitFor(async () => {
    const messages = await aws.take("OrderQueue-dlq");
    expect(messages).toHaveLength(1);
    return messages;
  }, 30_000);
  expect(JSON.parse(dead?.Body ?? "")).toMatchObject({ orderID: "poison" });
  expect(lines).toContainEqual(expect.objectContaining({ reason: expect.stringMatching(/lines\.0\.quantity/) }));
  expect(await stock()).toEqual({ mug: 9 });
}, 90_000);

test("/readyz says of tables, queue and topic whether they answer", async () => {
  const url = await task();
  const ready = await fetch(`${url}/readyz`);
  expect(await ready.json()).toEqual({
    status: "ready",
    neighbours: { Products: "ok", Orders: "ok", OrderQueue: "ok", events: "ok" },
  });
}, 30_000);
