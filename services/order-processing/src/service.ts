import { GetTopicAttributesCommand, type SNSClient } from "@aws-sdk/client-sns";
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { createConsumer } from "../../common/src/consumer.ts";
import { createPublisher } from "../../common/src/events.ts";
import { createApp, HttpError } from "../../common/src/http.ts";
import type { Service } from "../../common/src/lifecycle.ts";
import type { Logger } from "../../common/src/log.ts";
import { aws } from "../../common/src/neighbours.ts";
import { createOrders } from "./orders.ts";

export interface Dependencies {
  readonly dynamodb: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly log: Logger;
  readonly productsTable: string;
  readonly ordersTable: string;
  readonly queueUrl: string;
  readonly topicArn: string;
}

/** order-processing: decides orders, tells what became of them. */
export function createOrderProcessing(dependencies: Dependencies): Service {
  const { dynamodb, sqs, sns, log, productsTable, ordersTable, queueUrl, topicArn } = dependencies;
  const orders = createOrders({ dynamodb, ordersTable, productsTable });
  const publish = createPublisher(sns, topicArn);
  const consumer = createConsumer({
    sqs,
    queueUrl,
    log,
    handlers: {
      "order.placed": async (placed) => {
        const { orderID, status, lines, reason } = await orders.decide(placed);
        log.info({ orderID, status, reason }, "order decided");
        // Also for an order decided before: whoever decided it may have died before it could tell.
        await publish(status === "CONFIRMED" ? "order.confirmed" : "order.rejected", {
          orderID,
          lines: lines.map(({ productID, quantity }) => ({ productID, quantity })),
          reason,
        });
      },
    },
  });
  const table = (TableName: string, key: string) =>
    aws((abortSignal) => dynamodb.send(new GetCommand({ TableName, Key: { [key]: "readyz" } }), { abortSignal }));
  const app = createApp({
    log,
    neighbours: {
      [productsTable]: table(productsTable, "productID"),
      [ordersTable]: table(ordersTable, "orderID"),
      OrderQueue: aws((abortSignal) =>
        sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl }), { abortSignal }),
      ),
      events: aws((abortSignal) => sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }), { abortSignal })),
    },
    routes: (app) => {
      app.get("/orders/:id", async (request, response) => {
        const { id } = request.params;
        const order = await orders.get(id);
        if (order === undefined) throw new HttpError(404, "OrderNotFound", `No order ${id} has been decided.`);
        response.json(order);
      });
    },
  });
  return { app, parts: [consumer] };
}
