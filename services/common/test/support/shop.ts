import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { SNS } from "@aws-sdk/client-sns";
import { type Message, SQS } from "@aws-sdk/client-sqs";
import { BatchWriteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { realClock } from "../../../../src/local/clock.ts";
import { dynamodb as dynamodbService } from "../../../../src/local/dynamodb/dynamodb.ts";
import { type LocalServer, startLocal } from "../../../../src/local/server.ts";
import { sns as snsService } from "../../../../src/local/sns/sns.ts";
import { sqs as sqsService } from "../../../../src/local/sqs/sqs.ts";

/** An AWS of this test's own, with the shop's tables, topic and queues as the guide has them. */
export interface ShopAws {
  readonly url: string;
  readonly dynamodb: DynamoDBDocumentClient;
  readonly sns: SNS;
  readonly sqs: SQS;
  readonly topicArn: string;
  /** OrderQueue, LookupQueue and their dead-letter queues, by name. */
  readonly queues: Readonly<Record<QueueName, string>>;
  /** The environment of a service's process. */
  readonly environment: Readonly<Record<string, string>>;
  /** What AWS is to do wrong, and what it was asked for. */
  readonly faults: LocalServer["faults"];
  readonly calls: LocalServer["calls"];
  /** Moves AWS's clock on: a hidden message becomes visible without waiting for it. */
  advance(ms: number): void;
  /** Puts products into the table as `ecomctl seed` does. */
  seed(products: readonly Seed[], at?: number): Promise<void>;
  /** What arrives in a queue within a moment; takes it out. */
  take(queue: QueueName): Promise<Message[]>;
  stop(): Promise<void>;
}

export type QueueName = "OrderQueue" | "LookupQueue" | "OrderQueue-dlq" | "LookupQueue-dlq";

export interface Seed {
  readonly productID: string;
  readonly name: string;
  readonly description?: string;
  readonly category?: string;
  readonly style?: string;
  readonly price: number;
  readonly stock: number;
}

const subscriptions = {
  OrderQueue: ["order.placed"],
  LookupQueue: ["product.searched", "product.viewed", "order.confirmed", "order.rejected"],
} as const;

/** Starts the local AWS in this process, on a free port, in a folder that `stop` removes. */
export async function startShop(): Promise<ShopAws> {
  process.env.AWS_EC2_METADATA_DISABLED = "true";
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const dir = await mkdtemp(join(tmpdir(), "shop-"));
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead, sleep: realClock.sleep };
  const local = await startLocal({ dir, port: 0, clock, services: [dynamodbService, snsService, sqsService] });
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = { endpoint: local.url, region: "us-east-1", credentials };
  const [raw, sns, sqs] = [new DynamoDB(client), new SNS(client), new SQS(client)];
  const dynamodb = DynamoDBDocumentClient.from(raw, { marshallOptions: { removeUndefinedValues: true } });

  await createTables(raw);
  const { TopicArn: topicArn = "" } = await sns.createTopic({ Name: "ecommerce-events" });
  const queues = {
    ...(await createQueue(sqs, "OrderQueue", topicArn)),
    ...(await createQueue(sqs, "LookupQueue", topicArn)),
  } as Record<QueueName, string>;
  for (const [name, types] of Object.entries(subscriptions)) {
    await sns.subscribe({
      TopicArn: topicArn,
      Protocol: "sqs",
      Endpoint: await arnOf(sqs, queues[name as QueueName]),
      Attributes: { RawMessageDelivery: "true", FilterPolicy: JSON.stringify({ eventType: types }) },
    });
  }

  return {
    url: local.url,
    dynamodb,
    sns,
    sqs,
    topicArn,
    queues,
    faults: local.faults,
    calls: local.calls,
    environment: {
      PATH: process.env.PATH ?? "",
      PORT: "0",
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_ENDPOINT_URL: local.url,
      PRODUCTS_TABLE: "Products",
      ORDERS_TABLE: "Orders",
      TOPIC_ARN: topicArn,
      ORDER_QUEUE_URL: queues.OrderQueue,
      LOOKUP_QUEUE_URL: queues.LookupQueue,
    },
    advance(ms) {
      ahead += ms;
    },
    async seed(products, at = Date.now()) {
      for (let from = 0; from < products.length; from += 25) {
        const puts = products.slice(from, from + 25).map((product) => ({
          PutRequest: {
            Item: {
              description: "",
              category: "things",
              ...product,
              updatedAt: at,
              shard: String([...Buffer.from(product.productID)].reduce((sum, byte) => sum + byte, 0) % 4),
            },
          },
        }));
        await dynamodb.send(new BatchWriteCommand({ RequestItems: { Products: puts } }));
      }
    },
    async take(queue) {
      const QueueUrl = queues[queue];
      const { Messages = [] } = await sqs.receiveMessage({
        QueueUrl,
        WaitTimeSeconds: 1,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
      });
      for (const { ReceiptHandle } of Messages) await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
      return Messages;
    },
    async stop() {
      for (const client of [raw, sns, sqs]) client.destroy();
      await local.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function createTables(dynamodb: DynamoDB): Promise<void> {
  await dynamodb.createTable({
    TableName: "Products",
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "productID", KeyType: "HASH" }],
    AttributeDefinitions: [
      { AttributeName: "productID", AttributeType: "S" },
      { AttributeName: "shard", AttributeType: "S" },
      { AttributeName: "updatedAt", AttributeType: "N" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "changes",
        KeySchema: [
          { AttributeName: "shard", KeyType: "HASH" },
          { AttributeName: "updatedAt", KeyType: "RANGE" },
        ],
        Projection: {
          ProjectionType: "INCLUDE",
          NonKeyAttributes: ["name", "description", "category", "style", "price", "interest"],
        },
      },
    ],
  });
  await dynamodb.createTable({
    TableName: "Orders",
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "orderID", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "orderID", AttributeType: "S" }],
  });
  for (const TableName of ["Products", "Orders"]) {
    for (let status: string | undefined; status !== "ACTIVE"; ) {
      status = (await dynamodb.describeTable({ TableName })).Table?.TableStatus;
    }
  }
}

async function createQueue(sqs: SQS, name: string, topicArn: string): Promise<Record<string, string>> {
  const dead = await sqs.createQueue({ QueueName: `${name}-dlq` });
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: await arnOf(sqs, dead.QueueUrl ?? ""),
    maxReceiveCount: 3,
  });
  const { QueueUrl = "" } = await sqs.createQueue({ QueueName: name, Attributes: { RedrivePolicy } });
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "sns.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: await arnOf(sqs, QueueUrl),
        Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
      },
    ],
  });
  await sqs.setQueueAttributes({ QueueUrl, Attributes: { Policy } });
  return { [name]: QueueUrl, [`${name}-dlq`]: dead.QueueUrl ?? "" };
}

async function arnOf(sqs: SQS, QueueUrl: string): Promise<string> {
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["QueueArn"] });
  return Attributes?.QueueArn ?? "";
}
