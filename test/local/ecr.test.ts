import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECR } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ecr as service } from "../../src/local/ecr/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";

process.env.AWS_EC2_METADATA_DISABLED = "true";
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const sha = (data: string | Uint8Array) => `sha256:${createHash("sha256").update(data).digest("hex")}`;
const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };

let dir: string;
let local: LocalServer;
let ecr: ECR;

const start = async () => {
  local = await startLocal({ dir, port: 0, services: [service] });
  ecr = new ECR({ endpoint: local.url, region: "us-east-1", credentials });
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecomctl-ecr-"));
  await start();
});

afterEach(async () => {
  ecr.destroy();
  await local.stop();
  await rm(dir, { recursive: true, force: true });
});

const create = (repositoryName: string, more: object = {}) => ecr.createRepository({ repositoryName, ...more });

/** Uploads a layer through the API and gives its digest. */
async function upload(repositoryName: string, data: Uint8Array): Promise<string> {
  const { uploadId } = await ecr.initiateLayerUpload({ repositoryName });
  const half = Math.ceil(data.length / 2);
  for (const [first, last] of [
    [0, half - 1],
    [half, data.length - 1],
  ] as const) {
    const layerPartBlob = data.subarray(first, last + 1);
    await ecr.uploadLayerPart({ repositoryName, uploadId, partFirstByte: first, partLastByte: last, layerPartBlob });
  }
  const { layerDigest } = await ecr.completeLayerUpload({ repositoryName, uploadId, layerDigests: [sha(data)] });
  return layerDigest ?? "";
}

/** Pushes a small image that differs by its word, and gives its digest. */
async function image(repositoryName: string, word: string, imageTag?: string): Promise<string> {
  const [config, layer] = [Buffer.from(`{"word":"${word}"}`), Buffer.from(`a layer of ${word}`)];
  for (const data of [config, layer]) {
    const { layers } = await ecr.batchCheckLayerAvailability({ repositoryName, layerDigests: [sha(data)] });
    if (layers?.[0]?.layerAvailability !== "AVAILABLE") await upload(repositoryName, data);
  }
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: sha(config), size: config.length },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: sha(layer), size: layer.length }],
  });
  const { image } = await ecr.putImage({ repositoryName, imageManifest, imageTag });
  return image?.imageId?.imageDigest ?? "";
}

