import { IAM } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { normalDocument, type Statement } from "../../src/aws/iam/document.ts";
import type { Shop } from "../../src/config.ts";
import { referencesIn } from "../../src/engine/reference.ts";
import { platform } from "../../src/platform.ts";
import { images as imagesOf } from "../../src/steps/4-images.ts";
import { rawClients, revise } from "../aws/raw.ts";
import {
  credentials,
  pending,
  region,
  run,
  shopOf,
  startWorld,
  takeDown,
  troubles,
  type World,
} from "../support/world.ts";

const piped = (shop: Shop, more: Partial<Shop> = {}): Shop => ({
  ...shop,
  pipeline: { repository: "owner/shop", branch: "main", connection: null },
  ...more,
});
const PIPELINE = "codepipeline:pipeline/ecommerce-pipeline";
const CONNECTION = "connections:connection/ecommerce-github";
const SERVICE = "ecs:service/service-web";

describe("step 9", () => {
  it("without a repository says how to turn it on, and describes everything as unwanted", async () => {
    const step = platform(await shopOf()).steps.find(({ number }) => number === 9)!;
    expect(step.off).toContain("set pipeline.repository in ecomctl.json");
    expect(step.resources.filter(({ wanted }) => wanted)).toEqual([]);
  });

  it("has a pipeline that refers to all it needs, so that it comes last and goes first", async () => {
    const { steps } = platform(piped(await shopOf()));
    const [line] = steps.flatMap(({ resources }) => resources).filter(({ id }) => id === PIPELINE);
    expect([...referencesIn(line!.spec)].sort()).toEqual([
      "codebuild:project/ecommerce-build",
      CONNECTION,
      "ecs:cluster/hw2-cluster",
      "ecs:service/service-order",
      "ecs:service/service-search",
      SERVICE,
      "iam:role/ecommerce-pipeline-role",
      "s3:bucket/ecommerce-artifacts",
    ]);
    expect(line!.spec.deploys).toEqual([
      { service: "«ecs:service/service-search.name»", file: "imagedefinitions-product-lookup.json", order: 1 },
      { service: "«ecs:service/service-order.name»", file: "imagedefinitions-order-processing.json", order: 1 },
      { service: "«ecs:service/service-web.name»", file: "imagedefinitions-web-server.json", order: 2 },
    ]);
  });

  it("tells the build of which stage, region and base it is", async () => {
    const { steps } = platform(piped(await shopOf({}, "dev")));
    const build = steps.flatMap(({ resources }) => resources).find(({ id }) => id.startsWith("codebuild:project/"));
    expect(build?.spec.environment).toEqual({
      ECOMCTL_REGION: region,
      ECOMCTL_STAGE: "dev",
      ECOMCTL_BASE_IMAGE: "scratch",
    });
  });

  it("uses the connection that ecomctl.json names, and makes none", async () => {
    const connection = "arn:aws:codeconnections:us-east-1:000000000000:connection/1";
    const shop = await shopOf();
    const { steps, lookups } = platform(piped(shop, { pipeline: { repository: "o/s", branch: "main", connection } }));
    const all = steps.flatMap(({ resources }) => resources);
    expect(all.find(({ id }) => id === CONNECTION)?.wanted).toBe(false);
    expect(lookups.map(({ id }) => id)).toContain("connections:given/connection");
    expect(all.find(({ id }) => id === PIPELINE)?.spec.connection).toBe("«connections:given/connection.arn»");
  });
});

