import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type LifecycleRule, paginateListObjectsV2, S3 } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readObject, s3, writeObject } from "../../src/local/s3/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { sts } from "../../src/local/sts.ts";

let dir: string;
let local: LocalServer;
let client: S3;
const Bucket = "shop-artifacts";
const clientIn = (region: string) =>
  new S3({
    endpoint: local.url,
    region,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
    forcePathStyle: true,
  });

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-s3-"));
  local = await startLocal({ dir, port: 0, services: [s3, sts] });
  client = clientIn("us-east-1");
  await client.createBucket({ Bucket });
});
afterEach(async () => {
  client.destroy();
  await local.stop();
  rmSync(dir, { recursive: true });
});

const restart = async () => {
  await local.stop();
  local = await startLocal({ dir, port: 0, services: [s3, sts] });
  client = clientIn("us-east-1");
};
const refused = (call: Promise<unknown>, name: string, httpStatusCode: number) =>
  expect(call).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
const put = (Key: string, Body: string) => client.putObject({ Bucket, Key, Body });
const text = async (Key: string, VersionId?: string) =>
  (await client.getObject({ Bucket, Key, VersionId })).Body?.transformToString();
const versioned = () => client.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Enabled" } });
const files = () => readdirSync(join(dir, "s3"));

test("a bucket is made, found, listed and deleted", async () => {
  expect(await client.headBucket({ Bucket })).toMatchObject({ BucketRegion: "us-east-1" });
  expect((await client.listBuckets()).Buckets).toMatchObject([{ Name: Bucket, CreationDate: expect.any(Date) }]);
  await client.deleteBucket({ Bucket });
  await refused(client.headBucket({ Bucket }), "NotFound", 404);
  await refused(client.deleteBucket({ Bucket }), "NoSuchBucket", 404);
});

test("a name is had once, except in the oldest region, where asking again is no error", async () => {
  await client.createBucket({ Bucket });
  const frankfurt = clientIn("eu-central-1");
  const CreateBucketConfiguration = { LocationConstraint: "eu-central-1" as const };
  await frankfurt.createBucket({ Bucket: "shop-eu", CreateBucketConfiguration });
  await refused(
    frankfurt.createBucket({ Bucket: "shop-eu", CreateBucketConfiguration }),
    "BucketAlreadyOwnedByYou",
    409,
  );
  await refused(
    frankfurt.createBucket({ Bucket: "x-y-z", CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } }),
    "IllegalLocationConstraintException",
    400,
  );
  await refused(client.createBucket({ Bucket: "Shop_Artifacts" }), "InvalidBucketName", 400);
  expect((await frankfurt.getBucketLocation({ Bucket: "shop-eu" })).LocationConstraint).toBe("eu-central-1");
  expect((await client.getBucketLocation({ Bucket })).LocationConstraint).toBeUndefined();
});

test("another account's bucket is refused", async () => {
  await refused(client.getBucketTagging({ Bucket, ExpectedBucketOwner: "111111111111" }), "AccessDenied", 403);
});

test("a new bucket blocks public access, is the owner's alone and encrypts", async () => {
  expect((await client.getPublicAccessBlock({ Bucket })).PublicAccessBlockConfiguration).toEqual({
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  });
  expect((await client.getBucketOwnershipControls({ Bucket })).OwnershipControls?.Rules).toEqual([
    { ObjectOwnership: "BucketOwnerEnforced" },
  ]);
  const encryption = (await client.getBucketEncryption({ Bucket })).ServerSideEncryptionConfiguration;
  expect(encryption?.Rules).toMatchObject([{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }]);
  expect((await client.getBucketVersioning({ Bucket })).Status).toBeUndefined();
});

