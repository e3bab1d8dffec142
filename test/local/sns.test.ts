import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { sns as snsService } from "../../src/local/sns/sns.ts";
import { topicMetrics } from "../../src/local/sns/topics.ts";
import { depth } from "../../src/local/sqs/deliver.ts";
import { sqs as sqsService } from "../../src/local/sqs/sqs.ts";

let dir: string;
let local: LocalServer;
let sns: SNS;
let sqs: SQS;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-sns-"));
  local = await startLocal({ dir, port: 0, services: [snsService, sqsService] });
  const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
  const about = { endpoint: local.url, region: "us-east-1", credentials, maxAttempts: 1 };
  sns = new SNS(about);
  sqs = new SQS(about);
});
afterEach(async () => {
  await local.stop();
  rmSync(dir, { recursive: true });
});

const TopicArn = "arn:aws:sns:us-east-1:000000000000:ecommerce-events";
const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const admitting = (queue: string, topic = TopicArn) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "sns.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: arn(queue),
        Condition: { ArnEquals: { "aws:SourceArn": topic } },
      },
    ],
  });
const topic = () => sns.createTopic({ Name: "ecommerce-events" });
const queue = async (QueueName: string, Policy: string | undefined = admitting(QueueName)) =>
  (await sqs.createQueue({ QueueName, Attributes: Policy ? { Policy } : {} })).QueueUrl;
const subscribe = async (name: string, Attributes: Record<string, string> = {}) =>
  (await sns.subscribe({ TopicArn, Protocol: "sqs", Endpoint: arn(name), Attributes, ReturnSubscriptionArn: true }))
    .SubscriptionArn;
const bodies = async (QueueUrl: string | undefined) => {
  const { Messages } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"] });
  return Messages ?? [];
};
const event = (eventType: string, Message = "{}") =>
  sns.publish({ TopicArn, Message, MessageAttributes: { eventType: { DataType: "String", StringValue: eventType } } });
const metrics = () => topicMetrics(local.local, "us-east-1")["ecommerce-events"];

test("a topic made again is the same one, unless an attribute or a tag differs", async () => {
  const Tags = [{ Key: "ecomctl:stack", Value: "ecommerce" }];
  const same = { Name: "ecommerce-events", Attributes: { DisplayName: "shop" }, Tags };
  expect((await sns.createTopic(same)).TopicArn).toBe(TopicArn);
  expect((await sns.createTopic(same)).TopicArn).toBe(TopicArn);
  expect((await topic()).TopicArn).toBe(TopicArn);
  await expect(sns.createTopic({ ...same, Attributes: { DisplayName: "other" } })).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
  });
  await expect(sns.createTopic({ ...same, Tags: [] })).rejects.toThrow("Topic already exists with different tags");
  expect((await sns.listTagsForResource({ ResourceArn: TopicArn })).Tags).toEqual(Tags);
});

test("a topic has the policy that AWS gives it, until one is set", async () => {
  await topic();
  const attributes = async () => (await sns.getTopicAttributes({ TopicArn })).Attributes;
  expect(JSON.parse((await attributes())?.Policy ?? "").Statement[0].Condition).toEqual({
    StringEquals: { "AWS:SourceOwner": "000000000000" },
  });
  expect(await attributes()).toMatchObject({
    TopicArn,
    Owner: "000000000000",
    SubscriptionsConfirmed: "0",
    DisplayName: "",
  });
  await sns.setTopicAttributes({ TopicArn, AttributeName: "DisplayName", AttributeValue: "shop" });
  expect(await attributes()).toMatchObject({ DisplayName: "shop" });
  await expect(
    sns.setTopicAttributes({ TopicArn, AttributeName: "Colour", AttributeValue: "red" }),
  ).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
  await sns.deleteTopic({ TopicArn });
  await expect(attributes()).rejects.toMatchObject({ name: "NotFoundException" });
  await sns.deleteTopic({ TopicArn });
});

