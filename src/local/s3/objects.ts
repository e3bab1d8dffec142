import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { ChecksumAlgorithm, CopyObjectCommandInput, PutObjectCommandInput, S3 } from "@aws-sdk/client-s3";
import { sdkStreamMixin } from "@smithy/core/serde";
import type { Handlers, Local } from "../service.ts";
import { readBytes, streamBytes, writeBytes } from "./disk.ts";
import { bucketOf, type ObjectHeaders, refusal, type S3State, tagSet, tagsFrom, type Version } from "./state.ts";
import { push, remove, shownId, versionOf } from "./versions.ts";

/** The bytes of a body; the wire hands them over whole. */
export function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  throw new TypeError("a body was expected to be bytes");
}

/** The headers of a request that are kept with the object. */
export const headersOf = (input: ObjectHeaders): ObjectHeaders => ({
  CacheControl: input.CacheControl,
  ContentDisposition: input.ContentDisposition,
  // The framing on the way here is none of the object's.
  ContentEncoding:
    input.ContentEncoding?.split(",")
      .filter((one) => one.trim() !== "aws-chunked")
      .join(",") || undefined,
  ContentLanguage: input.ContentLanguage,
  ContentType: input.ContentType ?? "binary/octet-stream",
});

/** Tags from the header `a=1&b=2`. */
export const tagsOfHeader = (text: string | undefined): Record<string, string> =>
  tagsFrom(
    [...new URLSearchParams(text ?? "")].map(([Key, Value]) => ({ Key, Value })),
    10,
  );

const checksums = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const satisfies ChecksumAlgorithm[];

/** Checks what can be checked of the digests sent along. Throws BadDigest. */
function verify(input: PutObjectCommandInput, bytes: Uint8Array): Version["checksum"] {
  const md5 = createHash("md5").update(bytes).digest("base64");
  if (input.ContentMD5 !== undefined && input.ContentMD5 !== md5) throw refusal("BadDigest");
  for (const algorithm of checksums) {
    const value = input[`Checksum${algorithm}`];
    if (value === undefined) continue;
    const mine = digest(algorithm, bytes);
    if (mine !== undefined && mine !== value) throw refusal("BadDigest");
    return { algorithm, value };
  }
  return undefined;
}

function digest(algorithm: (typeof checksums)[number], bytes: Uint8Array): string | undefined {
  if (algorithm === "SHA1" || algorithm === "SHA256")
    return createHash(algorithm.toLowerCase()).update(bytes).digest("base64");
  if (algorithm !== "CRC32") return undefined;
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString("base64");
}

const shownChecksum = ({ checksum }: Version, mode?: string) =>
  checksum && mode === "ENABLED"
    ? { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: "FULL_OBJECT" as const }
    : {};

/** Throws PreconditionFailed if a write's conditions do not hold. */
export function writable(
  versions: readonly Version[] | undefined,
  { IfMatch, IfNoneMatch }: { IfMatch?: string; IfNoneMatch?: string },
): void {
  const newest = versions?.[0];
  const there = newest && !newest.marker ? newest : undefined;
  if (IfNoneMatch === "*" && there) throw refusal("PreconditionFailed", { Condition: "If-None-Match" });
  if (IfMatch === undefined) return;
  if (!there) throw refusal("NoSuchKey");
  if (there.etag !== quoted(IfMatch)) throw refusal("PreconditionFailed", { Condition: "If-Match" });
}

const quoted = (etag: string) => `"${etag.replace(/^W\/|"/g, "")}"`;

interface Conditions {
  IfMatch?: string;
  IfNoneMatch?: string;
  IfModifiedSince?: Date;
  IfUnmodifiedSince?: Date;
}

function readable(version: Version, { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince }: Conditions): void {
  const at = Math.floor(version.at / 1000) * 1000;
  if (
    IfMatch !== undefined ? quoted(IfMatch) !== version.etag : IfUnmodifiedSince && at > IfUnmodifiedSince.getTime()
  ) {
    throw refusal("PreconditionFailed", { Condition: IfMatch ? "If-Match" : "If-Unmodified-Since" });
  }
  if (
    IfNoneMatch !== undefined
      ? quoted(IfNoneMatch) === version.etag
      : IfModifiedSince && at <= IfModifiedSince.getTime()
  ) {
    throw refusal("NotModified");
  }
}

/** The first and last byte of `bytes=a-b`, `bytes=a-` or `bytes=-n`; undefined for anything else, which S3 ignores. Throws InvalidRange. */
function rangeOf(text: string | undefined, size: number): { start: number; end: number } | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(text ?? "");
  if (!found || (found[1] === "" && found[2] === "")) return undefined;
  const [, from = "", to = ""] = found;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (start >= size || end < start) throw refusal("InvalidRange", { ActualObjectSize: size });
  return { start, end };
}

const describe = (version: Version) => ({
  ...version.headers,
  ETag: version.etag,
  LastModified: new Date(version.at),
  AcceptRanges: "bytes",
  Metadata: version.metadata,
  ServerSideEncryption: "AES256" as const,
});