test("what was never set, or was taken away, has its own error each", async () => {
  await refused(client.getBucketPolicy({ Bucket }), "NoSuchBucketPolicy", 404);
  await refused(client.getBucketTagging({ Bucket }), "NoSuchTagSet", 404);
  await refused(client.getBucketLifecycleConfiguration({ Bucket }), "NoSuchLifecycleConfiguration", 404);
  await client.deletePublicAccessBlock({ Bucket });
  await refused(client.getPublicAccessBlock({ Bucket }), "NoSuchPublicAccessBlockConfiguration", 404);
  await client.deleteBucketOwnershipControls({ Bucket });
  await refused(client.getBucketOwnershipControls({ Bucket }), "OwnershipControlsNotFoundError", 404);
  await refused(client.getBucketPolicy({ Bucket: "no-such-bucket" }), "NoSuchBucket", 404);
});

test("tags replace one another, and one key is had once", async () => {
  await client.putBucketTagging({ Bucket, Tagging: { TagSet: [{ Key: "a", Value: "1" }] } });
  await client.putBucketTagging({ Bucket, Tagging: { TagSet: [{ Key: "b", Value: "" }] } });
  expect((await client.getBucketTagging({ Bucket })).TagSet).toEqual([{ Key: "b", Value: "" }]);
  const twice = [
    { Key: "a", Value: "1" },
    { Key: "a", Value: "2" },
  ];
  await refused(client.putBucketTagging({ Bucket, Tagging: { TagSet: twice } }), "InvalidTag", 400);
  await client.deleteBucketTagging({ Bucket });
  await refused(client.getBucketTagging({ Bucket }), "NoSuchTagSet", 404);
});

test("a policy is checked, and a public one is blocked", async () => {
  const statement = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [`arn:aws:s3:::${Bucket}/*`] };
  const policy = (change: object) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ ...statement, ...change }] });
  await client.putBucketPolicy({ Bucket, Policy: policy({}) });
  expect((await client.getBucketPolicy({ Bucket })).Policy).toBe(policy({}));
  await refused(client.putBucketPolicy({ Bucket, Policy: "no" }), "MalformedPolicy", 400);
  await refused(
    client.putBucketPolicy({ Bucket, Policy: policy({ Resource: "arn:aws:s3:::other/*" }) }),
    "MalformedPolicy",
    400,
  );
  await refused(client.putBucketPolicy({ Bucket, Policy: policy({ Effect: "Allow" }) }), "AccessDenied", 403);
  await client.deletePublicAccessBlock({ Bucket });
  await client.putBucketPolicy({ Bucket, Policy: policy({ Effect: "Allow" }) });
  expect((await client.getBucketPolicyStatus({ Bucket })).PolicyStatus).toEqual({ IsPublic: true });
});

