import { type EventType, events, type Publish } from "../../../common/src/events.ts";
import { serve } from "../../../common/src/lifecycle.ts";
import { createLog } from "../../../common/src/log.ts";
import type { Product } from "../../../common/src/shop.ts";
import { createApp } from "../../src/app.ts";
import { createInterest } from "../../src/interest.ts";
import { lookupAt, ordersAt } from "../../src/neighbours.ts";
import { startNeighbours } from "./neighbours.ts";
import { Visitor } from "./visitor.ts";

/** web-server on a free port before neighbours over real HTTP; events are recorded unless `publish` is given. */
export async function startShop({ products, publish }: { products?: Product[]; publish?: Publish } = {}) {
  const neighbours = await startNeighbours(products);
  const log = createLog("web-server", "silent");
  const published: { type: EventType; body: unknown }[] = [];
  const broken = new Set<EventType>();
  const record: Publish = async (type, body) => {
    if (broken.has(type)) throw new Error("SNS does not answer");
    published.push({ type, body: events[type].parse(body) });
  };
  const send = publish ?? record;
  const interest = createInterest(send, log);
  const { url } = neighbours;
  const shop = { lookup: lookupAt(url), orders: ordersAt(url), publish: send, interest, log, now: Date.now };
  const running = await serve({ app: createApp(shop), parts: [interest] }, 0, "127.0.0.1");
  return {
    url: running.url,
    neighbours,
    published,
    /** Types of events that SNS does not take from now on. */
    broken,
    visitor: () => new Visitor(running.url),
    async stop() {
      await running.stop();
      await neighbours.close();
    },
  };
}

export type RunningShop = Awaited<ReturnType<typeof startShop>>;
