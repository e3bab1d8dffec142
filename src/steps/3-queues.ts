import { subscription } from "../aws/sns/subscription.ts";
import type { topic } from "../aws/sns/topic.ts";
import { queue } from "../aws/sqs/queue.ts";
import type { Shop } from "../config.ts";

const DAY = 24 * 60 * 60;

/** Which events reach which queue, by their attribute `eventType`. */
export const inboxes = {
  order: ["order.placed"],
  lookup: ["product.searched", "product.viewed", "order.confirmed", "order.rejected"],
} as const;

/**
 * Step 3: the queues, each with a dead-letter queue and the policy that lets the topic deliver, and their subscriptions.
 * The guide forgets the policy: without it everything looks well, and nothing ever arrives.
 */
export function queues({ names }: Shop, { events }: { events: ReturnType<typeof topic> }) {
  const inbox = (name: string, deadLetterName: string, eventType: readonly string[]) => {
    // What was in vain for days is kept as long as SQS keeps anything: its age counts from the first queue.
    const dead = queue(deadLetterName, {
      visibility: 30,
      wait: 0,
      retention: 14 * DAY,
      encrypted: true,
      deadLetters: null,
      allows: [name],
      receivesFrom: [],
    });
    const main = queue(name, {
      visibility: 60,
      wait: 20,
      retention: 4 * DAY,
      encrypted: true,
      deadLetters: { queue: dead.ref.arn, after: 5 },
      allows: [],
      receivesFrom: [events.ref.arn],
    });
    const subscribed = subscription(`${events.name}/${name}`, {
      topic: events.ref.arn,
      queue: main.ref.name,
      raw: true,
      filter: { eventType },
      scope: "MessageAttributes",
    });
    return { main, dead, subscribed };
  };
  const order = inbox(names.orderQueue, names.orderDeadLetters, inboxes.order);
  const lookup = inbox(names.lookupQueue, names.lookupDeadLetters, inboxes.lookup);
  const resources = [order, lookup].flatMap(({ main, dead, subscribed }) => [dead, main, subscribed]);
  return { number: 3, title: "queues", orders: order.main, lookups: lookup.main, resources };
}
