import { createHash } from "node:crypto";
import { ECR } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isRead } from "../../src/aws/clients.ts";
import { image } from "../../src/aws/ecr/image.ts";
import { madeFrom } from "../../src/aws/ecr/image-source.ts";
import { type LifecycleRule, repository } from "../../src/aws/ecr/repository.ts";
import type { Shop } from "../../src/config.ts";
import { ecr as ecrService } from "../../src/local/ecr/index.ts";
import { sts } from "../../src/local/sts.ts";
import { images } from "../../src/steps/4-images.ts";
import { credentials, type RunOptions, region, run, shopOf, startWorld, type World } from "../support/world.ts";
import { keepsItsWord } from "./law.ts";

process.env.AWS_EC2_METADATA_DISABLED = "true";

let world: World;
let ecr: ECR;
let shop: Shop;

beforeEach(async () => {
  world = await startWorld({ services: [sts, ecrService] });
  ecr = new ECR({ endpoint: world.url, region, credentials });
  shop = await shopOf();
});
afterEach(async () => {
  ecr.destroy();
  await world.stop();
});

const up = (of: Shop = shop, options: RunOptions = {}) => run(world.aws, of, { steps: [images(of)], ...options });
const written = () => world.calls.filter(({ operation }) => !isRead(operation)).map(({ operation }) => operation);

/** What a dry run would change, by resource: the fields. */
async function drift(): Promise<Record<string, string[]>> {
  const { changes } = await up(shop, { dry: true });
  const changed = changes.filter(({ action }) => action !== "keep");
  return Object.fromEntries(
    changed.map(({ resource, differences }) => [resource.id, differences.map(({ field }) => field)]),
  );
}

/** The manifest that the web server's repository has. */
async function manifest(): Promise<{ annotations: Record<string, string>; config: { digest: string } }> {
  const { imageIds } = await ecr.listImages({ repositoryName: "web-server" });
  const { images: got } = await ecr.batchGetImage({ repositoryName: "web-server", imageIds });
  return JSON.parse(got?.[0]?.imageManifest ?? "");
}

/** Replaces the web server's image by one that says something else about itself. */
async function replace(imageTag: string, annotations: Record<string, string>): Promise<void> {
  const before = await manifest();
  const { imageIds } = await ecr.listImages({ repositoryName: "web-server" });
  await ecr.batchDeleteImage({ repositoryName: "web-server", imageIds });
  const imageManifest = JSON.stringify({ ...before, annotations: { ...before.annotations, ...annotations } });
  await ecr.putImage({ repositoryName: "web-server", imageManifest, imageTag });
}

describe("step 4", () => {
  test("makes three repositories with their images, and the second time nothing", async () => {
    const { outcome } = await up();
    expect(outcome?.failed).toEqual([]);
    expect(Object.fromEntries(outcome?.done ?? [])).toEqual({ create: 6 });
    for (const repositoryName of ["product-lookup", "order-processing", "web-server"]) {
      const { imageDetails } = await ecr.describeImages({ repositoryName });
      expect(imageDetails).toMatchObject([{ imageTags: [expect.stringMatching(/^[0-9a-f]{20}$/)] }]);
    }
    world.calls.length = 0;
    expect(await drift()).toEqual({});
    expect((await up()).outcome?.failed).toEqual([]);
    expect(written()).toEqual([]);
  });

  test("gives each service's image by its address, which is known before unless a pipeline chooses", async () => {
    const { web } = images(shop);
    expect(web.uri).toMatch(/^«ecr:repository\/web-server\.registry»\/«ecr:image\/web-server\.name»:[0-9a-f]{20}$/);
    const piped = images({ ...shop, pipeline: { ...shop.pipeline, repository: "me/shop" } });
    expect(piped.web.uri).toContain(":«ecr:image/web-server.tag»");
  });

  test("goes away with its images", async () => {
    await up();
    const { outcome } = await up(shop, { rules: { direction: "down" } });
    expect(outcome?.failed).toEqual([]);
    expect((await ecr.describeRepositories({})).repositories).toEqual([]);
  });

  test("leaves the images alone that a pipeline has pushed", async () => {
    const piped = { ...shop, pipeline: { ...shop.pipeline, repository: "me/shop" } };
    await up(piped);
    await replace("from-the-pipeline", { "ecomctl.inputs": "{}" });
    world.calls.length = 0;
    expect((await up(piped)).outcome?.failed).toEqual([]);
    expect(written()).toEqual([]);
  });
});

