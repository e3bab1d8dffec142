import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isRead } from "../../src/aws/clients.ts";
import type { Shop } from "../../src/config.ts";
import { platform } from "../../src/platform.ts";
import { pending, run, shopOf, startWorld, troubles, type World } from "../support/world.ts";
import { drifts, fieldsWithoutDrift, type Have, haveIn } from "./drift.ts";
import { type Raw, rawClients } from "./raw.ts";

let world: World;
let shop: Shop;
let raw: Raw;
let have: Have;

beforeAll(async () => {
  world = await startWorld();
  const plain = await shopOf();
  shop = { ...plain, services: { ...plain.services, order: { ...plain.services.order, max: 3 } } };
  raw = rawClients(world.url);
  const first = await run(world.aws, shop);
  expect(troubles(first)).toEqual([]);
  have = haveIn(first.survey);
});
afterAll(() => world?.stop());

describe("what is changed behind our back", () => {
  it.each(drifts.map((drift) => [drift.id, drift.field, drift] as const))(
    "%s: %s is named, and mended alone",
    async (id, field, drift) => {
      expect(pending((await run(world.aws, shop, { dry: true })).changes)).toEqual([]);
      await drift.make(raw, have);
      const { changes } = await run(world.aws, shop, { dry: true });
      expect(pending(changes)).toEqual([`update ${id} (${field})`, ...(drift.perhaps ? [drift.perhaps] : [])]);

      world.calls.length = 0;
      const mended = await run(world.aws, shop);
      expect(troubles(mended)).toEqual([]);
      expect(mended.events.filter(({ event }) => event === "finished").map((event) => event.id)).toEqual([id]);
      expect(world.calls.filter(({ operation }) => !isRead(operation)).length).toBeGreaterThan(0);
      expect(pending((await run(world.aws, shop, { dry: true })).changes)).toEqual([]);
    },
  );

  it("is tried for every field of every kind", () => {
    const { steps } = platform(shop);
    expect(fieldsWithoutDrift(steps.flatMap(({ resources }) => resources))).toEqual([]);
  });
});
