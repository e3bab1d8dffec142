import { randomBytes } from "node:crypto";
import type { Local } from "../service.ts";
import { removeBytes } from "./disk.ts";
import { type Bucket, refusal, type Version } from "./state.ts";

const newId = () => randomBytes(24).toString("base64url");

/** The version that a read means. Throws NoSuchKey, NoSuchVersion or, where it is a delete marker that was asked for, MethodNotAllowed. */
export function versionOf(bucket: Bucket, key: string, id: string | undefined): Version {
  const versions = Object.hasOwn(bucket.objects, key) ? (bucket.objects[key] ?? []) : [];
  if (id === undefined) {
    const newest = versions[0];
    if (!newest || newest.marker) throw refusal("NoSuchKey", { Key: key });
    return newest;
  }
  const version = versions.find((one) => one.id === id);
  if (!version) throw refusal("NoSuchVersion", { Key: key, VersionId: id });
  if (version.marker) throw refusal("MethodNotAllowed");
  return version;
}

/** A version's id as answers tell it: nothing where the bucket never had versions. */
export const shownId = (bucket: Bucket, version: Version): string | undefined =>
  bucket.versioning === undefined ? undefined : version.id;

/** Puts a version on top: beside the others where versioning is enabled, else in place of the `null` one. */
export async function push(
  local: Local,
  bucket: Bucket,
  key: string,
  version: Omit<Version, "id" | "at">,
): Promise<Version> {
  const made: Version = { ...version, id: bucket.versioning === "Enabled" ? newId() : "null", at: local.clock.now() };
  const others = Object.hasOwn(bucket.objects, key) ? (bucket.objects[key] ?? []) : [];
  const replaced = made.id === "null" ? others.filter(({ id }) => id === "null") : [];
  bucket.objects[key] = [made, ...others.filter((one) => !replaced.includes(one))];
  for (const { file } of replaced) await removeBytes(local, file);
  return made;
}

/** What a deletion did. */
export interface Deletion {
  readonly DeleteMarker?: boolean;
  readonly VersionId?: string;
}

/** Deletes one version for good, or, without an id, the object: by a marker where the bucket has versions. */
export async function remove(local: Local, bucket: Bucket, key: string, id: string | undefined): Promise<Deletion> {
  if (id === undefined && bucket.versioning !== undefined) {
    const made = await push(local, bucket, key, {
      marker: true,
      size: 0,
      etag: "",
      headers: {},
      metadata: {},
      tags: {},
    });
    return { DeleteMarker: true, VersionId: made.id };
  }
  const versions = Object.hasOwn(bucket.objects, key) ? (bucket.objects[key] ?? []) : [];
  const gone = versions.find((version) => version.id === (id ?? "null"));
  if (!gone) return id === undefined ? {} : { VersionId: id };
  const left = versions.filter((version) => version !== gone);
  if (left.length > 0) bucket.objects[key] = left;
  else delete bucket.objects[key];
  await removeBytes(local, gone.file);
  return { DeleteMarker: gone.marker, VersionId: id };
}
