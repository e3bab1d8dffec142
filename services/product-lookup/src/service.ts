import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { createConsumer } from "../../common/src/consumer.ts";
import { createApp } from "../../common/src/http.ts";
import type { Service } from "../../common/src/lifecycle.ts";
import type { Logger } from "../../common/src/log.ts";
import { aws } from "../../common/src/neighbours.ts";
import { Catalogue } from "./catalogue.ts";
import { createFreshness } from "./freshness.ts";
import { createCounter, interestHandlers } from "./interest.ts";
import { createReader } from "./products.ts";
import { routes } from "./routes.ts";

export interface Dependencies {
  readonly dynamodb: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly log: Logger;
  readonly table: string;
  readonly queueUrl: string;
}

/** product-lookup: searches, shows, and counts interest. */
export function createProductLookup({ dynamodb, sqs, log, table, queueUrl }: Dependencies): Service {
  const catalogue = new Catalogue();
  const freshness = createFreshness({ dynamodb, table, catalogue, log });
  const handlers = interestHandlers(createCounter(dynamodb, table));
  // Many at a time: handlers wait for each other's points, and all are written together.
  const consumer = createConsumer({ sqs, queueUrl, log, handlers, concurrency: 200 });
  const app = createApp({
    log,
    notReady: freshness.notReady,
    neighbours: {
      [table]: aws((abortSignal) =>
        dynamodb.send(new GetCommand({ TableName: table, Key: { productID: "readyz" } }), { abortSignal }),
      ),
      LookupQueue: aws((abortSignal) =>
        sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl }), { abortSignal }),
      ),
    },
    routes: routes({ catalogue, products: createReader(dynamodb, table), notReady: freshness.notReady }),
  });
  return { app, parts: [freshness, consumer] };
}
