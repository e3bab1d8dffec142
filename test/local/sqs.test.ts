import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type QueueAttributeName, SQS } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestClock, testClock } from "../../src/local/clock.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { sqs as service } from "../../src/local/sqs/sqs.ts";

let dir: string;
let clock: TestClock;
let local: LocalServer;
let sqs: SQS;

async function start(): Promise<void> {
  local = await startLocal({ dir, port: 0, services: [service], clock, waits: "aws" });
  const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
  sqs = new SQS({ endpoint: local.url, region: "us-east-1", credentials, maxAttempts: 1 });
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-sqs-"));
  clock = testClock();
  await start();
});
afterEach(async () => {
  await local.stop();
  rmSync(dir, { recursive: true });
});

const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const create = async (QueueName: string, Attributes: Record<string, string> = {}) =>
  (await sqs.createQueue({ QueueName, Attributes })).QueueUrl ?? "";
const told = async (QueueUrl: string, ...AttributeNames: QueueAttributeName[]) =>
  (await sqs.getQueueAttributes({ QueueUrl, AttributeNames: AttributeNames.length > 0 ? AttributeNames : ["All"] }))
    .Attributes;
const receive = async (QueueUrl: string, most = 10) =>
  (await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: most, MessageSystemAttributeNames: ["All"] })).Messages ??
  [];
const redrive = (name: string, maxReceiveCount: number | string = 2) =>
  JSON.stringify({ deadLetterTargetArn: arn(name), maxReceiveCount });

test("a queue has an URL on this machine, its ARN, and AWS's defaults as strings", async () => {
  const url = await create("OrderQueue");
  expect(url).toBe(`${local.url}/000000000000/OrderQueue`);
  expect((await sqs.getQueueUrl({ QueueName: "OrderQueue" })).QueueUrl).toBe(url);
  expect(await told(url)).toEqual({
    QueueArn: arn("OrderQueue"),
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
    ApproximateNumberOfMessagesDelayed: "0",
    CreatedTimestamp: "1767225600",
    LastModifiedTimestamp: "1767225600",
    VisibilityTimeout: "30",
    MaximumMessageSize: "1048576",
    MessageRetentionPeriod: "345600",
    DelaySeconds: "0",
    ReceiveMessageWaitTimeSeconds: "0",
    SqsManagedSseEnabled: "true",
  });
  expect(await told(url, "VisibilityTimeout")).toEqual({ VisibilityTimeout: "30" });
  await expect(sqs.getQueueAttributes({ QueueUrl: url, AttributeNames: ["Nonsense" as "All"] })).rejects.toMatchObject({
    name: "InvalidAttributeName",
  });
});

test("a queue made again is the same one, unless an attribute differs", async () => {
  const url = await create("OrderQueue", { VisibilityTimeout: "60" });
  expect(await create("OrderQueue", { VisibilityTimeout: "60", DelaySeconds: "0" })).toBe(url);
  await expect(create("OrderQueue", { VisibilityTimeout: "61" })).rejects.toMatchObject({
    name: "QueueNameExists",
    message: "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
  });
});

test("a name is free again 60 seconds after its queue was deleted", async () => {
  const QueueUrl = await create("OrderQueue");
  await sqs.sendMessage({ QueueUrl, MessageBody: "lost" });
  await sqs.deleteQueue({ QueueUrl });
  await expect(sqs.getQueueUrl({ QueueName: "OrderQueue" })).rejects.toMatchObject({
    name: "QueueDoesNotExist",
    Code: "AWS.SimpleQueueService.NonExistentQueue",
  });
  await expect(create("OrderQueue")).rejects.toMatchObject({ name: "QueueDeletedRecently" });
  clock.advance(60_000);
  expect(await receive(await create("OrderQueue"))).toEqual([]);
});

test("an attribute out of its range, or not to be set, is refused", async () => {
  await expect(create("q", { VisibilityTimeout: "43201" })).rejects.toMatchObject({ name: "InvalidAttributeValue" });
  await expect(create("q", { QueueArn: arn("q") })).rejects.toMatchObject({ name: "InvalidAttributeName" });
  await expect(create("q", { Policy: "{" })).rejects.toMatchObject({ name: "InvalidAttributeValue" });
  await expect(create("a queue")).rejects.toMatchObject({ name: "InvalidParameterValue" });
});