const rule: LifecycleRule = {
  rulePriority: 2,
  selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 1 },
  action: { type: "expire" },
};

describe("a repository changed behind ecomctl's back", () => {
  const repositoryName = "web-server";
  const lifecyclePolicyText = JSON.stringify({ rules: [rule] });
  const resourceArn = `arn:aws:ecr:${region}:000000000000:repository/${repositoryName}`;

  test.each<[field: string, what: string, () => Promise<unknown>]>([
    ["mutability", "tags may move", () => ecr.putImageTagMutability({ repositoryName, imageTagMutability: "MUTABLE" })],
    [
      "mutability",
      "some tags may move",
      () =>
        ecr.putImageTagMutability({
          repositoryName,
          imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
          imageTagMutabilityExclusionFilters: [{ filterType: "WILDCARD", filter: "*" }],
        }),
    ],
    [
      "scan",
      "nothing is scanned",
      () => ecr.putImageScanningConfiguration({ repositoryName, imageScanningConfiguration: { scanOnPush: false } }),
    ],
    ["lifecycle", "nothing expires", () => ecr.deleteLifecyclePolicy({ repositoryName })],
    ["lifecycle", "tagged images expire", () => ecr.putLifecyclePolicy({ repositoryName, lifecyclePolicyText })],
  ])("%s: %s; that is named, and mended", async (field, _, change) => {
    await up();
    await change();
    expect(await drift()).toEqual({ "ecr:repository/web-server": [field] });
    world.calls.length = 0;
    await up();
    expect(written()).toHaveLength(1);
    expect(await drift()).toEqual({});
  });

  test("without its owner's tag it is refused, and adopted on request", async () => {
    await up();
    await ecr.untagResource({ resourceArn, tagKeys: ["ecomctl:stack"] });
    const { changes } = await up();
    const refused = changes.filter(({ action }) => action === "refuse").map(({ resource }) => resource.id);
    expect(refused).toContain("ecr:repository/web-server");
    await up(shop, { rules: { adopt: true } });
    expect((await ecr.listTagsForResource({ resourceArn })).tags).toContainEqual({
      Key: "ecomctl:adopted",
      Value: "true",
    });
  });
});

describe("an image that is not the wanted one", () => {
  test("was made from other inputs: the dry run says which, and up builds anew", async () => {
    await up();
    const inputs = JSON.parse((await manifest()).annotations["ecomctl.inputs"] ?? "") as Record<string, string>;
    await replace("0123456789", {
      "ecomctl.inputs": JSON.stringify({ ...inputs, "services/web-server/src/main.ts": "0000000000000000" }),
    });
    const { changes } = await up(shop, { dry: true });
    const change = changes.find(({ resource }) => resource.id === "ecr:image/web-server");
    expect(change?.action).toBe("update");
    expect(change?.differences).toEqual([
      { field: "inputs", have: { ...inputs, "services/web-server/src/main.ts": "0000000000000000" }, want: inputs },
      { field: "tag", have: "0123456789", want: expect.stringMatching(/^[0-9a-f]{20}$/) },
    ]);
    await up();
    expect(await drift()).toEqual({});
  });

  test("bears the wanted tag: an immutable tag is taken off it first", async () => {
    await up();
    const { tag = "" } = images(shop).web.image.spec;
    await replace(tag, { "ecomctl.source": "services/other" });
    expect(await drift()).toEqual({ "ecr:image/web-server": ["source"] });
    const { outcome } = await up();
    expect(outcome?.failed).toEqual([]);
    expect(await drift()).toEqual({});
  });

  test("was built by an engine, which tells its inputs in the configuration", async () => {
    await up();
    const inputs = (await manifest()).annotations["ecomctl.inputs"] ?? "";
    const Labels = { "ecomctl.inputs": inputs, "ecomctl.source": "services/web-server" };
    const config = Buffer.from(JSON.stringify({ config: { Labels } }));
    const digest = `sha256:${createHash("sha256").update(config).digest("hex")}`;
    const repositoryName = "web-server";
    const { uploadId } = await ecr.initiateLayerUpload({ repositoryName });
    const last = config.length - 1;
    await ecr.uploadLayerPart({
      repositoryName,
      uploadId,
      partFirstByte: 0,
      partLastByte: last,
      layerPartBlob: config,
    });
    await ecr.completeLayerUpload({ repositoryName, uploadId, layerDigests: [digest] });
    const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
    const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType, config: { digest, size: 1 }, layers: [] });
    await ecr.putImage({ repositoryName, imageManifest, imageTag: "engine" });
    const found = await image.kind.read(world.aws, "web-server", { ...emptySpec, tag: "engine" });
    expect(found?.spec).toEqual({
      repository: "web-server",
      tag: "engine",
      source: "services/web-server",
      inputs: JSON.parse(inputs),
    });
  });
});

