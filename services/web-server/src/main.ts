import { GetTopicAttributesCommand, SNSClient } from "@aws-sdk/client-sns";
import { arn, url } from "../../common/src/config.ts";
import { createPublisher } from "../../common/src/events.ts";
import { run } from "../../common/src/lifecycle.ts";
import { aws, service } from "../../common/src/neighbours.ts";
import { createApp } from "./app.ts";
import { createInterest } from "./interest.ts";
import { lookupAt, ordersAt } from "./neighbours.ts";

const variables = { TOPIC_ARN: arn("sns"), PRODUCT_LOOKUP_URL: url, ORDER_PROCESSING_URL: url };

await run("web-server", variables, (config, log) => {
  // A buyer waits for order.placed: better told soon that it failed than left waiting.
  const sns = new SNSClient({
    region: config.AWS_REGION,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
  });
  const publish = createPublisher(sns, config.TOPIC_ARN);
  const interest = createInterest(publish, log);
  const shop = {
    lookup: lookupAt(config.PRODUCT_LOOKUP_URL),
    orders: ordersAt(config.ORDER_PROCESSING_URL),
    publish,
    interest,
    log,
    now: Date.now,
  };
  const app = createApp(shop, {
    "product-lookup": service(config.PRODUCT_LOOKUP_URL),
    "order-processing": service(config.ORDER_PROCESSING_URL),
    sns: aws((signal) =>
      sns.send(new GetTopicAttributesCommand({ TopicArn: config.TOPIC_ARN }), { abortSignal: signal }),
    ),
  });
  return { app, parts: [interest] };
});