test("a redrive policy needs a target that is there and that allows it", async () => {
  await expect(create("q", { RedrivePolicy: redrive("q-dlq") })).rejects.toThrow("Dead letter target does not exist.");
  await create("q-dlq", {
    RedriveAllowPolicy: JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: [arn("other")] }),
  });
  await expect(create("q", { RedrivePolicy: redrive("q-dlq") })).rejects.toThrow("does not allow");
  await expect(create("q", { RedrivePolicy: "{}" })).rejects.toThrow("mandatory attribute: deadLetterTargetArn");
  await expect(create("q", { RedrivePolicy: redrive("q-dlq", 0) })).rejects.toThrow("maxReceiveCount");
  const other = await create("other", { RedrivePolicy: redrive("q-dlq", "3") });
  const sources = await sqs.listDeadLetterSourceQueues({ QueueUrl: `${local.url}/000000000000/q-dlq` });
  expect(sources.queueUrls).toEqual([other]);
  await sqs.setQueueAttributes({ QueueUrl: other, Attributes: { RedrivePolicy: "" } });
  expect(await told(other)).not.toHaveProperty("RedrivePolicy");
});

test("queues are listed by prefix, in pages when pages are asked for", async () => {
  for (const name of ["a2", "b1", "a1", "a3"]) await create(name);
  const names = (urls: string[] | undefined) => urls?.map((url) => url.split("/").at(-1));
  expect(names((await sqs.listQueues({ QueueNamePrefix: "a" })).QueueUrls)).toEqual(["a1", "a2", "a3"]);
  const first = await sqs.listQueues({ MaxResults: 3 });
  expect(names(first.QueueUrls)).toEqual(["a1", "a2", "a3"]);
  const second = await sqs.listQueues({ MaxResults: 3, NextToken: first.NextToken });
  expect(names(second.QueueUrls)).toEqual(["b1"]);
  expect(second.NextToken).toBeUndefined();
});

test("tags are added and taken away", async () => {
  const { QueueUrl } = await sqs.createQueue({ QueueName: "q", tags: { a: "1" } });
  await sqs.tagQueue({ QueueUrl, Tags: { b: "2" } });
  await sqs.untagQueue({ QueueUrl, TagKeys: ["a"] });
  expect((await sqs.listQueueTags({ QueueUrl })).Tags).toEqual({ b: "2" });
});

test("a received message is hidden until its time is over or it is deleted", async () => {
  const QueueUrl = await create("q");
  await sqs.sendMessage({ QueueUrl, MessageBody: "hello" });
  const [first] = await receive(QueueUrl);
  expect(first).toMatchObject({ Body: "hello", Attributes: { ApproximateReceiveCount: "1" } });
  expect(await receive(QueueUrl)).toEqual([]);
  expect(await told(QueueUrl)).toMatchObject({
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "1",
  });
  await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 100 });
  clock.advance(31_000);
  expect(await receive(QueueUrl)).toEqual([]);
  clock.advance(70_000);
  const [second] = await receive(QueueUrl);
  expect(second).toMatchObject({ MessageId: first?.MessageId, Attributes: { ApproximateReceiveCount: "2" } });
  // The first receipt is stale by now: deleting with it succeeds and deletes nothing.
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle: first?.ReceiptHandle });
  await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle: second?.ReceiptHandle, VisibilityTimeout: 0 });
  const [third] = await receive(QueueUrl);
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle: third?.ReceiptHandle });
  clock.advance(60_000);
  expect(await receive(QueueUrl)).toEqual([]);
  await expect(sqs.deleteMessage({ QueueUrl, ReceiptHandle: "bogus" })).rejects.toMatchObject({
    name: "ReceiptHandleIsInvalid",
  });
});

