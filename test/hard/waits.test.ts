import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Shop } from "../../src/config.ts";
import { testClock } from "../../src/local/clock.ts";
import { cases } from "../aws/cases.ts";
import { keepsItsWord } from "../aws/law.ts";
import { run, shopOf, startWorld, takeDown, troubles, type World } from "../support/world.ts";

/** AWS's own lengths, on a clock that runs a hundred times as fast as the wall's. */
const clock = testClock();
let world: World;
let shop: Shop;
let running: NodeJS.Timeout;
let speed = 100;
beforeAll(async () => {
  world = await startWorld({ clock, waits: "aws" });
  shop = await shopOf();
  running = setInterval(() => clock.advance(20 * speed), 20);
});
afterAll(async () => {
  await world?.stop();
  clearInterval(running);
});

describe("the law, with waits as long as AWS's own", () => {
  it.each(Object.entries(cases))("is kept by %s", (_, make) => keepsItsWord(world, shop, make()), 120_000);
});

describe("what AWS lets nobody do at once is waited for, and told", () => {
  it("a queue's name is free again 60 s after the queue was deleted", async () => {
    const step = { only: 3 };
    for (const only of [1, 2]) expect(troubles(await run(world.aws, shop, { only }))).toEqual([]);
    expect(troubles(await run(world.aws, shop, step))).toEqual([]);
    speed = 5;
    expect(troubles(await takeDown(world.aws, shop, step))).toEqual([]);
    // Time stands still until SQS has refused.
    speed = 0;
    const again = run(world.aws, shop, step);
    await expect
      .poll(() => world.answers.map(({ error }) => error), { timeout: 20_000 })
      .toContain("QueueDeletedRecently");
    speed = 100;
    const ran = await again;
    expect(troubles(ran)).toEqual([]);
    const waits = ran.events.flatMap((event) => (event.event === "waiting" ? [event.why] : []));
    expect(waits).toContain("SQS to give the name free, 60 s after the queue was deleted");
  }, 60_000);

  it("tables are CREATING, then DELETING, and a name is taken until they are gone", async () => {
    const { aws } = world;
    await takeDown(aws, shop);
    const first = await run(aws, shop, { only: 1 });
    expect(troubles(first)).toEqual([]);
    expect(first.events).toContainEqual(expect.objectContaining({ event: "waiting", id: "dynamodb:table/Orders" }));
    // Somebody deletes it, and we begin again while it is going.
    await aws.dynamodb.updateTable({ TableName: "Orders", DeletionProtectionEnabled: false });
    await aws.dynamodb.deleteTable({ TableName: "Orders" });
    const second = await run(aws, shop, { only: 1 });
    expect(troubles(second)).toEqual([]);
    const why = second.events.find((event) => event.event === "waiting" && event.id === "dynamodb:table/Orders");
    expect(why).toMatchObject({ why: expect.stringContaining("delet") });
  }, 60_000);
});
