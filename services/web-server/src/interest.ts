import type { EventBody, Publish } from "../../common/src/events.ts";
import type { Part } from "../../common/src/lifecycle.ts";
import type { Logger } from "../../common/src/log.ts";

/** Events that no page waits for and none fails for. */
export interface Interest extends Part {
  tell<T extends "product.searched" | "product.viewed">(type: T, body: EventBody<T>): void;
}

/** Publishes in the background; what fails is logged, and a stop waits for what is under way. */
export function createInterest(publish: Publish, log: Logger): Interest {
  const underWay = new Set<Promise<void>>();
  return {
    tell(type, body) {
      const told = publish(type, body)
        .catch((err) => log.warn({ err, eventType: type }, "an event of interest was lost"))
        .finally(() => underWay.delete(told));
      underWay.add(told);
    },
    start() {},
    async stop() {
      await Promise.all(underWay);
    },
  };
}