test("a delayed message waits, and an old one is forgotten", async () => {
  const QueueUrl = await create("q", { MessageRetentionPeriod: "60" });
  await sqs.sendMessage({ QueueUrl, MessageBody: "later", DelaySeconds: 10 });
  expect(await told(QueueUrl)).toMatchObject({
    ApproximateNumberOfMessagesDelayed: "1",
    ApproximateNumberOfMessages: "0",
  });
  expect(await receive(QueueUrl)).toEqual([]);
  clock.advance(10_000);
  expect(await receive(QueueUrl)).toHaveLength(1);
  clock.advance(50_000);
  expect(await receive(QueueUrl)).toEqual([]);
  expect(await told(QueueUrl)).toMatchObject({
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
  });
});

test("a message received too often ends in the dead-letter queue, and is moved back", async () => {
  const dead = await create("q-dlq");
  const QueueUrl = await create("q", { RedrivePolicy: redrive("q-dlq") });
  const { MessageId } = await sqs.sendMessage({ QueueUrl, MessageBody: "poison" });
  for (let round = 0; round < 2; round++) {
    expect(await receive(QueueUrl)).toHaveLength(1);
    clock.advance(31_000);
  }
  expect(await receive(QueueUrl)).toEqual([]);
  const [letter] = await receive(dead);
  expect(letter).toMatchObject({
    MessageId,
    Body: "poison",
    Attributes: { ApproximateReceiveCount: "1", DeadLetterQueueSourceArn: arn("q") },
  });
  clock.advance(31_000);

  await expect(sqs.startMessageMoveTask({ SourceArn: arn("q") })).rejects.toThrow("Dead Letter Queue");
  await sqs.startMessageMoveTask({ SourceArn: arn("q-dlq") });
  const task = async () => (await sqs.listMessageMoveTasks({ SourceArn: arn("q-dlq") })).Results?.[0];
  expect(await task()).toMatchObject({ Status: "RUNNING", ApproximateNumberOfMessagesToMove: 1 });
  await expect
    .poll(async () => {
      clock.advance(1000);
      return (await task())?.Status;
    })
    .toBe("COMPLETED");
  expect(await task()).toMatchObject({ ApproximateNumberOfMessagesMoved: 1 });
  const [again] = await receive(QueueUrl);
  expect(again).toMatchObject({ Body: "poison", Attributes: { ApproximateReceiveCount: "1" } });
});

test("attributes arrive with the digest that SQS documents", async () => {
  const QueueUrl = await create("q");
  const sent = await sqs.sendMessage({
    QueueUrl,
    MessageBody: "x",
    MessageAttributes: {
      eventType: { DataType: "String", StringValue: "order.placed" },
      raw: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2]) },
      size: { DataType: "Number", StringValue: "3" },
    },
  });
  // Computed by another implementation of the documented algorithm.
  expect(sent.MD5OfMessageAttributes).toBe("f066e57fc8520065dae70343a425a06b");
  const { Messages } = await sqs.receiveMessage({ QueueUrl, MessageAttributeNames: ["event.*", "size"] });
  expect(Object.keys(Messages?.[0]?.MessageAttributes ?? {})).toEqual(["eventType", "size"]);
  await expect(sqs.sendMessage({ QueueUrl, MessageBody: "\u0000" })).rejects.toMatchObject({
    name: "InvalidMessageContents",
  });
  await expect(
    sqs.sendMessage({ QueueUrl, MessageBody: "x", MessageAttributes: { a: { DataType: "Text", StringValue: "x" } } }),
  ).rejects.toThrow("invalid message attribute type");
});

