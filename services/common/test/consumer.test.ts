import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createConsumer, type Handlers } from "../src/consumer.ts";
import { createPublisher, type EventBody } from "../src/events.ts";
import type { Part } from "../src/lifecycle.ts";
import { requestId, withRequestId } from "../src/log.ts";
import { listeningLog, quiet } from "./support/log.ts";
import { type ShopAws, startShop } from "./support/shop.ts";

let aws: ShopAws;
beforeAll(async () => {
  aws = await startShop();
}, 60_000);
afterAll(() => aws.stop());

const viewed = (productID: string): EventBody<"product.viewed"> => ({ productID });

function consume(handlers: Handlers, log = quiet): Part {
  const consumer = createConsumer({ sqs: aws.sqs, queueUrl: aws.queues.LookupQueue, log, handlers });
  consumer.start();
  return consumer;
}

const left = async () => {
  const { Attributes } = await aws.sqs.getQueueAttributes({
    QueueUrl: aws.queues.LookupQueue,
    AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
  });
  return Object.values(Attributes ?? {}).reduce((sum, count) => sum + Number(count), 0);
};

test("an event reaches its handler with its body and the id of the request that caused it", async () => {
  const arrived: unknown[] = [];
  const consumer = consume({ "product.viewed": async (body) => void arrived.push([body, requestId()]) });
  const publish = createPublisher(aws.sns, aws.topicArn);
  await withRequestId("visit-1", () => publish("product.viewed", viewed("lamp")));
  await vi.waitFor(() => expect(arrived).toEqual([[viewed("lamp"), "visit-1"]]), 15_000);
  await consumer.stop();
  expect(await left()).toBe(0);
}, 30_000);

test("a message stays in the queue until its effect is durable, and a stop waits for that but not for the long poll", async () => {
  let finish = () => {};
  const durable = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const handler = vi.fn(() => durable);
  const consumer = consume({ "product.viewed": handler });
  await createPublisher(aws.sns, aws.topicArn)("product.viewed", viewed("chair"));
  await vi.waitFor(() => expect(handler).toHaveBeenCalledOnce(), 15_000);
  expect(await left()).toBe(1);
  const stopped = consumer.stop();
  finish();
  await stopped;
  expect(await left()).toBe(0);
}, 15_000);

test("a message whose handling failed is delivered again", async () => {
  let failures = 1;
  const handler = vi.fn(async () => {
    failures -= 1;
    if (failures >= 0) throw new Error("the table is away");
  });
  const { log, lines } = listeningLog();
  const consumer = consume({ "product.viewed": handler }, log);
  await createPublisher(aws.sns, aws.topicArn)("product.viewed", viewed("desk"));
  await vi.waitFor(() => expect(JSON.stringify(lines)).toContain("it will come again"), 15_000);
  aws.advance(60_000);
  await vi.waitFor(() => expect(handler).toHaveBeenCalledTimes(2), 15_000);
  await consumer.stop();
  expect(await left()).toBe(0);
}, 40_000);

test("what cannot be understood ends in the dead-letter queue, with the reason in the log", async () => {
  const { log, lines } = listeningLog();
  const consumer = consume({ "product.viewed": async () => {} }, log);
  const send = (eventType: string | undefined, MessageBody: string) =>
    aws.sqs.sendMessage({
      QueueUrl: aws.queues.LookupQueue,
      MessageBody,
      MessageAttributes: eventType === undefined ? {} : { eventType: { DataType: "String", StringValue: eventType } },
    });
  await send("product.viewed", "not json");
  await send("product.viewed", '{"product":"lamp"}');
  await send("product.eaten", "{}");
  await send(undefined, "{}");
  const dead: (string | undefined)[] = [];
  await vi.waitFor(async () => {
    dead.push(...(await aws.take("LookupQueue-dlq")).map(({ Body }) => Body));
    expect(dead.length).toBe(4);
  }, 30_000);
  await consumer.stop();
  const reasons = new Set(lines.flatMap(({ reason }) => (typeof reason === "string" ? [reason.slice(0, 30)] : [])));
  expect([...reasons].sort()).toEqual([
    "nobody knows the event product",
    "not a product.viewed: productI",
    "the body of product.viewed is ",
    "the message has no attribute e",
  ]);
  expect(await left()).toBe(0);
}, 60_000);