test("a subscription of a queue is confirmed at once, and made again it is the same one", async () => {
  await topic();
  await queue("q");
  const FilterPolicy = JSON.stringify({ eventType: ["order.placed"] });
  const first = await subscribe("q", { RawMessageDelivery: "true", FilterPolicy });
  expect(await subscribe("q", { RawMessageDelivery: "true", FilterPolicy })).toBe(first);
  await expect(subscribe("q", { RawMessageDelivery: "false" })).rejects.toThrow(
    "Subscription already exists with different attributes",
  );
  const { Attributes } = await sns.getSubscriptionAttributes({ SubscriptionArn: first });
  expect(Attributes).toMatchObject({
    PendingConfirmation: "false",
    RawMessageDelivery: "true",
    FilterPolicy,
    FilterPolicyScope: "MessageAttributes",
    Protocol: "sqs",
    Endpoint: arn("q"),
  });
  await sns.setSubscriptionAttributes({ SubscriptionArn: first, AttributeName: "FilterPolicy", AttributeValue: "{}" });
  expect((await sns.getSubscriptionAttributes({ SubscriptionArn: first })).Attributes).not.toHaveProperty(
    "FilterPolicy",
  );
  await sns.unsubscribe({ SubscriptionArn: first });
  await sns.unsubscribe({ SubscriptionArn: first });
  expect((await sns.getTopicAttributes({ TopicArn })).Attributes).toMatchObject({ SubscriptionsDeleted: "1" });
});

test("an address is asked first, and confirmed by the token in its mail", async () => {
  await topic();
  const pending = await sns.subscribe({ TopicArn, Protocol: "email", Endpoint: "me@example.com" });
  expect(pending.SubscriptionArn).toBe("pending confirmation");
  const listed = async () => (await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions?.[0]?.SubscriptionArn;
  expect(await listed()).toBe("PendingConfirmation");
  await event("order.placed");
  const outbox = () =>
    readFileSync(join(dir, "sns/outbox.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  expect(outbox()).toHaveLength(1);
  await expect(sns.confirmSubscription({ TopicArn, Token: "no" })).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
  const Token = /--token (\w+)/.exec(outbox()[0].text)?.[1];
  const { SubscriptionArn } = await sns.confirmSubscription({ TopicArn, Token });
  expect(await listed()).toBe(SubscriptionArn);
  await sns.publish({ TopicArn, Subject: "hello", Message: "you" });
  expect(outbox()[1]).toMatchObject({ to: "me@example.com", subject: "hello", text: "you" });
});

test("raw delivery hands the message over as it is, else SNS wraps it", async () => {
  await topic();
  const [raw, wrapped] = [await queue("raw"), await queue("wrapped")];
  await subscribe("raw", { RawMessageDelivery: "true" });
  const subscription = await subscribe("wrapped");
  const { MessageId } = await event("order.placed", '{"orderID":"1"}');
  expect((await bodies(raw))[0]).toMatchObject({
    Body: '{"orderID":"1"}',
    MessageAttributes: { eventType: { DataType: "String", StringValue: "order.placed" } },
  });
  const [letter] = await bodies(wrapped);
  expect(letter?.MessageAttributes).toBeUndefined();
  expect(JSON.parse(letter?.Body ?? "")).toMatchObject({
    Type: "Notification",
    MessageId,
    TopicArn,
    Message: '{"orderID":"1"}',
    MessageAttributes: { eventType: { Type: "String", Value: "order.placed" } },
    SignatureVersion: "1",
    Signature: expect.any(String),
    UnsubscribeURL: expect.stringContaining(subscription ?? "no ARN"),
  });
});

test("each queue gets what its filter lets through, and what it does not is counted", async () => {
  await topic();
  const [orders, lookups] = [await queue("OrderQueue"), await queue("LookupQueue")];
  await subscribe("OrderQueue", { RawMessageDelivery: "true", FilterPolicy: '{"eventType":["order.placed"]}' });
  await subscribe("LookupQueue", { RawMessageDelivery: "true", FilterPolicy: '{"eventType":[{"prefix":"product."}]}' });
  await event("order.placed", "an order");
  await event("product.viewed", "a look");
  await event("other", "nobody's");
  expect((await bodies(orders)).map((message) => message.Body)).toEqual(["an order"]);
  expect((await bodies(lookups)).map((message) => message.Body)).toEqual(["a look"]);
  expect(metrics()).toMatchObject({
    NumberOfMessagesPublished: 3,
    NumberOfNotificationsDelivered: 2,
    NumberOfNotificationsFilteredOut: 4,
    NumberOfNotificationsFailed: 0,
  });
});

test("a queue whose policy does not admit the topic gets nothing, and the failure is counted", async () => {
  await topic();
  const closed = await queue("closed", "");
  const other = await queue("other", admitting("other", `${TopicArn}-dev`));
  await subscribe("closed");
  await subscribe("other");
  await sns.subscribe({ TopicArn, Protocol: "sqs", Endpoint: arn("absent") });
  await event("order.placed");
  expect([...(await bodies(closed)), ...(await bodies(other))]).toEqual([]);
  expect(metrics()).toMatchObject({ NumberOfNotificationsFailed: 3, NumberOfNotificationsDelivered: 0 });
  await sqs.setQueueAttributes({ QueueUrl: closed, Attributes: { Policy: admitting("closed") } });
  await event("order.placed");
  expect(await bodies(closed)).toHaveLength(1);
  expect(depth(local.local, "us-east-1", "closed")).toMatchObject({ visible: 0, inFlight: 1 });
});

test("what cannot be delivered goes to the subscription's dead-letter queue, if that admits the topic", async () => {
  await topic();
  await queue("closed", "");
  const dead = await queue("dead");
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn("dead") });
  await subscribe("closed", { RawMessageDelivery: "true", RedrivePolicy });
  await event("order.placed", "lost");
  expect((await bodies(dead))[0]).toMatchObject({
    Body: "lost",
    MessageAttributes: { ErrorCode: { StringValue: "AccessDenied" } },
  });
  expect(metrics()).toMatchObject({ NumberOfNotificationsFailed: 1, NumberOfNotificationsRedrivenToDlq: 1 });
});

test("a raw message with more than ten attributes is dropped as a client error", async () => {
  await topic();
  const url = await queue("q");
  await subscribe("q", { RawMessageDelivery: "true" });
  const MessageAttributes = Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [`a${index}`, { DataType: "String", StringValue: "x" }]),
  );
  await sns.publish({ TopicArn, Message: "x", MessageAttributes });
  expect(await bodies(url)).toEqual([]);
  expect(metrics()?.NumberOfNotificationsFailed).toBe(1);
});