describe("repositories", () => {
  test("are described as they were created", async () => {
    await create("shop/web", {
      imageTagMutability: "IMMUTABLE",
      imageScanningConfiguration: { scanOnPush: true },
      tags: [{ Key: "a", Value: "1" }],
    });
    await create("plain");
    const { repositories } = await ecr.describeRepositories({});
    const host = new URL(local.url).host;
    expect(repositories).toEqual([
      expect.objectContaining({ repositoryName: "plain", imageTagMutability: "MUTABLE" }),
      {
        repositoryName: "shop/web",
        repositoryArn: "arn:aws:ecr:us-east-1:000000000000:repository/shop/web",
        repositoryUri: `${host}/shop/web`,
        registryId: "000000000000",
        createdAt: expect.any(Date),
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfiguration: { encryptionType: "AES256" },
      },
    ]);
    const resourceArn = repositories?.[1]?.repositoryArn;
    await ecr.tagResource({ resourceArn, tags: [{ Key: "b", Value: "2" }] });
    await ecr.untagResource({ resourceArn, tagKeys: ["a"] });
    expect((await ecr.listTagsForResource({ resourceArn })).tags).toEqual([{ Key: "b", Value: "2" }]);
  });

  test("of one region are not there in another", async () => {
    await create("web");
    const elsewhere = new ECR({ endpoint: local.url, region: "eu-west-1", credentials });
    expect((await elsewhere.describeRepositories({})).repositories).toEqual([]);
    elsewhere.destroy();
  });

  test("refuse a taken name, a missing name and a name in capitals", async () => {
    await create("web");
    await expect(create("web")).rejects.toMatchObject({ name: "RepositoryAlreadyExistsException" });
    const missing = { name: "RepositoryNotFoundException" };
    await expect(ecr.describeRepositories({ repositoryNames: ["web", "x-y"] })).rejects.toMatchObject(missing);
    await expect(ecr.deleteRepository({ repositoryName: "x-y" })).rejects.toMatchObject(missing);
    await expect(
      ecr.putImageTagMutability({ repositoryName: "x-y", imageTagMutability: "MUTABLE" }),
    ).rejects.toMatchObject(missing);
    await expect(create("Web")).rejects.toMatchObject({ name: "InvalidParameterException" });
  });

  test("change how they treat tags and scans", async () => {
    await create("web");
    await ecr.putImageTagMutability({
      repositoryName: "web",
      imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
      imageTagMutabilityExclusionFilters: [{ filterType: "WILDCARD", filter: "latest*" }],
    });
    await ecr.putImageScanningConfiguration({
      repositoryName: "web",
      imageScanningConfiguration: { scanOnPush: true },
    });
    await image("web", "one", "latest-1");
    await image("web", "two", "latest-1");
    await image("web", "two", "v1");
    await expect(image("web", "three", "v1")).rejects.toMatchObject({ name: "ImageTagAlreadyExistsException" });
    const { repositories } = await ecr.describeRepositories({ repositoryNames: ["web"] });
    expect(repositories?.[0]).toMatchObject({
      imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
      imageTagMutabilityExclusionFilters: [{ filterType: "WILDCARD", filter: "latest*" }],
      imageScanningConfiguration: { scanOnPush: true },
    });
    await expect(
      ecr.putImageTagMutability({ repositoryName: "web", imageTagMutability: "MUTABLE_WITH_EXCLUSION" }),
    ).rejects.toMatchObject({ name: "InvalidParameterException" });
  });

  test("keep a lifecycle policy that is one, and refuse others", async () => {
    await create("web");
    const repositoryName = "web";
    await expect(ecr.getLifecyclePolicy({ repositoryName })).rejects.toMatchObject({
      name: "LifecyclePolicyNotFoundException",
    });
    const rule = {
      rulePriority: 1,
      description: "untagged images go after two weeks",
      selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 14 },
      action: { type: "expire" },
    };
    const text = (...rules: object[]) => JSON.stringify({ rules });
    await ecr.putLifecyclePolicy({ repositoryName, lifecyclePolicyText: text(rule) });
    expect((await ecr.getLifecyclePolicy({ repositoryName })).lifecyclePolicyText).toBe(text(rule));
    for (const broken of [
      "{".padEnd(120),
      text().padEnd(120),
      text(rule, rule),
      text({ ...rule, selection: { ...rule.selection, tagStatus: "tagged" } }),
      text({ ...rule, selection: { ...rule.selection, countUnit: "hours" } }),
      text({ ...rule, action: { type: "archive" } }),
    ]) {
      await expect(ecr.putLifecyclePolicy({ repositoryName, lifecyclePolicyText: broken })).rejects.toMatchObject({
        name: "InvalidParameterException",
      });
    }
    await ecr.deleteLifecyclePolicy({ repositoryName });
    await expect(ecr.deleteLifecyclePolicy({ repositoryName })).rejects.toMatchObject({
      name: "LifecyclePolicyNotFoundException",
    });
  });

  test("keep a repository policy", async () => {
    await create("web");
    const repositoryName = "web";
    const missing = { name: "RepositoryPolicyNotFoundException" };
    await expect(ecr.getRepositoryPolicy({ repositoryName })).rejects.toMatchObject(missing);
    await ecr.setRepositoryPolicy({ repositoryName, policyText: '{"Statement":[]}' });
    expect((await ecr.deleteRepositoryPolicy({ repositoryName })).policyText).toBe('{"Statement":[]}');
    await expect(ecr.getRepositoryPolicy({ repositoryName })).rejects.toMatchObject(missing);
  });

  test("with images are deleted by force only, and their blobs with them", async () => {
    await create("web");
    await create("other");
    await image("web", "one", "v1");
    await image("web", "shared", "v2");
    await image("other", "shared", "v1");
    const blobs = () => readdir(join(dir, "ecr/blobs"));
    expect(await blobs()).toHaveLength(4);
    await expect(ecr.deleteRepository({ repositoryName: "web" })).rejects.toMatchObject({
      name: "RepositoryNotEmptyException",
    });
    await ecr.deleteRepository({ repositoryName: "web", force: true });
    expect(await blobs()).toHaveLength(2);
    await ecr.deleteRepository({ repositoryName: "other", force: true });
    expect(await blobs()).toEqual([]);
  });
});

