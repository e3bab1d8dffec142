import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect } from "../../src/aws/clients.ts";
import { buildOnly } from "../../src/cli/build-only.ts";
import type { Session } from "../../src/cli/session.ts";
import { plain, type Terminal } from "../../src/cli/terminal.ts";
import type { Shop } from "../../src/config.ts";
import { platform } from "../../src/platform.ts";
import { images } from "../../src/steps/4-images.ts";
import { region, run, shopOf, startWorld, type World } from "../support/world.ts";

let world: World;
let shop: Shop;
const cwd = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "ecomctl-build-"));
beforeAll(async () => {
  world = await startWorld();
  shop = { ...(await shopOf()), pipeline: { repository: "owner/shop", branch: "main", connection: null } };
  // Repositories, and the role of the build: all that a build finds when it runs for the first time.
  const all = platform(shop);
  const wanted = /^(ecr:repository|s3:bucket|logs:log-group\/\/aws\/codebuild|iam:role\/ecommerce-build)/;
  const resources = all.steps.flatMap((step) => step.resources).filter(({ id }) => wanted.test(id));
  await run(world.aws, shop, { steps: [{ number: 9, title: "build", resources }], lookups: all.lookups });
  process.chdir(folder);
});
afterAll(async () => {
  process.chdir(cwd);
  rmSync(folder, { recursive: true });
  await world?.stop();
});

/** A build as CodeBuild runs it: with its role, and nobody's other keys. */
async function build(options: { imageDefinitions?: boolean } = { imageDefinitions: true }) {
  const credentials = world.local.local.credentialsFor("ecommerce-build-role", "build");
  const aws = connect({ region, endpoint: world.url, credentials });
  const lines: string[] = [];
  const out = (line: string) => void lines.push(line);
  const terminal: Terminal = {
    out,
    tell: out,
    asks: false,
    moves: false,
    paint: plain,
    paintOut: plain,
    ...{ columns: 80 },
  };
  const code = await buildOnly(aws, { shop } as Session, options, terminal);
  return { code, lines };
}

it("builds what is missing with no more than the build's role allows, and writes what the pipeline deploys", async () => {
  const first = await build();
  expect(first.code).toBe(0);
  expect(first.lines.every((line) => line.includes("built and pushed"))).toBe(true);
  expect(readdirSync(folder).sort()).toEqual([
    "imagedefinitions-order-processing.json",
    "imagedefinitions-product-lookup.json",
    "imagedefinitions-web-server.json",
  ]);
  const host = new URL(world.url).host;
  const { tag } = images(shop).web.image.spec;
  expect(JSON.parse(readFileSync(join(folder, "imagedefinitions-web-server.json"), "utf8"))).toEqual([
    { name: "web-server", imageUri: `${host}/web-server:${tag}` },
  ]);

  const again = await build();
  expect(again.lines.every((line) => line.includes("is there already"))).toBe(true);
});

it("names images as the services' task definitions do", async () => {
  const { survey } = await run(world.aws, shop, { ...platform(shop), dry: true });
  const registry = survey.get("ecr:repository/web-server")?.live?.outputs.registry;
  expect(readFileSync(join(folder, "imagedefinitions-web-server.json"), "utf8")).toContain(`"${registry}/web-server:`);
});

it("makes no repository", async () => {
  await world.aws.ecr.deleteRepository({ repositoryName: "web-server", force: true });
  await expect(build()).rejects.toThrow();
  expect((await world.aws.ecr.describeRepositories({})).repositories).toHaveLength(2);
});
