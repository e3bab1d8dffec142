import { afterAll, beforeAll, describe, it } from "vitest";
import type { Shop } from "../../src/config.ts";
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

describe("the law", () => {
  it.each(Object.entries(cases))("is kept by %s", (_, make) => keepsItsWord(world, shop, make()));
});
