import { afterAll, beforeAll, describe, it } from "vitest";
import { isRead } from "../../src/aws/clients.ts";
import type { Shop } from "../../src/config.ts";
import type { Effect } from "../../src/local/faults.ts";
import { shopOf, startWorld, type World } from "../support/world.ts";
import { cases } from "./cases.ts";
import { keepsItsWord } from "./law.ts";

let world: World;
let shop: Shop;
beforeAll(async () => {
  world = await startWorld();
  shop = await shopOf();
});
afterAll(() => world?.stop());

/** What befalls the first call of every operation that a kind writes by. */
const misfortunes: Readonly<Record<string, Effect>> = {
  "is throttled": { throttle: true },
  "fails on AWS's side": { error: "InternalFailure", message: "We encountered an internal error.", status: 500 },
  "is done, and its answer lost": { loseReply: true },
  "shows in reads only later": { stale: 3 },
};

/** The operations that each kind writes by, from a run on a good day. */
const writes = new Map<string, Set<string>>();

describe("the law holds", () => {
  it.each(Object.entries(cases))("for %s on a good day", async (type, make) => {
    world.calls.length = 0;
    await keepsItsWord(world, shop, make());
    const operations = world.calls.filter(({ operation }) => !isRead(operation));
    writes.set(type, new Set(operations.map(({ operation }) => operation)));
  });

  for (const [what, effect] of Object.entries(misfortunes)) {
    it.each(Object.entries(cases))(`for %s when the first of each write ${what}`, async (type, make) => {
      for (const operation of writes.get(type) ?? []) world.local.faults.add({ operation: `*:${operation}`, effect });
      try {
        await keepsItsWord(world, shop, make());
      } finally {
        world.local.faults.clear();
      }
    });
  }
});
