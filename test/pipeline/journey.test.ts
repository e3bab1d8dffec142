import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { patience } from "../../src/aws/patience.ts";
import { shopUrl } from "../../src/cli/show/status.ts";
import type { Shop } from "../../src/config.ts";
import { apply } from "../../src/engine/apply.ts";
import { scopeOf } from "../../src/engine/graph.ts";
import { plan, type Rules } from "../../src/engine/plan.ts";
import { isWritable } from "../../src/engine/resource.ts";
import { survey } from "../../src/engine/survey.ts";
import { allServices } from "../../src/local/services.ts";
import { platform } from "../../src/platform.ts";
import { type Built, buildCli } from "../cli/built.ts";
import { pending, run, shopOf, startWorld, takeDown, troubles, type World } from "../support/world.ts";
import { type Fork, fork } from "./fork.ts";

let cli: Built;
let world: World;
let shop: Shop;
let source: Fork;
let url: string;

beforeAll(async () => {
  cli = await buildCli();
  world = await startWorld({ services: await allServices() });
  source = fork(join(world.local.local.dir, "github", "ada", "shop"), cli.root);
  shop = await shopOf({ pipeline: { repository: "ada/shop", branch: "main", connection: null } });
  const first = await run(world.aws, shop);
  expect(first.outcome?.failed).toEqual([]);
  // All but the pipeline is there, which waits for a person.
  expect(first.outcome?.left.map(({ id }) => id)).toContain("codepipeline:pipeline/ecommerce-pipeline");
  await handshake();
  const second = await run(world.aws, shop);
  expect(troubles(second)).toEqual([]);
  url = shopUrl(platform(shop).shop.door.id, second.survey, false) ?? "";
  await runs("Succeeded");
}, 300_000);
afterAll(async () => {
  await takeDown(world.aws, shop);
  await world.stop();
  cli.remove();
}, 120_000);

async function handshake(): Promise<void> {
  const { Connections = [] } = await world.aws.connections.listConnections({});
  const arn = Connections[0]?.ConnectionArn ?? "";
  await fetch(`${world.url}/_ecomctl/connections/${encodeURIComponent(arn)}/available`, { method: "POST" });
}

/** The sentence below the shop's name, as a visitor reads it. */
async function claimOf(): Promise<string | undefined> {
  const page = await (await fetch(url)).text();
  return /<title>[^<]*: ([^<]*)<\/title>/.exec(page)?.[1];
}

let seen = 0;
/** Waits until the executions that began since the last time have ended like this, in their order. */
async function runs(...statuses: string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const pipelineName = shop.names.pipeline;
      const { pipelineExecutionSummaries = [] } = await world.aws.codepipeline.listPipelineExecutions({ pipelineName });
      const all = pipelineExecutionSummaries.reverse().slice(seen);
      expect(all.map(({ status }) => status)).toEqual(statuses);
    },
    { timeout: 120_000, interval: 250 },
  );
  seen += statuses.length;
}

/** What `status` says of the pipeline. */
async function health() {
  const { steps, lookups } = platform(shop);
  const found = await survey(world.aws, scopeOf(steps, lookups));
  const line = steps.flatMap(({ resources }) => resources).find(({ id }) => id.startsWith("codepipeline:"));
  const live = line && found.get(line.id)?.live;
  if (!line || !live || !isWritable(line.kind)) throw new Error("there is no pipeline");
  return line.kind.health?.(world.aws, line.name, live);
}

/** What web's service runs: its image's tag and its memory. */
async function running() {
  const { cluster, webService } = shop.names;
  const { services: [found] = [] } = await world.aws.ecs.describeServices({ cluster, services: [webService] });
  const { taskDefinition } = await world.aws.ecs.describeTaskDefinition({ taskDefinition: found?.taskDefinition });
  return { image: taskDefinition?.containerDefinitions?.[0]?.image, memory: taskDefinition?.memory };
}

