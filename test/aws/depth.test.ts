import { afterAll, beforeAll, expect, it } from "vitest";
import { isRead } from "../../src/aws/clients.ts";
import type { Shop } from "../../src/config.ts";
import { pending, run, shopOf, startWorld, troubles, type World, worldAt } from "../support/world.ts";

let world: World;
let shop: Shop;
beforeAll(async () => {
  world = await startWorld();
  shop = await shopOf();
  expect(troubles(await run(world.aws, shop))).toEqual([]);
});
afterAll(() => world?.stop());

/** Resolves once nothing new has happened for many turns of the event loop, however slow the machine is. */
async function quiet(count: () => number): Promise<void> {
  for (let still = 0, last = count(); still < 40; ) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    still = count() === last ? still + 1 : 0;
    last = count();
  }
}

it("a run with nothing to do takes at most 8 round trips, makes no call twice, and asks for many at once", async () => {
  // A connection of its own, which knows nothing yet.
  const fresh = worldAt(world.url);
  let release = () => {};
  const hold = () => {
    world.local.faults.clear();
    const opened = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.local.faults.add({ operation: "*:*", on: "always", effect: { hold: opened } });
  };
  hold();
  let done = false;
  const running = run(fresh.aws, shop).finally(() => {
    done = true;
  });
  let rounds = 0;
  while (!done && rounds < 30) {
    await quiet(() => fresh.calls.length + fresh.answers.length);
    if (done) break;
    rounds += 1;
    const open = release;
    hold();
    open();
  }
  world.local.faults.clear();
  release();
  const { changes } = await running;
  expect(pending(changes)).toEqual([]);
  expect(fresh.calls.filter(({ operation }) => !isRead(operation))).toEqual([]);
  expect(rounds).toBeLessThanOrEqual(8);

  const made = fresh.calls.map(({ service, operation, input }) => `${service}:${operation} ${JSON.stringify(input)}`);
  expect(made.filter((call, n) => made.indexOf(call) !== n)).toEqual([]);
  const times = (name: string) =>
    fresh.calls.filter(({ service, operation }) => `${service}:${operation}` === name).length;
  for (const once of [
    "sts:GetCallerIdentity",
    "ecs:DescribeServices",
    "ecs:DescribeClusters",
    "autoscaling:DescribeScalableTargets",
    "autoscaling:DescribeScalingPolicies",
  ]) {
    expect(times(once), once).toBe(1);
  }
});

it("keeps calls that need nothing of each other in flight together, up to 24", async () => {
  world.local.faults.add({ operation: "*:*", effect: { hold: 4 }, on: "always" });
  try {
    expect(pending((await run(world.aws, shop, { dry: true })).changes)).toEqual([]);
  } finally {
    world.local.faults.clear();
  }
});