test("lifecycle rules come back as they were put, dates and all, after a restart too", async () => {
  const Rules: LifecycleRule[] = [
    {
      ID: "old",
      Status: "Enabled",
      Filter: { Prefix: "" },
      Expiration: { Days: 30 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
    { ID: "day", Status: "Disabled", Filter: { Prefix: "x/" }, Expiration: { Date: new Date("2030-01-01T00:00:00Z") } },
  ];
  await client.putBucketLifecycleConfiguration({ Bucket, LifecycleConfiguration: { Rules } });
  await restart();
  expect((await client.getBucketLifecycleConfiguration({ Bucket })).Rules).toEqual(Rules);
  const idle = client.putBucketLifecycleConfiguration({
    Bucket,
    LifecycleConfiguration: { Rules: [{ Status: "Enabled", Filter: { Prefix: "" } }] },
  });
  await refused(idle, "InvalidRequest", 400);
});

test("an object keeps its bytes, headers, metadata and tags", async () => {
  const Body = Readable.from([Buffer.from("hello "), Buffer.from("world")]);
  const Metadata = { who: "me" };
  const sent = await client.putObject({
    Bucket,
    Key: "a b/ü+.txt",
    Body,
    ContentLength: 11,
    ContentType: "text/plain",
    Metadata,
    Tagging: "k=v",
  });
  expect(sent.ETag).toBe('"5eb63bbbe01eeed093cb22bb8f5acdc3"');
  const got = await client.getObject({ Bucket, Key: "a b/ü+.txt" });
  expect(got).toMatchObject({ ContentType: "text/plain", ContentLength: 11, Metadata, TagCount: 1, ETag: sent.ETag });
  expect(await got.Body?.transformToString()).toBe("hello world");
  expect((await client.getObjectTagging({ Bucket, Key: "a b/ü+.txt" })).TagSet).toEqual([{ Key: "k", Value: "v" }]);
  expect(await client.headObject({ Bucket, Key: "a b/ü+.txt" })).toMatchObject({ ContentLength: 11, Metadata });
  await refused(client.getObject({ Bucket, Key: "none" }), "NoSuchKey", 404);
  await refused(client.headObject({ Bucket, Key: "none" }), "NotFound", 404);
});

test("ranges, and conditions of reads and writes", async () => {
  const { ETag } = await put("k", "hello world");
  const part = await client.getObject({ Bucket, Key: "k", Range: "bytes=6-" });
  expect(part).toMatchObject({ ContentRange: "bytes 6-10/11", $metadata: { httpStatusCode: 206 } });
  expect(await part.Body?.transformToString()).toBe("world");
  await refused(client.getObject({ Bucket, Key: "k", Range: "bytes=20-" }), "InvalidRange", 416);
  await refused(client.getObject({ Bucket, Key: "k", IfMatch: '"other"' }), "PreconditionFailed", 412);
  await refused(client.putObject({ Bucket, Key: "k", Body: "x", IfNoneMatch: "*" }), "PreconditionFailed", 412);
  await client.putObject({ Bucket, Key: "k", Body: "x", IfMatch: ETag });
  await refused(
    client.putObject({ Bucket, Key: "k", Body: "y", ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==" }),
    "BadDigest",
    400,
  );
  expect(await text("k")).toBe("x");
  expect(files()).toHaveLength(1 + 1);
});

test("versions stand side by side, a deletion marks, and a marker can be deleted", async () => {
  await put("k", "before");
  await versioned();
  const first = await put("k", "one");
  const second = await put("k", "two");
  expect(first.VersionId).not.toBe(second.VersionId);
  const marked = await client.deleteObject({ Bucket, Key: "k" });
  expect(marked).toMatchObject({ DeleteMarker: true, VersionId: expect.any(String) });
  await refused(client.getObject({ Bucket, Key: "k" }), "NoSuchKey", 404);
  expect(await text("k", first.VersionId)).toBe("one");
  expect(await text("k", "null")).toBe("before");
  const listed = await client.listObjectVersions({ Bucket });
  expect(listed.Versions?.map(({ VersionId }) => VersionId)).toEqual([second.VersionId, first.VersionId, "null"]);
  expect(listed.DeleteMarkers).toMatchObject([{ Key: "k", IsLatest: true, VersionId: marked.VersionId }]);
  await client.deleteObject({ Bucket, Key: "k", VersionId: marked.VersionId });
  expect(await text("k")).toBe("two");
  await refused(client.getObject({ Bucket, Key: "k", VersionId: "none" }), "NoSuchVersion", 404);
});

test("a bucket with as much as a marker in it is not deleted; emptied version by version it is", async () => {
  await versioned();
  await put("a", "1");
  await put("b", "2");
  await client.deleteObject({ Bucket, Key: "a" });
  await refused(client.deleteBucket({ Bucket }), "BucketNotEmpty", 409);
  const { Versions = [], DeleteMarkers = [] } = await client.listObjectVersions({ Bucket });
  const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
  const { Deleted } = await client.deleteObjects({ Bucket, Delete: { Objects } });
  expect(Deleted).toHaveLength(3);
  await client.deleteBucket({ Bucket });
  expect(files()).toEqual([]);
});

test("versions come page by page, none twice and none left out", async () => {
  await versioned();
  for (const key of ["a", "b", "b", "b", "c"]) await put(key, key);
  const seen: string[] = [];
  let next: { KeyMarker?: string; VersionIdMarker?: string } = {};
  for (let page = 0; page < 5; page++) {
    const {
      Versions = [],
      IsTruncated,
      NextKeyMarker,
      NextVersionIdMarker,
    } = await client.listObjectVersions({ Bucket, MaxKeys: 2, ...next });
    seen.push(...Versions.map(({ Key, VersionId }) => `${Key} ${VersionId}`));
    next = { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker };
    if (!IsTruncated) break;
  }
  expect(seen.map((line) => line[0])).toEqual(["a", "b", "b", "b", "c"]);
  expect(new Set(seen).size).toBe(5);
});

test("listings are in order, paged, with prefixes gathered", async () => {
  for (const key of ["src/1", "src/2", "top", "build/1", "é"]) await put(key, key);
  const keys: (string | undefined)[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client, pageSize: 2 }, { Bucket })) {
    keys.push(...Contents.map(({ Key }) => Key));
  }
  expect(keys).toEqual(["build/1", "src/1", "src/2", "top", "é"]);
  const folders = await client.listObjectsV2({ Bucket, Delimiter: "/" });
  expect(folders.CommonPrefixes).toEqual([{ Prefix: "build/" }, { Prefix: "src/" }]);
  expect(folders.Contents?.map(({ Key }) => Key)).toEqual(["top", "é"]);
  expect((await client.listObjects({ Bucket, Prefix: "src/" })).Contents).toHaveLength(2);
});

test("an object in parts: listed, completed, aborted", async () => {
  const { UploadId } = await client.createMultipartUpload({ Bucket, Key: "big", ContentType: "application/zip" });
  const large = Buffer.alloc(5 * 1024 * 1024, "a");
  const one = await client.uploadPart({ Bucket, Key: "big", UploadId, PartNumber: 1, Body: large });
  const two = await client.uploadPart({ Bucket, Key: "big", UploadId, PartNumber: 2, Body: "end" });
  expect((await client.listParts({ Bucket, Key: "big", UploadId })).Parts).toMatchObject([
    { PartNumber: 1 },
    { PartNumber: 2, Size: 3 },
  ]);
  expect((await client.listMultipartUploads({ Bucket })).Uploads).toMatchObject([{ Key: "big", UploadId }]);
  const complete = (Parts: { PartNumber: number; ETag?: string }[]) =>
    client.completeMultipartUpload({ Bucket, Key: "big", UploadId, MultipartUpload: { Parts } });
  await refused(complete([{ PartNumber: 1, ETag: two.ETag }]), "InvalidPart", 400);
  const parts = [
    { PartNumber: 1, ETag: one.ETag },
    { PartNumber: 2, ETag: two.ETag },
  ];
  await refused(complete([...parts].reverse()), "InvalidPartOrder", 400);
  expect((await complete(parts)).ETag).toMatch(/-2"$/);
  expect(await client.headObject({ Bucket, Key: "big" })).toMatchObject({
    ContentLength: large.length + 3,
    ContentType: "application/zip",
  });
  await refused(client.abortMultipartUpload({ Bucket, Key: "big", UploadId }), "NoSuchUpload", 404);
  const other = await client.createMultipartUpload({ Bucket, Key: "other" });
  await client.abortMultipartUpload({ Bucket, Key: "other", UploadId: other.UploadId });
  expect((await client.listMultipartUploads({ Bucket })).Uploads).toBeUndefined();
  expect(files()).toHaveLength(1);
});

test("an object is copied with what belongs to it", async () => {
  await client.putObject({ Bucket, Key: "from here", Body: "x", Metadata: { who: "me" } });
  await client.copyObject({ Bucket, Key: "to", CopySource: `${Bucket}/from%20here` });
  expect(await text("to")).toBe("x");
  expect((await client.headObject({ Bucket, Key: "to" })).Metadata).toEqual({ who: "me" });
});

test("objects outlive a restart, and services read and write the same ones", async () => {
  await put("k", "kept");
  await writeObject(local.local, Bucket, "artifact.zip", Buffer.from("zip"), "application/zip");
  await restart();
  expect(await text("k")).toBe("kept");
  expect(await text("artifact.zip")).toBe("zip");
  expect(String(await readObject(local.local, Bucket, "k"))).toBe("kept");
});