test("a batch publishes what it can", async () => {
  await topic();
  const url = await queue("q");
  await subscribe("q", { RawMessageDelivery: "true" });
  const { Successful, Failed } = await sns.publishBatch({
    TopicArn,
    PublishBatchRequestEntries: [
      { Id: "a", Message: "one" },
      { Id: "b", Message: "two", Subject: "x".repeat(101) },
      { Id: "c", Message: '{"default":"d","sqs":"three"}', MessageStructure: "json" },
    ],
  });
  expect(Successful?.map((entry) => entry.Id)).toEqual(["a", "c"]);
  expect(Failed).toMatchObject([{ Id: "b", Code: "InvalidParameter", SenderFault: true }]);
  expect((await bodies(url)).map((message) => message.Body).sort()).toEqual(["one", "three"]);
  await expect(sns.publish({ TopicArn: `${TopicArn}-no`, Message: "x" })).rejects.toMatchObject({
    name: "NotFoundException",
  });
  await expect(sns.publish({ TopicArn, Message: "x".repeat(256 * 1024 + 1) })).rejects.toThrow("Message too long");
});

test("topics and subscriptions are listed a hundred at a time", async () => {
  for (let index = 0; index < 101; index++) await sns.createTopic({ Name: `t${index}` });
  const first = await sns.listTopics({});
  expect(first.Topics).toHaveLength(100);
  const second = await sns.listTopics({ NextToken: first.NextToken });
  expect(second.Topics).toHaveLength(1);
  expect(second.NextToken).toBeUndefined();
});

test("a filter policy that is none is refused in SNS's words", async () => {
  await topic();
  await queue("q");
  const refused = (policy: string) => expect(subscribe("q", { FilterPolicy: policy })).rejects;
  await refused("[").toThrow("FilterPolicy: failed to parse JSON");
  await refused('{"a":"b"}').toThrow('"a" must be an object or an array');
  await refused('{"a":{"b":["c"]}}').toThrow("does not support nested filter policy");
  await refused('{"a":[{"like":"c"}]}').toThrow("Unrecognized match type like");
  await refused('{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}').toThrow("more than 5 keys");
});
