import { dashboard } from "../aws/cloudwatch/dashboard.ts";
import type { table } from "../aws/dynamodb/table.ts";
import { email } from "../aws/sns/email.ts";
import { topic } from "../aws/sns/topic.ts";
import type { queue } from "../aws/sqs/queue.ts";
import type { Shop } from "../config.ts";
import type { clusters } from "./5-cluster.ts";
import type { services } from "./7-services.ts";
import { alarms } from "./10-alarms.ts";
import { widgets } from "./10-dashboard.ts";

/** What is watched. */
export interface Watched {
  readonly products: ReturnType<typeof table>;
  readonly orders: ReturnType<typeof table>;
  readonly events: ReturnType<typeof topic>;
  readonly lookupQueue: ReturnType<typeof queue>;
  readonly orderQueue: ReturnType<typeof queue>;
  readonly home: ReturnType<typeof clusters>;
  readonly services: ReturnType<typeof services>;
}

/**
 * Step 10: the guide's closing section. A dashboard, and alarms with a topic of their own: on the shop's they would end
 * up in its queues.
 */
export function monitoring(shop: Shop, watched: Watched) {
  const { names } = shop;
  const bell = topic(names.alarmTopic, { publishers: ["cloudwatch.amazonaws.com"] });
  const address = shop.alarms.email;
  const heard = email(
    `${names.alarmTopic}/e-mail`,
    { topic: bell.ref.arn, addresses: address === null ? [] : [address] },
    { wanted: address !== null },
  );
  const board = dashboard(names.dashboard, { widgets: widgets(shop, watched) });
  const rings = alarms(shop, bell.ref.arn, watched);
  return { number: 10, title: "monitoring", resources: [bell, heard, ...rings, board] };
}
