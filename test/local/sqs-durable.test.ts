import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Journal } from "../../src/local/sqs/journal.ts";
import { killable } from "./support/killable.ts";

let dir: string;
let children: ReturnType<typeof killable>;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-sqs-"));
  children = killable();
});
afterAll(() => {
  children.remove();
  rmSync(dir, { recursive: true });
});

const about = (endpoint: string) => ({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "operator", secretAccessKey: "secret" },
});

test("what was sent or published before kill -9 is received after it, and what was received comes back", async () => {
  const first = await children.start(dir);
  const [sqs, sns] = [new SQS(about(first.url)), new SNS(about(first.url))];
  const policy = {
    Statement: {
      Effect: "Allow",
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: "*",
    },
  };
  const Attributes = { VisibilityTimeout: "1", Policy: JSON.stringify(policy) };
  const { QueueUrl } = await sqs.createQueue({ QueueName: "q", Attributes });
  const { TopicArn } = await sns.createTopic({ Name: "t" });
  const Endpoint = "arn:aws:sqs:us-east-1:000000000000:q";
  await sns.subscribe({ TopicArn, Protocol: "sqs", Endpoint, Attributes: { RawMessageDelivery: "true" } });
  await sqs.sendMessage({ QueueUrl, MessageBody: "received" });
  expect((await sqs.receiveMessage({ QueueUrl })).Messages).toHaveLength(1);
  await sqs.sendMessage({ QueueUrl, MessageBody: "deleted" });
  const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, VisibilityTimeout: 60 });
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle });
  await sqs.sendMessage({ QueueUrl, MessageBody: "sent" });
  await sns.publish({ TopicArn, Message: "published" });
  await first.kill();

  const second = await children.start(dir);
  const reader = new SQS(about(second.url));
  const url = (await reader.getQueueUrl({ QueueName: "q" })).QueueUrl;
  const bodies = new Set<string | undefined>();
  const wanted = Messages[0]?.Body === "deleted" ? ["published", "received", "sent"] : ["deleted", "published", "sent"];
  await expect
    .poll(
      async () => {
        const found = await reader.receiveMessage({
          QueueUrl: url,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 1,
          VisibilityTimeout: 60,
        });
        for (const message of found.Messages ?? []) bodies.add(message.Body);
        return [...bodies].sort();
      },
      { timeout: 30_000 },
    )
    .toEqual(wanted);
  await second.kill();
});

test("a line that a kill cut in two is left out, and the next one starts afresh", () => {
  const path = join(dir, "cut.jsonl");
  const journal = new Journal<{ n: number }>(path);
  journal.append([{ n: 1 }, { n: 2 }]);
  journal.close();
  appendFileSync(path, '{"n":3');
  const again = new Journal<{ n: number }>(path);
  expect(again.read()).toEqual([{ n: 1 }, { n: 2 }]);
  again.rewrite(again.read());
  again.append([{ n: 4 }]);
  expect(again.read()).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
  again.close();
});
