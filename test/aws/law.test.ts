import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Shop } from "../../src/config.ts";
import { platform } from "../../src/platform.ts";
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

/** Kinds that are held to it where they have more to show: they build, wait for a person, or run a pipeline. */
const elsewhere = [
  "ecr:repository",
  "ecr:image",
  "connections:connection",
  "codebuild:project",
  "codepipeline:pipeline",
  "sns:email",
];

describe("the law", () => {
  it.each(Object.entries(cases))("is kept by %s", (_, make) => keepsItsWord(world, shop, make()));

  it("forgets no kind of the platform", () => {
    const kinds = platform(shop).steps.flatMap(({ resources }) => resources.map(({ kind }) => kind.type));
    expect([...new Set(kinds)].sort()).toEqual([...Object.keys(cases), ...elsewhere].sort());
  });
});