function source(state: S3State, account: string, { CopySource = "" }: { CopySource?: string }) {
  const [path = "", id] = decodeURIComponent(CopySource).replace(/^\//, "").split("?versionId=");
  const [Bucket = "", ...key] = path.split("/");
  return versionOf(bucketOf(state, { Bucket }, account), key.join("/"), id);
}

/** The bytes that a copy is made of. */
export async function sourceBytes(
  state: S3State,
  account: string,
  local: Local,
  input: { CopySource?: string; CopySourceRange?: string },
) {
  const version = source(state, account, input);
  const bytes = await readBytes(local, version.file ?? "");
  const range = rangeOf(input.CopySourceRange, version.size);
  return { version, bytes: range ? bytes.subarray(range.start, range.end + 1) : bytes };
}

/** Objects. */
export const objectHandlers: Handlers<S3, S3State> = {
  PutObject: async (input, { state, account, local }) => {
    const bucket = bucketOf(state, input, account);
    const { Key = "", Metadata = {}, Tagging } = input;
    const bytes = bytesOf(input.Body);
    const checksum = verify(input, bytes);
    const tags = tagsOfHeader(Tagging);
    const written = await writeBytes(local, bytes);
    writable(bucket.objects[Key], input);
    const version = await push(local, bucket, Key, {
      ...written,
      headers: headersOf(input),
      metadata: Metadata,
      tags,
      checksum,
    });
    return {
      ETag: version.etag,
      VersionId: shownId(bucket, version),
      ServerSideEncryption: "AES256",
      ...shownChecksum(version, "ENABLED"),
    };
  },

  GetObject: (input, { state, account, local }) => {
    const bucket = bucketOf(state, input, account);
    const version = versionOf(bucket, input.Key ?? "", input.VersionId);
    readable(version, input);
    const range = rangeOf(input.Range, version.size);
    const { start, end } = range ?? { start: 0, end: version.size - 1 };
    const size = end - start + 1;
    return {
      ...describe(version),
      ContentType: input.ResponseContentType ?? version.headers.ContentType,
      ContentDisposition: input.ResponseContentDisposition ?? version.headers.ContentDisposition,
      ContentLength: size,
      ContentRange: range && `bytes ${start}-${end}/${version.size}`,
      VersionId: shownId(bucket, version),
      TagCount: Object.keys(version.tags).length || undefined,
      Body: size > 0 && version.file ? sdkStreamMixin(streamBytes(local, version.file, start, end)) : undefined,
      ...(range ? {} : shownChecksum(version, input.ChecksumMode)),
    };
  },

  HeadObject: (input, { state, account }) => {
    if (!state.buckets[input.Bucket ?? ""]) throw refusal("NotFound");
    const bucket = bucketOf(state, input, account);
    const newest = bucket.objects[input.Key ?? ""]?.[0];
    if (input.VersionId === undefined && (!newest || newest.marker)) throw refusal("NotFound");
    const version = versionOf(bucket, input.Key ?? "", input.VersionId);
    readable(version, input);
    return {
      ...describe(version),
      ContentLength: version.size,
      VersionId: shownId(bucket, version),
      ...shownChecksum(version, input.ChecksumMode),
    };
  },

  CopyObject: async (input, { state, account, local }) => {
    const bucket = bucketOf(state, input, account);
    const { version: from, bytes } = await sourceBytes(state, account, local, input);
    const written = await writeBytes(local, bytes);
    const version = await push(local, bucket, input.Key ?? "", { ...written, ...copied(from, input) });
    return {
      CopyObjectResult: { ETag: version.etag, LastModified: new Date(version.at) },
      CopySourceVersionId: from.id === "null" ? undefined : from.id,
      VersionId: shownId(bucket, version),
      ServerSideEncryption: "AES256",
    };
  },

  DeleteObject: (input, { state, account, local }) =>
    remove(local, bucketOf(state, input, account), input.Key ?? "", input.VersionId),

  DeleteObjects: async (input, { state, account, local }) => {
    const bucket = bucketOf(state, input, account);
    const { Objects = [], Quiet } = input.Delete ?? {};
    if (Objects.length === 0 || Objects.length > 1000) throw refusal("MalformedXML");
    const deleted = [];
    for (const { Key = "", VersionId } of Objects) {
      const { DeleteMarker, VersionId: id } = await remove(local, bucket, Key, VersionId);
      deleted.push({ Key, VersionId, ...(DeleteMarker && { DeleteMarker, DeleteMarkerVersionId: id }) });
    }
    return Quiet ? {} : { Deleted: deleted };
  },

  PutObjectTagging: (input, { state, account }) => {
    const bucket = bucketOf(state, input, account);
    const version = versionOf(bucket, input.Key ?? "", input.VersionId);
    version.tags = tagsFrom(input.Tagging?.TagSet, 10);
    return { VersionId: shownId(bucket, version) };
  },

  GetObjectTagging: (input, { state, account }) => {
    const bucket = bucketOf(state, input, account);
    const version = versionOf(bucket, input.Key ?? "", input.VersionId);
    return { TagSet: tagSet(version.tags), VersionId: shownId(bucket, version) };
  },

  DeleteObjectTagging: (input, { state, account }) => {
    const bucket = bucketOf(state, input, account);
    const version = versionOf(bucket, input.Key ?? "", input.VersionId);
    version.tags = {};
    return { VersionId: shownId(bucket, version) };
  },
};

const copied = (from: Version, input: CopyObjectCommandInput) => ({
  ...(input.MetadataDirective === "REPLACE"
    ? { headers: headersOf(input), metadata: input.Metadata ?? {} }
    : { headers: from.headers, metadata: from.metadata }),
  tags: input.TaggingDirective === "REPLACE" ? tagsOfHeader(input.Tagging) : from.tags,
  checksum: from.checksum,
});
