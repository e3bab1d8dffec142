import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { text, url } from "../../common/src/config.ts";
import { run } from "../../common/src/lifecycle.ts";
import { createProductLookup } from "./service.ts";

await run("product-lookup", { PRODUCTS_TABLE: text, LOOKUP_QUEUE_URL: url }, (config, log) =>
  createProductLookup({
    dynamodb: DynamoDBDocumentClient.from(new DynamoDBClient({ region: config.AWS_REGION })),
    sqs: new SQSClient({ region: config.AWS_REGION }),
    log,
    table: config.PRODUCTS_TABLE,
    queueUrl: config.LOOKUP_QUEUE_URL,
  }),
);
