import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { stopLocal } from "../../src/local/control.ts";
import { type Built, buildCli } from "../cli/built.ts";
import { pending, run, shopOf, startWorld, troubles, worldAt } from "../support/world.ts";

let cli: Built;
let folder: string;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli?.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ecomctl-two-"));
});
afterEach(async () => {
  await stopLocal(join(folder, ".ecomctl"));
  rmSync(folder, { recursive: true, force: true });
});

it("two `up --local` at once in one folder both end well: one process, and everything once", async () => {
  const ended = await Promise.all([1, 2].map(() => cli.run(folder, ["up", "--local", "--yes", "--json"])));
  for (const { code, stdout, stderr } of ended) {
    expect(stderr).toBe("");
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      event: "done",
      failed: [],
      left: [],
    });
    expect(code).toBe(0);
  }
  const log = readFileSync(join(folder, ".ecomctl", "local.log"), "utf8");
  expect(log.match(/listening on/g)).toHaveLength(1);

  const status = await cli.run(folder, ["status", "--local", "--json"]);
  expect(JSON.parse(status.stdout)).toMatchObject({ healthy: true });
  expect((await cli.run(folder, ["up", "--local", "--yes"])).stderr).toContain("Nothing to do");
}, 180_000);

it("so do two that have both looked before either began, and nothing is made twice", async () => {
  const world = await startWorld();
  const shop = await shopOf();
  // Neither has read its two tables before the other has.
  world.local.faults.add({ operation: "dynamodb:DescribeTable", effect: { hold: 4 } });
  const ran = await Promise.all([1, 2].map(() => run(worldAt(world.url).aws, shop)));
  expect(ran.map(troubles)).toEqual([[], []]);
  const again = await run(world.aws, shop, { dry: true });
  const { aws } = world;
  const { services } = await aws.ecs.describeServices({
    cluster: shop.names.cluster,
    services: [shop.names.webService],
  });
  const groups = await aws.ec2.describeSecurityGroups({});
  await world.stop();
  expect(pending(again.changes)).toEqual([]);
  expect(services?.[0]?.deployments).toHaveLength(1);
  expect(groups.SecurityGroups?.filter(({ GroupName }) => GroupName !== "default")).toHaveLength(3);
}, 180_000);
