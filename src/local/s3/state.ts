import type { ChecksumAlgorithm, Tag } from "@aws-sdk/client-s3";
import { Refusal } from "../service.ts";

/** One version of an object, or the mark of its deletion. */
export interface Version {
  /** `null` for what was written without versioning. */
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  marker?: true;
  /** Name of the file with its bytes; none for a marker. */
  file?: string;
  size: number;
  etag: string;
  headers: ObjectHeaders;
  metadata: Record<string, string>;
  tags: Record<string, string>;
  checksum?: { algorithm: ChecksumAlgorithm; value: string };
}

/** What is kept with an object and sent with it again. */
export interface ObjectHeaders {
  CacheControl?: string;
  ContentDisposition?: string;
  ContentEncoding?: string;
  ContentLanguage?: string;
  ContentType?: string;
}

/** Parts of an object that is being sent. */
export interface Upload {
  key: string;
  at: number;
  headers: ObjectHeaders;
  metadata: Record<string, string>;
  tags: Record<string, string>;
  parts: Record<number, { file: string; size: number; etag: string; at: number }>;
}

/** A bucket: its configuration as it was put, its objects newest version first, its unfinished uploads. */
export interface Bucket {
  region: string;
  createdAt: number;
  versioning?: "Enabled" | "Suspended";
  settings: Record<string, unknown>;
  objects: Record<string, Version[]>;
  uploads: Record<string, Upload>;
}

export interface S3State {
  buckets: Record<string, Bucket>;
}

/** S3's errors as this service uses them: status and, where it is always the same, the text. */
const errors = {
  AccessDenied: [403, "Access Denied"],
  BadDigest: [400, "The Content-MD5 or checksum value that you specified did not match what the server received."],
  BucketAlreadyOwnedByYou: [409, "Your previous request to create the named bucket succeeded and you already own it."],
  BucketNotEmpty: [409, "The bucket you tried to delete is not empty"],
  EntityTooSmall: [400, "Your proposed upload is smaller than the minimum allowed size"],
  IllegalLocationConstraintException: [400, ""],
  InvalidArgument: [400, ""],
  InvalidBucketName: [400, "The specified bucket is not valid."],
  InvalidBucketState: [409, "The request is not valid with the current state of the bucket."],
  InvalidLocationConstraint: [400, "The specified location-constraint is not valid"],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  ],
  InvalidPartOrder: [400, "The list of parts was not in ascending order. Parts must be ordered by part number."],
  InvalidRange: [416, "The requested range is not satisfiable"],
  InvalidRequest: [400, ""],
  InvalidTag: [400, ""],
  MalformedPolicy: [400, ""],
  MalformedXML: [400, "The XML you provided was not well-formed or did not validate against our published schema"],
  MethodNotAllowed: [405, "The specified method is not allowed against this resource."],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchBucketPolicy: [404, "The bucket policy does not exist"],
  NoSuchCORSConfiguration: [404, "The CORS configuration does not exist"],
  NoSuchKey: [404, "The specified key does not exist."],
  NoSuchLifecycleConfiguration: [404, "The lifecycle configuration does not exist"],
  NoSuchPublicAccessBlockConfiguration: [404, "The public access block configuration was not found"],
  NoSuchTagSet: [404, "The TagSet does not exist"],
  NoSuchUpload: [
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  ],
  NoSuchVersion: [404, "The specified version does not exist."],
  NoSuchWebsiteConfiguration: [404, "The specified bucket does not have a website configuration"],
  NotFound: [404, "Not Found"],
  NotModified: [304, "Not Modified"],
  ObjectLockConfigurationNotFoundError: [404, "Object Lock configuration does not exist for this bucket"],
  OwnershipControlsNotFoundError: [404, "The bucket ownership controls were not found"],
  PreconditionFailed: [412, "At least one of the pre-conditions you specified did not hold"],
  ReplicationConfigurationNotFoundError: [404, "The replication configuration was not found"],
} as const satisfies Record<string, readonly [number, string]>;

/** Names of S3's errors. */
export type S3Error = keyof typeof errors;

/** An error as S3 sends it, with its status and, unless given, its usual text. */
export function refusal(name: S3Error, data: Record<string, unknown> = {}, message: string = errors[name][1]): Refusal {
  return new Refusal(name, message, { status: errors[name][0], data });
}

/** The bucket of a call. Throws NoSuchBucket, or AccessDenied if it is expected to be another account's. */
export function bucketOf(
  state: S3State,
  { Bucket: name = "", ExpectedBucketOwner: owner }: { Bucket: string | undefined; ExpectedBucketOwner?: string },
  account: string,
): Bucket {
  const bucket = Object.hasOwn(state.buckets, name) ? state.buckets[name] : undefined;
  if (!bucket) throw refusal("NoSuchBucket", { BucketName: name });
  if (owner !== undefined && owner !== account) throw refusal("AccessDenied");
  return bucket;
}

/** Tags as S3 takes them. Throws InvalidTag. */
export function tagsFrom(set: readonly Tag[] | undefined, most: number): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const { Key = "", Value = "" } of set ?? []) {
    if (Key.startsWith("aws:")) throw refusal("InvalidTag", {}, "System tags cannot be added/updated by requester");
    if (Key === "" || Key.length > 128)
      throw refusal("InvalidTag", { TagKey: Key }, "The TagKey you have provided is invalid");
    if (Value.length > 256) throw refusal("InvalidTag", { TagKey: Key }, "The TagValue you have provided is invalid");
    if (Object.hasOwn(tags, Key))
      throw refusal("InvalidTag", { TagKey: Key }, "Cannot provide multiple Tags with the same key");
    tags[Key] = Value;
  }
  if (Object.keys(tags).length > most) throw refusal("InvalidTag", {}, `Object tags cannot be greater than ${most}`);
  return tags;
}

/** Tags as S3 shows them. */
export const tagSet = (tags: Record<string, string>): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
