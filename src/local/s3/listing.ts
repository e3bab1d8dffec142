import type { S3 } from "@aws-sdk/client-s3";
import type { Handlers } from "../service.ts";
import { type Bucket, bucketOf, refusal, type S3State, type Version } from "./state.ts";

/** A line of a listing: a version of a key, or a prefix that stands for many. */
type Line =
  | { readonly key: string; readonly version: Version; readonly latest: boolean }
  | { readonly key: string; readonly prefix: true };

interface Question {
  readonly Prefix?: string;
  readonly Delimiter?: string;
  readonly EncodingType?: string;
  readonly MaxKeys?: number;
}

const most = 1000;

/** One page of keys in S3's order (by bytes), those with a delimiter after the prefix gathered. */
function page(bucket: Bucket, question: Question, isAfter: (line: Line) => boolean, all: boolean) {
  const { Prefix = "", Delimiter, MaxKeys = most } = question;
  if (MaxKeys < 0) throw refusal("InvalidArgument", {}, "Argument maxKeys must be an integer between 0 and 2147483647");
  const size = Math.min(MaxKeys, most);
  const lines: Line[] = [];
  let truncated = false;
  let gathered: string | undefined;
  for (const key of Object.keys(bucket.objects).sort(byBytes)) {
    if (!key.startsWith(Prefix)) continue;
    const cut = Delimiter ? key.indexOf(Delimiter, Prefix.length) : -1;
    const prefix = cut < 0 ? undefined : key.slice(0, cut + (Delimiter?.length ?? 0));
    if (prefix !== undefined && prefix === gathered) continue;
    const versions = bucket.objects[key] ?? [];
    const candidates: Line[] = all
      ? versions.map((version, index) => ({ key, version, latest: index === 0 }))
      : versions.slice(0, 1).flatMap((version) => (version.marker ? [] : [{ key, version, latest: true }]));
    if (candidates.length === 0) continue;
    gathered = prefix;
    const fresh = (prefix === undefined ? candidates : [{ key: prefix, prefix: true as const }]).filter(isAfter);
    for (const line of fresh) {
      if (lines.length === size) truncated = true;
      else lines.push(line);
    }
    if (truncated) break;
  }
  return { lines, truncated: truncated && size > 0, size };
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const isBeyond = (key: string, marker: string) => byBytes(key, marker) > 0;

const encoder = (type: string | undefined) =>
  type === "url"
    ? (text: string | undefined) => text && encodeURIComponent(text).replaceAll("%2F", "/")
    : (text: string | undefined) => text;

function shown(lines: readonly Line[], encode: (text: string) => string | undefined, account: string, owner: boolean) {
  const objects = lines.flatMap((line) => ("version" in line ? [line] : []));
  return {
    Contents: objects.map(({ key, version }) => ({
      Key: encode(key),
      LastModified: new Date(version.at),
      ETag: version.etag,
      Size: version.size,
      StorageClass: "STANDARD" as const,
      ...(owner && { Owner: { ID: account } }),
    })),
    CommonPrefixes: lines.flatMap((line) => ("prefix" in line ? [{ Prefix: encode(line.key) }] : [])),
  };
}

/** What is in a bucket. */
export const listingHandlers: Handlers<S3, S3State> = {
  ListObjects: (input, { state, account }) => {
    const bucket = bucketOf(state, input, account);
    const { Marker = "", Delimiter, EncodingType } = input;
    const encode = encoder(EncodingType);
    const { lines, truncated, size } = page(bucket, input, ({ key }) => isBeyond(key, Marker), false);
    return {
      ...shown(lines, encode, account, true),
      Name: input.Bucket,
      Prefix: encode(input.Prefix ?? ""),
      Marker: encode(Marker),
      MaxKeys: size,
      Delimiter: encode(Delimiter),
      EncodingType,
      IsTruncated: truncated,
      // Without a delimiter the last key serves as the next marker.
      NextMarker: truncated && Delimiter ? encode(lines.at(-1)?.key ?? "") : undefined,
    };
  },

  ListObjectsV2: (input, { state, account }) => {
    const bucket = bucketOf(state, input, account);
    const { ContinuationToken, StartAfter, EncodingType } = input;
    const encode = encoder(EncodingType);
    const marker = ContinuationToken ? Buffer.from(ContinuationToken, "base64").toString() : (StartAfter ?? "");
    const { lines, truncated, size } = page(bucket, input, ({ key }) => isBeyond(key, marker), false);
    return {
      ...shown(lines, encode, account, input.FetchOwner ?? false),
      Name: input.Bucket,
      Prefix: encode(input.Prefix ?? ""),
      KeyCount: lines.length,
      MaxKeys: size,
      Delimiter: encode(input.Delimiter),
      EncodingType,
      StartAfter: encode(StartAfter),
      ContinuationToken,
      IsTruncated: truncated,
      NextContinuationToken: truncated ? Buffer.from(lines.at(-1)?.key ?? "").toString("base64") : undefined,
    };
  },

  ListObjectVersions: (input, { state, account }) => {
    const bucket = bucketOf(state, input, account);
    const { KeyMarker = "", VersionIdMarker, EncodingType } = input;
    const encode = encoder(EncodingType);
    let passed = VersionIdMarker === undefined;
    const isAfter = (line: Line) => {
      if (line.key !== KeyMarker) return isBeyond(line.key, KeyMarker);
      if (!("version" in line) || VersionIdMarker === undefined || passed)
        return passed && VersionIdMarker !== undefined;
      passed = line.version.id === VersionIdMarker;
      return false;
    };
    const { lines, truncated, size } = page(bucket, input, isAfter, true);
    const versions = lines.flatMap((line) => ("version" in line ? [line] : []));
    const common = ({ key, version, latest }: (typeof versions)[number]) => ({
      Key: encode(key),
      VersionId: version.id,
      IsLatest: latest,
      LastModified: new Date(version.at),
      Owner: { ID: account },
    });
    const last = lines.at(-1);
    return {
      Versions: versions
        .filter(({ version }) => !version.marker)
        .map((line) => ({
          ...common(line),
          ETag: line.version.etag,
          Size: line.version.size,
          StorageClass: "STANDARD" as const,
        })),
      DeleteMarkers: versions.filter(({ version }) => version.marker).map(common),
      CommonPrefixes: shown(lines, encode, account, false).CommonPrefixes,
      Name: input.Bucket,
      Prefix: encode(input.Prefix ?? ""),
      KeyMarker: encode(KeyMarker),
      VersionIdMarker,
      MaxKeys: size,
      Delimiter: encode(input.Delimiter),
      EncodingType,
      IsTruncated: truncated,
      NextKeyMarker: truncated ? encode(last?.key) : undefined,
      NextVersionIdMarker: truncated && last && "version" in last ? last.version.id : undefined,
    };
  },
};