describe("images", () => {
  beforeEach(() => create("web"));
  const repositoryName = "web";

  test("are found by tag and by digest, and listed", async () => {
    const one = await image("web", "one", "v1");
    const two = await image("web", "two");
    const { imageDetails } = await ecr.describeImages({ repositoryName, imageIds: [{ imageTag: "v1" }] });
    expect(imageDetails).toEqual([
      {
        registryId: "000000000000",
        repositoryName,
        imageDigest: one,
        imageTags: ["v1"],
        imageSizeInBytes: "a layer of one".length,
        imagePushedAt: expect.any(Date),
        imageManifestMediaType: "application/vnd.oci.image.manifest.v1+json",
        artifactMediaType: "application/vnd.oci.image.config.v1+json",
        imageStatus: "ACTIVE",
      },
    ]);
    const untagged = await ecr.describeImages({ repositoryName, filter: { tagStatus: "UNTAGGED" } });
    expect(untagged.imageDetails?.map(({ imageDigest, imageTags }) => [imageDigest, imageTags])).toEqual([
      [two, undefined],
    ]);
    const pages = [];
    for (let nextToken: string | undefined, more = true; more; more = nextToken !== undefined) {
      const answer = await ecr.listImages({ repositoryName, maxResults: 1, nextToken });
      pages.push(...(answer.imageIds ?? []));
      nextToken = answer.nextToken;
    }
    expect(pages).toHaveLength(2);
    expect(pages).toEqual(expect.arrayContaining([{ imageDigest: one, imageTag: "v1" }, { imageDigest: two }]));
  });

  test("that are not there are refused when described, and reported when got", async () => {
    const one = await image("web", "one", "v1");
    await expect(ecr.describeImages({ repositoryName, imageIds: [{ imageTag: "v2" }] })).rejects.toMatchObject({
      name: "ImageNotFoundException",
    });
    const imageIds = [{ imageTag: "v1" }, { imageTag: "v2" }, { imageDigest: sha("x"), imageTag: "v1" }, {}];
    const { images, failures } = await ecr.batchGetImage({ repositoryName, imageIds });
    expect(images?.map(({ imageId }) => imageId)).toEqual([{ imageDigest: one, imageTag: "v1" }]);
    expect(failures?.map(({ failureCode }) => failureCode)).toEqual([
      "ImageNotFound",
      "ImageTagDoesNotMatchDigest",
      "MissingDigestAndTag",
    ]);
  });

  test("need their layers, and the digest they are said to have", async () => {
    const imageManifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { digest: sha("x"), size: 1 },
      layers: [],
    });
    await expect(ecr.putImage({ repositoryName, imageManifest })).rejects.toMatchObject({
      name: "LayersNotFoundException",
    });
    await expect(ecr.putImage({ repositoryName, imageManifest, imageDigest: sha("y") })).rejects.toMatchObject({
      name: "ImageDigestDoesNotMatchException",
    });
    await expect(ecr.putImage({ repositoryName, imageManifest: "{}" })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
  });

  test("lose a tag that moves on, unless tags are immutable", async () => {
    const one = await image("web", "one", "latest");
    await expect(image("web", "one", "latest")).rejects.toMatchObject({ name: "ImageAlreadyExistsException" });
    const two = await image("web", "two", "latest");
    const { imageDetails } = await ecr.describeImages({ repositoryName });
    expect(Object.fromEntries(imageDetails?.map((each) => [each.imageDigest, each.imageTags]) ?? [])).toEqual({
      [one]: undefined,
      [two]: ["latest"],
    });
    await ecr.putImageTagMutability({ repositoryName, imageTagMutability: "IMMUTABLE" });
    await expect(image("web", "three", "latest")).rejects.toMatchObject({ name: "ImageTagAlreadyExistsException" });
  });

  test("go with their last tag, or by their digest", async () => {
    const one = await image("web", "one", "a");
    const { images = [] } = await ecr.batchGetImage({ repositoryName, imageIds: [{ imageTag: "a" }] });
    await ecr.putImage({ repositoryName, imageManifest: images[0]?.imageManifest, imageTag: "b" });
    const first = await ecr.batchDeleteImage({ repositoryName, imageIds: [{ imageTag: "a" }, { imageTag: "c" }] });
    expect(first.imageIds).toEqual([{ imageDigest: one, imageTag: "a" }]);
    expect(first.failures).toMatchObject([{ failureCode: "ImageNotFound" }]);
    expect((await ecr.listImages({ repositoryName })).imageIds).toEqual([{ imageDigest: one, imageTag: "b" }]);
    await ecr.batchDeleteImage({ repositoryName, imageIds: [{ imageDigest: one }] });
    expect((await ecr.listImages({ repositoryName })).imageIds).toEqual([]);
  });

  test("are still there after a restart, their layers too", async () => {
    const one = await image("web", "one", "v1");
    ecr.destroy();
    await local.stop();
    await start();
    const { imageDetails } = await ecr.describeImages({ repositoryName });
    expect(imageDetails).toMatchObject([{ imageDigest: one, imageTags: ["v1"] }]);
    const { downloadUrl = "" } = await ecr.getDownloadUrlForLayer({
      repositoryName,
      layerDigest: sha("a layer of one"),
    });
    expect(await (await fetch(downloadUrl)).text()).toBe("a layer of one");
  });
});