test("of a batch, what is refused is told beside what was done", async () => {
  const QueueUrl = await create("q", { MaximumMessageSize: "1024" });
  const sent = await sqs.sendMessageBatch({
    QueueUrl,
    Entries: [
      { Id: "good", MessageBody: "x" },
      { Id: "long", MessageBody: "x".repeat(1025) },
    ],
  });
  expect(sent).toMatchObject({ Successful: [{ Id: "good" }], Failed: [{ Id: "long", SenderFault: true }] });
  const [message] = await receive(QueueUrl);
  const deleted = await sqs.deleteMessageBatch({
    QueueUrl,
    Entries: [
      { Id: "a", ReceiptHandle: message?.ReceiptHandle },
      { Id: "b", ReceiptHandle: "bogus" },
    ],
  });
  expect(deleted).toMatchObject({ Successful: [{ Id: "a" }], Failed: [{ Id: "b", Code: "ReceiptHandleIsInvalid" }] });
  const twice = [
    { Id: "a", MessageBody: "x" },
    { Id: "a", MessageBody: "y" },
  ];
  await expect(sqs.sendMessageBatch({ QueueUrl, Entries: twice })).rejects.toMatchObject({
    name: "BatchEntryIdsNotDistinct",
  });
});

test("a long poll wakes when a message is sent, and ends empty when its time is over", async () => {
  const QueueUrl = await create("q");
  const poll = () => sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 });
  const waking = poll();
  await expect.poll(() => clock.sleepers).toBe(1);
  await sqs.sendMessage({ QueueUrl, MessageBody: "now" });
  expect((await waking).Messages?.[0]?.Body).toBe("now");
  const empty = poll();
  for (let second = 0; second < 20; second++) {
    await expect.poll(() => clock.sleepers).toBe(1);
    clock.advance(1000);
  }
  expect((await empty).Messages).toBeUndefined();
});

test("a poll whose client hung up takes no message", async () => {
  const QueueUrl = await create("q");
  const gone = new AbortController();
  const polling = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, { abortSignal: gone.signal });
  const refused = expect(polling).rejects.toMatchObject({ name: "AbortError" });
  await expect.poll(() => clock.sleepers).toBe(1);
  gone.abort();
  await refused;
  await expect.poll(() => clock.sleepers).toBe(0);
  await sqs.sendMessage({ QueueUrl, MessageBody: "kept" });
  expect(await receive(QueueUrl)).toHaveLength(1);
});

test("a queue is purged once a minute", async () => {
  const QueueUrl = await create("q");
  await sqs.sendMessage({ QueueUrl, MessageBody: "x" });
  await sqs.purgeQueue({ QueueUrl });
  expect(await receive(QueueUrl)).toEqual([]);
  await expect(sqs.purgeQueue({ QueueUrl })).rejects.toMatchObject({ name: "PurgeQueueInProgress" });
  clock.advance(60_000);
  await sqs.purgeQueue({ QueueUrl });
});

test("permissions are statements of the policy, by their label", async () => {
  const QueueUrl = await create("q");
  await sqs.addPermission({ QueueUrl, Label: "friends", AWSAccountIds: ["111111111111"], Actions: ["SendMessage"] });
  expect(JSON.parse((await told(QueueUrl))?.Policy ?? "")).toMatchObject({
    Statement: [
      { Sid: "friends", Principal: { AWS: ["arn:aws:iam::111111111111:root"] }, Action: ["SQS:SendMessage"] },
    ],
  });
  await sqs.removePermission({ QueueUrl, Label: "friends" });
  expect(await told(QueueUrl)).not.toHaveProperty("Policy");
});

test("messages, their counts and their receipts outlive a restart, on any port", async () => {
  let QueueUrl = await create("q");
  for (const MessageBody of ["one", "two", "three"]) await sqs.sendMessage({ QueueUrl, MessageBody });
  const [first, second] = await receive(QueueUrl, 2);
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle: first?.ReceiptHandle });
  await local.stop();
  await start();
  expect((await receive(QueueUrl.replace(/:\d+/, ":1"))).map((message) => message.Body)).toEqual(["three"]);
  QueueUrl = (await sqs.getQueueUrl({ QueueName: "q" })).QueueUrl ?? "";
  expect(QueueUrl).toContain(local.url);
  clock.advance(31_000);
  const back = await receive(QueueUrl);
  expect(back.map((message) => message.Body).sort()).toEqual(["three", "two"]);
  expect(back.find((message) => message.Body === "two")).toMatchObject({
    MessageId: second?.MessageId,
    Attributes: { ApproximateReceiveCount: "2" },
  });
});