describe("from commit to shop", () => {
  it("a commit that changes a visible word shows in the shop, and `up` has nothing to do", async () => {
    source.claim("Things that last.");
    await runs("Succeeded");
    expect(await claimOf()).toBe("Things that last.");
    expect(await health()).toMatchObject({ healthy: true, why: expect.stringContaining('"Things that last."') });
    expect(pending((await run(world.aws, shop, { dry: true })).changes)).toEqual([]);
  }, 180_000);

  it("two commits in a row deploy in their order", async () => {
    source.claim("The first of two.");
    await vi.waitFor(async () => expect((await health())?.why).toContain("InProgress"), { timeout: 20_000 });
    source.claim("The second of two.");
    await runs("Succeeded", "Succeeded");
    expect(await claimOf()).toBe("The second of two.");
    const { pipelineExecutionSummaries = [] } = await world.aws.codepipeline.listPipelineExecutions({
      pipelineName: shop.names.pipeline,
      maxResults: 2,
    });
    const messages = pipelineExecutionSummaries.map(({ sourceRevisions }) => sourceRevisions?.[0]?.revisionSummary);
    expect(messages.join()).toMatch(/second of two[\s\S]*first of two/);
  }, 240_000);

  it("tests that fail leave the old word, and `status` says which command did", async () => {
    source.claim("Nobody reads this.", { fails: "" });
    await runs("Failed");
    expect(await claimOf()).toBe("The second of two.");
    expect(await health()).toMatchObject({
      healthy: false,
      why: expect.stringMatching(
        /Build\/Build failed: .*Error while executing command: test ! -e fails\. Reason: exit status 1/,
      ),
    });
    expect(pending((await run(world.aws, shop, { dry: true })).changes)).toEqual([]);
    source.git("rm", "--quiet", "fails");
  }, 120_000);

  it("an image that never gets healthy leaves the old word, `status` says why, and `up` has nothing to do", async () => {
    const main = "services/web-server/src/main.ts";
    const sick =
      'import { createServer } from "node:http";\ncreateServer((_, r) => r.writeHead(500).end()).listen(8080);\n';
    source.claim("Nobody reads this either.", { [main]: sick });
    await runs("Failed");
    expect(await health()).toMatchObject({
      healthy: false,
      why: expect.stringMatching(/Deploy\/service-web failed: .*did not reach a steady state/),
    });
    expect(await claimOf()).toBe("The second of two.");
    const again = await run(world.aws, shop);
    expect(troubles(again)).toEqual([]);
    expect(await claimOf()).toBe("The second of two.");
    expect(pending((await run(world.aws, shop, { dry: true })).changes)).toEqual([]);
    source.git("checkout", "--quiet", "HEAD~1", "--", main);
  }, 300_000);

  it("a size changed in ecomctl.json is put to work with the pipeline's image", async () => {
    source.claim("A size of its own.");
    await runs("Succeeded");
    const before = await running();
    const { services } = shop;
    shop = { ...shop, services: { ...services, web: { ...services.web, memory: 2048 } } };
    const grown = await run(world.aws, shop);
    expect(pending(grown.changes)).toEqual([expect.stringMatching(/^update ecs:service\/service-web \(memory\)/)]);
    expect(troubles(grown)).toEqual([]);
    expect(await running()).toEqual({ image: before.image, memory: "2048" });
    expect(await claimOf()).toBe("A size of its own.");
  }, 240_000);

  it("an image that the pipeline deploys while `up` waits for its yes stays", async () => {
    const { services } = shop;
    shop = { ...shop, services: { ...services, web: { ...services.web, memory: 3072 } } };
    const { steps, lookups } = platform(shop);
    const scope = scopeOf(steps, lookups);
    const found = await survey(world.aws, scope);
    const rules: Rules = { direction: "up", stack: shop.stack };
    const changes = plan(scope, found, rules);
    expect(pending(changes)).toEqual([expect.stringMatching(/^update ecs:service\/service-web \(memory\)/)]);
    source.claim("Said while somebody read.");
    await runs("Succeeded");
    const before = await running();
    const outcome = await apply(changes, { aws: world.aws, survey: found, rules, patience, report: () => undefined });
    expect(outcome.failed).toEqual([]);
    expect(await running()).toEqual({ image: before.image, memory: "3072" });
    expect(await claimOf()).toBe("Said while somebody read.");
  }, 240_000);
});