describe("layers", () => {
  beforeEach(() => create("web"));
  const repositoryName = "web";
  const data = Buffer.from("some bytes of a layer");

  test("are available once they are complete, and downloaded by a signed address", async () => {
    const layerDigests = [sha(data), "nonsense"];
    const before = await ecr.batchCheckLayerAvailability({ repositoryName, layerDigests });
    expect(before.layers).toEqual([{ layerDigest: sha(data), layerAvailability: "UNAVAILABLE" }]);
    expect(before.failures).toMatchObject([{ failureCode: "InvalidLayerDigest" }]);
    await upload("web", data);
    const { layers } = await ecr.batchCheckLayerAvailability({ repositoryName, layerDigests: [sha(data)] });
    expect(layers).toEqual([{ layerDigest: sha(data), layerAvailability: "AVAILABLE", layerSize: data.length }]);
    const { downloadUrl = "" } = await ecr.getDownloadUrlForLayer({ repositoryName, layerDigest: sha(data) });
    expect(Buffer.from(await (await fetch(downloadUrl)).arrayBuffer())).toEqual(data);
    expect((await fetch(downloadUrl.replace(/pass=.*/, "pass=x.y"))).status).toBe(401);
  });

  test("refuse gaps, other bytes, nothing at all, and unknown uploads", async () => {
    const { uploadId } = await ecr.initiateLayerUpload({ repositoryName });
    const complete = () => ecr.completeLayerUpload({ repositoryName, uploadId, layerDigests: [sha("other")] });
    await expect(complete()).rejects.toMatchObject({ name: "EmptyUploadException" });
    const part = (partFirstByte: number) =>
      ecr.uploadLayerPart({
        repositoryName,
        uploadId,
        partFirstByte,
        partLastByte: partFirstByte + data.length - 1,
        layerPartBlob: data,
      });
    await expect(part(5)).rejects.toMatchObject({ name: "InvalidLayerPartException" });
    await part(0);
    await expect(complete()).rejects.toMatchObject({ name: "InvalidLayerException" });
    await expect(
      ecr.completeLayerUpload({
        repositoryName,
        uploadId: "00000000-0000-0000-0000-000000000000",
        layerDigests: [sha(data)],
      }),
    ).rejects.toMatchObject({ name: "UploadNotFoundException" });
    await upload("web", data);
    await expect(upload("web", data)).rejects.toMatchObject({ name: "LayerAlreadyExistsException" });
    await expect(ecr.getDownloadUrlForLayer({ repositoryName, layerDigest: sha("x") })).rejects.toMatchObject({
      name: "LayersNotFoundException",
    });
  });
});
