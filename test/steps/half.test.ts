import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, isRead } from "../../src/aws/clients.ts";
import type { Shop } from "../../src/config.ts";
import { credentials, pending, run, shopOf, startWorld, takeDown, troubles, type World } from "../support/world.ts";
import { everythingIn } from "./left.ts";

let world: World;
let shop: Shop;
/** All that a whole platform consists of. */
let whole: string[];
/** How many calls that change something a whole `up` takes. */
let writes: number;

beforeAll(async () => {
  world = await startWorld();
  const plain = await shopOf();
  shop = { ...plain, services: { ...plain.services, order: { ...plain.services.order, max: 3 } } };
  expect(await everythingIn(world.url)).toEqual([]);
  writes = await upUntil(Number.POSITIVE_INFINITY);
  whole = (await everythingIn(world.url)).map(nameless);
});
afterAll(() => world?.stop());

/** `up`, interrupted as its n-th call that changes something is under way; how many there were. */
async function upUntil(n: number): Promise<number> {
  const cut = new AbortController();
  let made = 0;
  const aws = connect({
    region: shop.region,
    endpoint: world.url,
    credentials,
    signal: cut.signal,
    onCall({ operation }) {
      if (isRead(operation)) return;
      made += 1;
      if (made >= n) cut.abort();
    },
  });
  const { outcome } = await run(aws, shop, { signal: cut.signal });
  expect(outcome?.failed ?? []).toEqual([]);
  return made;
}

/** Without what AWS makes up anew each time, and numbers of revisions, which never come again. */
const nameless = (thing: string) => thing.replace(/[0-9a-f-]{17,}/g, "…").replace(/(task-definition\/.*:)\d+$/, "$1…");

describe("up that was interrupted", () => {
  it("leaves nothing behind after down, whole or at whatever call it was", async () => {
    expect(troubles(await takeDown(world.aws, shop))).toEqual([]);
    expect(await everythingIn(world.url)).toEqual([]);
    for (let n = 3; n < writes; n += 12) {
      expect(await upUntil(n), `up until call ${n}`).toBeGreaterThanOrEqual(n);
      expect(troubles(await takeDown(world.aws, shop)), `down after call ${n}`).toEqual([]);
      expect(await everythingIn(world.url), `after call ${n}`).toEqual([]);
    }
  });

  it("goes on where it was, and makes nothing twice", async () => {
    for (let n = 7; n < writes; n += Math.ceil(writes / 4)) {
      await upUntil(n);
      expect(troubles(await run(world.aws, shop)), `up after call ${n}`).toEqual([]);
      expect((await everythingIn(world.url)).map(nameless), `after call ${n}`).toEqual(whole);
      expect(pending((await run(world.aws, shop, { dry: true })).changes)).toEqual([]);
      expect(troubles(await takeDown(world.aws, shop))).toEqual([]);
    }
  });
});