const emptySpec = { repository: "web-server", tag: "x", source: "services/web-server", inputs: {} };

describe("the law of every kind", () => {
  const spec = { mutability: "IMMUTABLE", scan: true, lifecycle: null } as const;

  test("is kept by a repository", () =>
    keepsItsWord(world, shop, {
      subject: repository("web-server", spec),
      change: { mutability: "MUTABLE", scan: false, lifecycle: [rule] },
    }));

  test("is kept by an image", () => {
    const home = repository("web-server", spec);
    const made = (platform: string) => madeFrom("services/web-server", { platform, base: "scratch" });
    const subject = image("web-server", { repository: home.ref.name, ...made("linux/amd64") });
    return keepsItsWord(world, shop, { before: [home], subject, change: made("linux/arm64") });
  });

  test("an image alone goes, and every other one of its repository with it", async () => {
    await up();
    await ecr.putImageTagMutability({ repositoryName: "web-server", imageTagMutability: "MUTABLE" });
    const imageManifest = JSON.stringify({ ...(await manifest()), annotations: {} });
    await ecr.putImage({ repositoryName: "web-server", imageManifest, imageTag: "by-hand" });
    const have = await image.kind.read(world.aws, "web-server", emptySpec);
    expect(have?.spec.repository).toBe("web-server");
    if (have) await image.kind.delete(world.aws, "web-server", have);
    expect((await ecr.listImages({ repositoryName: "web-server" })).imageIds).toEqual([]);
    expect(await image.kind.read(world.aws, "web-server", emptySpec)).toBeUndefined();
  });

  test("a name that ECR would refuse is refused in the plan", () => {
    for (const name of ["web-server", "shop/web-server-dev", "a2"])
      expect(repository.kind.check?.(name, spec)).toBeUndefined();
    for (const name of ["Web", "a", "a--b", "-a", "a/", "a".repeat(257)]) {
      expect(repository.kind.check?.(name, spec)).toMatch(/small letters/);
    }
  });

  test("an image whose sources changed after the plan is not pushed under the old tag", async () => {
    await ecr.createRepository({ repositoryName: "web-server" });
    const { inputs, ...made } = madeFrom("services/web-server", { platform: "linux/amd64", base: "scratch" });
    const planned = { ...inputs, "services/web-server/src/main.ts": "0000000000000000" };
    const want = { repository: "web-server", ...made, inputs: planned, stack: "x" };
    await expect(image.kind.create(world.aws, "web-server", want)).rejects.toMatchObject({
      code: "image-sources-changed",
      why: expect.stringMatching(/^services\/web-server\/src\/main.ts changed/),
    });
    expect((await ecr.listImages({ repositoryName: "web-server" })).imageIds).toEqual([]);
  });

  test("an image that cannot be built fails with the next thing to do", async () => {
    await ecr.createRepository({ repositoryName: "web-server" });
    const spec = { ...emptySpec, source: "services/nowhere", stack: "x" };
    await expect(image.kind.create(world.aws, "web-server", spec)).rejects.toMatchObject({
      name: "Problem",
      code: "image-source-missing",
      why: expect.stringContaining("nowhere"),
    });
  });
});
