import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { arn, text, url } from "../../common/src/config.ts";
import { run } from "../../common/src/lifecycle.ts";
import { createOrderProcessing } from "./service.ts";

const variables = { PRODUCTS_TABLE: text, ORDERS_TABLE: text, ORDER_QUEUE_URL: url, TOPIC_ARN: arn("sns") };

await run("order-processing", variables, ({ AWS_REGION: region, ...config }, log) =>
  createOrderProcessing({
    dynamodb: DynamoDBDocumentClient.from(new DynamoDBClient({ region }), {
      marshallOptions: { removeUndefinedValues: true },
    }),
    sqs: new SQSClient({ region }),
    sns: new SNSClient({ region }),
    log,
    productsTable: config.PRODUCTS_TABLE,
    ordersTable: config.ORDERS_TABLE,
    queueUrl: config.ORDER_QUEUE_URL,
    topicArn: config.TOPIC_ARN,
  }),
);