describe("with a pipeline", () => {
  let world: World;
  let shop: Shop;
  const config = () => ({ endpoint: world.url, region, credentials });
  const up = (of: Shop, more = {}) => run(world.aws, of, { ...platform(of), ...more });

  beforeAll(async () => {
    world = await startWorld();
    shop = piped(await shopOf());
  });
  afterAll(() => world?.stop());

  it("everything but the pipeline is made before the handshake, and the pipeline once after it", async () => {
    const first = await up(shop);
    expect(first.outcome?.failed).toEqual([]);
    expect(first.outcome?.left.map(({ id }) => id)).toEqual([CONNECTION, "iam:role/ecommerce-pipeline-role", PIPELINE]);
    const arn = String(first.survey.get(CONNECTION)?.live?.outputs.arn);
    await fetch(`${world.url}/_ecomctl/connections/${encodeURIComponent(arn)}/available`, { method: "POST" });
    const second = await up(shop);
    expect(troubles(second)).toEqual([]);
    expect(second.outcome?.done).toEqual(new Map([["create", 2]]));
    expect(pending((await up(shop, { dry: true })).changes)).toEqual([]);
  });

  it("roles may do what they need: no action by wildcard, roles passed to ECS only", async () => {
    const iam = new IAM(config());
    for (const RoleName of ["ecommerce-build-role", "ecommerce-pipeline-role"]) {
      const { Role } = await iam.getRole({ RoleName });
      const [trust] = normalDocument(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")).Statement;
      expect(trust?.Condition).toMatchObject({ StringEquals: { "aws:SourceAccount": ["000000000000"] } });
      expect(trust?.Condition?.ArnLike?.["aws:SourceArn"]?.[0]).toMatch(
        /:ecommerce-pipeline$|:project\/ecommerce-build$/,
      );
      const statements: Statement[] = [];
      for (const PolicyName of (await iam.listRolePolicies({ RoleName })).PolicyNames ?? []) {
        const { PolicyDocument = "" } = await iam.getRolePolicy({ RoleName, PolicyName });
        statements.push(...normalDocument(decodeURIComponent(PolicyDocument)).Statement);
      }
      expect(statements.flatMap(({ Action }) => Action).filter((action) => action.includes("*"))).toEqual([]);
      // These know no resource.
      const anywhere = statements.filter(({ Resource }) => Resource?.includes("*") === true);
      expect(anywhere.flatMap(({ Action, Condition }) => (Condition ? [] : Action)).sort()).toEqual(
        RoleName === "ecommerce-build-role"
          ? ["ecr:GetAuthorizationToken"]
          : ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"],
      );
      for (const { Condition } of statements.filter(({ Action }) => Action.includes("iam:PassRole"))) {
        expect(Condition).toEqual({
          StringEqualsIfExists: { "iam:PassedToService": ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"] },
        });
      }
    }
  });

  it("the image that it deployed stays, and the plan says whose it is", async () => {
    const raw = rawClients(world.url);
    const { images } = await raw.ecr.batchGetImage({
      repositoryName: "web-server",
      imageIds: [{ imageTag: imagesOf(shop).web.image.spec.tag }],
    });
    const { imageManifest, imageManifestMediaType } = images![0]!;
    await raw.ecr.putImage({ repositoryName: "web-server", imageTag: "piped", imageManifest, imageManifestMediaType });
    const image = `${new URL(world.url).host}/web-server:piped`;
    await revise(raw, "hw2-cluster", "service-web", ({ containerDefinitions }) => {
      containerDefinitions![0]!.image = image;
    });
    expect((await up(shop)).events.filter(({ event }) => event === "finished")).toEqual([]);
    const web = (await up(shop, { dry: true })).changes.find(({ resource }) => resource.id === SERVICE);
    expect(web).toMatchObject({ action: "keep", why: `image owned by the pipeline: ${image}` });

    const larger = { ...shop, services: { ...shop.services, web: { ...shop.services.web, memory: 2048 } } };
    expect(troubles(await up(larger))).toEqual([]);
    const after = await up(larger, { dry: true });
    expect(pending(after.changes)).toEqual([]);
    expect(after.survey.get(SERVICE)?.live?.spec).toMatchObject({ image, memory: 2048 });
  });

  it("`step 4 --deploy` takes the image back for one run, and changes nothing else", async () => {
    const ours: Shop = { ...shop, imageOwner: "us" };
    const { deploy, steps, lookups } = platform(ours);
    const taken = await run(world.aws, ours, {
      steps: [...steps.filter(({ number }) => number !== 4), deploy],
      lookups,
      only: 4,
    });
    expect(troubles(taken)).toEqual([]);
    expect(pending(taken.changes)).toEqual([`update ${SERVICE} (image)`]);
  });

  it("taken out of the configuration, the pipeline is removed, and the connection stays", async () => {
    const off = { ...shop, pipeline: { repository: null, branch: "main", connection: null } };
    const { changes } = await up(off, { dry: true });
    const gone = changes.filter(({ action }) => action === "delete").map(({ resource }) => resource.kind.type);
    expect(gone.sort()).toEqual([
      "codebuild:project",
      "codepipeline:pipeline",
      "iam:role",
      "iam:role",
      "logs:log-group",
      "s3:bucket",
    ]);
  });

  it("`down` begins with the pipeline", async () => {
    world.calls.length = 0;
    expect(troubles(await takeDown(world.aws, shop, platform(shop)))).toEqual([]);
    const writes = world.calls.map(({ operation }) => operation).filter((name) => /^(Delete|Deregister)/.test(name));
    const at = (operation: string) => writes.indexOf(operation);
    expect(at("DeletePipeline")).toBeLessThan(at("DeleteService"));
    expect(at("DeletePipeline")).toBeLessThan(at("DeleteProject"));
    expect(at("DeletePipeline")).toBeLessThan(at("DeleteBucket"));
  });
});
