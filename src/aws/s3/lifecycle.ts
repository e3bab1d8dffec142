import type { LifecycleRule as AwsRule } from "@aws-sdk/client-s3";
import { canonical } from "../../engine/compare.ts";

/** What S3 throws away by itself, after days; null: nothing of that sort. */
export type LifecycleRule = {
  readonly objects: number | null;
  readonly olderVersions: number | null;
  readonly unfinishedUploads: number | null;
  /** Whatever else a rule says, as text: only a rule that somebody else wrote has it. */
  readonly other?: string;
};

/** Our words as S3 takes them, for all objects of a bucket. */
export const rulesFrom = (rules: readonly LifecycleRule[]): AwsRule[] =>
  rules.map(({ objects, olderVersions, unfinishedUploads }, at) => ({
    ID: `ecomctl-${at + 1}`,
    Status: "Enabled",
    Filter: { Prefix: "" },
    ...(objects !== null && { Expiration: { Days: objects } }),
    ...(olderVersions !== null && { NoncurrentVersionExpiration: { NoncurrentDays: olderVersions } }),
    ...(unfinishedUploads !== null && { AbortIncompleteMultipartUpload: { DaysAfterInitiation: unfinishedUploads } }),
  }));

/** S3's rules in our words; a rule that is switched off counts as something else. */
export function rulesIn(rules: readonly AwsRule[] | undefined): LifecycleRule[] | null {
  if (!rules || rules.length === 0) return null;
  return rules.map((rule) => {
    const { ID: _, Status, Filter, Prefix, Expiration, NoncurrentVersionExpiration, ...more } = rule;
    const { AbortIncompleteMultipartUpload, ...rest } = more;
    const other = {
      ...rest,
      ...(Status !== "Enabled" && { Status }),
      ...((Filter?.Prefix || Filter?.Tag || Filter?.And || Filter?.ObjectSizeGreaterThan !== undefined) && { Filter }),
      ...(Prefix && { Prefix }),
    };
    return {
      objects: Expiration?.Days ?? null,
      olderVersions: NoncurrentVersionExpiration?.NoncurrentDays ?? null,
      unfinishedUploads: AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? null,
      ...(Object.keys(other).length > 0 && { other: JSON.stringify(canonical(other)) }),
    };
  });
}
