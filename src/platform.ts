import type { Aws } from "./aws/clients.ts";
import type { Shop } from "./config.ts";
import type { Resource, Step } from "./engine/resource.ts";
import { tables } from "./steps/1-table.ts";
import { events } from "./steps/2-topic.ts";
import { queues } from "./steps/3-queues.ts";

/** The whole platform as data: the steps of the guide, and what they find already there. */
export interface Platform {
  readonly steps: readonly Step<Aws>[];
  readonly lookups: readonly Resource<Aws>[];
}

/** The guide, step by step. Each line hands what it made to the lines below it. */
export function platform(shop: Shop): Platform {
  const data = tables(shop);
  const topic = events(shop);
  const inboxes = queues(shop, topic);
  return { steps: [data, topic, inboxes], lookups: [] };
}
