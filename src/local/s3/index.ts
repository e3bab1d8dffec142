import type { S3 } from "@aws-sdk/client-s3";
import { type Emulated, emulate, type Local, type Need } from "../service.ts";
import { bucketHandlers } from "./buckets.ts";
import { readBytes, sweep, writeBytes } from "./disk.ts";
import { listingHandlers } from "./listing.ts";
import { objectHandlers } from "./objects.ts";
import { settingHandlers } from "./settings.ts";
import { bucketOf, type S3State } from "./state.ts";
import { uploadHandlers } from "./uploads.ts";
import { push, versionOf } from "./versions.ts";

/** Permissions whose name is not the operation's. */
const actions: Readonly<Record<string, string>> = {
  CompleteMultipartUpload: "PutObject",
  CopyObject: "PutObject",
  CreateMultipartUpload: "PutObject",
  DeleteBucketEncryption: "PutEncryptionConfiguration",
  DeleteBucketLifecycle: "PutLifecycleConfiguration",
  DeleteBucketOwnershipControls: "PutBucketOwnershipControls",
  DeleteBucketTagging: "PutBucketTagging",
  DeleteObjects: "DeleteObject",
  DeletePublicAccessBlock: "PutBucketPublicAccessBlock",
  GetBucketEncryption: "GetEncryptionConfiguration",
  GetBucketLifecycleConfiguration: "GetLifecycleConfiguration",
  GetBucketNotificationConfiguration: "GetBucketNotification",
  GetPublicAccessBlock: "GetBucketPublicAccessBlock",
  HeadBucket: "ListBucket",
  HeadObject: "GetObject",
  ListBuckets: "ListAllMyBuckets",
  ListMultipartUploads: "ListBucketMultipartUploads",
  ListObjects: "ListBucket",
  ListObjectsV2: "ListBucket",
  ListObjectVersions: "ListBucketVersions",
  ListParts: "ListMultipartUploadParts",
  PutBucketEncryption: "PutEncryptionConfiguration",
  PutBucketLifecycleConfiguration: "PutLifecycleConfiguration",
  PutBucketNotificationConfiguration: "PutBucketNotification",
  PutPublicAccessBlock: "PutBucketPublicAccessBlock",
  UploadPart: "PutObject",
  UploadPartCopy: "PutObject",
};

function needs(operation: string, input: Record<string, unknown>): Need[] {
  const { Bucket, Key, VersionId, Delete } = input;
  if (Bucket === undefined) return [{ action: `s3:${actions[operation] ?? operation}`, resource: "*" }];
  const versioned = VersionId !== undefined && /^(Get|Head|Delete)Object/.test(operation);
  const name = (actions[operation] ?? operation).replace(
    /^(Get|Delete)Object/,
    versioned ? "$1ObjectVersion" : "$1Object",
  );
  const arn = `arn:aws:s3:::${Bucket}`;
  const keys: unknown[] = operation === "DeleteObjects" ? keysOf(Delete) : [Key];
  return keys.map((key) => ({ action: `s3:${name}`, resource: key === undefined ? arn : `${arn}/${key}` }));
}

const keysOf = (batch: unknown): unknown[] => {
  const objects: unknown = typeof batch === "object" && batch !== null ? Reflect.get(batch, "Objects") : [];
  return Array.isArray(objects) ? objects.map((object) => object?.Key) : [];
};

/** Simple Storage Service: buckets with their configuration, and objects whose bytes are files. */
export const s3: Emulated<S3, S3State> = emulate<S3, S3State>({
  id: "s3",
  global: true,
  initial: () => ({ buckets: {} }),
  load: () => import("@aws-sdk/client-s3"),
  needs,
  start: (local) => sweep(local, local.state(s3, "")),
  handlers: { ...bucketHandlers, ...settingHandlers, ...objectHandlers, ...listingHandlers, ...uploadHandlers },
});

/** An object's bytes, for services that fetch from S3. Throws S3's refusals. */
export async function readObject(local: Local, Bucket: string, key: string, version?: string): Promise<Buffer> {
  const bucket = bucketOf(local.state(s3, ""), { Bucket }, local.account);
  return readBytes(local, versionOf(bucket, key, version).file ?? "");
}

/** Puts an object, for services that store in S3. Throws S3's refusals. */
export async function writeObject(
  local: Local,
  Bucket: string,
  key: string,
  bytes: Uint8Array,
  ContentType: string,
): Promise<void> {
  const bucket = bucketOf(local.state(s3, ""), { Bucket }, local.account);
  const written = await writeBytes(local, bytes);
  await push(local, bucket, key, { ...written, headers: { ContentType }, metadata: {}, tags: {} });
  local.changed(s3, "");
}
