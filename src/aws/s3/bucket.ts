import type { BucketLocationConstraint } from "@aws-sdk/client-s3";
import { Problem } from "../../engine/problem.ts";
import type { Aws } from "../clients.ts";
import { isError, statusOf, unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";
import { empty } from "./empty.ts";
import { type LifecycleRule, rulesFrom, rulesIn } from "./lifecycle.ts";
import { policyIn, tlsOnly } from "./policy.ts";

export type BucketSpec = {
  /** All four of S3's blocks against public access. */
  readonly private: boolean;
  /** SSEAlgorithm of what says nothing else: AES256, aws:kms. */
  readonly encryption: string;
  /** Who may do what beside what IAM says: nobody without TLS. */
  readonly policy: "tls-only" | null;
  /** Never off again: taken away, it is only suspended. */
  readonly versioning: boolean;
  /** BucketOwnerEnforced: no access control lists. */
  readonly ownership: string;
  readonly lifecycle: readonly LifecycleRule[] | null;
};

/**
 * An S3 bucket. Its real name, the output `bucket`, is its name with account and region appended: bucket names are
 * shared by all accounts of the world.
 */
export const bucket = defineKind<BucketSpec, "bucket" | "arn">({
  type: "s3:bucket",
  outputs: ["bucket", "arn"],
  check: (name) =>
    // A hyphen, 12 digits, a hyphen and a region (14 letters at most) follow.
    /^[a-z0-9][a-z0-9-]{0,34}$/.test(name)
      ? undefined
      : "an artifact bucket's name has 1 to 35 small letters, digits and hyphens: account and region are appended",

  async read(aws, name) {
    const at = await placeOf(aws, name);
    if (!(await isThere(aws, at))) return undefined;
    const settings = Promise.all([
      unlessAbsent(aws.s3.getPublicAccessBlock(at), "NoSuchPublicAccessBlockConfiguration"),
      unlessAbsent(aws.s3.getBucketEncryption(at), "ServerSideEncryptionConfigurationNotFoundError"),
      unlessAbsent(aws.s3.getBucketPolicy(at), "NoSuchBucketPolicy"),
      aws.s3.getBucketVersioning(at),
      unlessAbsent(aws.s3.getBucketOwnershipControls(at), "OwnershipControlsNotFoundError"),
      unlessAbsent(aws.s3.getBucketLifecycleConfiguration(at), "NoSuchLifecycleConfiguration"),
      tagsOf(aws, at),
    ]);
    // It may go while it is looked at.
    const found = await unlessAbsent(settings, "NoSuchBucket");
    if (!found) return undefined;
    const [block, encryption, policy, versioning, ownership, lifecycle, tags] = found;
    const blocks = block?.PublicAccessBlockConfiguration;
    const [encrypted] = encryption?.ServerSideEncryptionConfiguration?.Rules ?? [];
    const arn = await arnOf(aws, at.Bucket);
    const { stack, adopted } = ownerIn(tags);
    return {
      spec: {
        private: FLAGS.every((flag) => blocks?.[flag] === true),
        encryption: encrypted?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? "none",
        // A policy of another form stands there as its text, and differs.
        policy: policyIn(policy?.Policy, arn) as BucketSpec["policy"],
        versioning: versioning.Status === "Enabled",
        ownership: ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership ?? "ObjectWriter",
        lifecycle: rulesIn(lifecycle?.Rules),
        stack,
      },
      adopted,
      outputs: { bucket: at.Bucket, arn },
    };
  },

  async create(aws, name, want) {
    const { Bucket } = await placeOf(aws, name);
    // S3 refuses to be told its oldest region: InvalidLocationConstraint.
    const place = aws.region === "us-east-1" ? {} : { LocationConstraint: aws.region as BucketLocationConstraint };
    await aws.s3.createBucket({ Bucket, CreateBucketConfiguration: { ...place, Tags: tagList(want) } });
    await write(aws, name, want, new Set(FIELDS));
  },

  async update(aws, name, want, _have, changed) {
    if (changed.has("stack")) {
      const at = await placeOf(aws, name);
      const ours = tagList(want);
      // The tags are put whole.
      const others = (await tagsOf(aws, at)).filter(({ Key }) => ours.every((tag) => tag.Key !== Key));
      await aws.s3.putBucketTagging({ ...at, Tagging: { TagSet: [...others, ...ours] } });
    }
    await write(aws, name, want, changed);
  },

  async delete(aws, name) {
    const at = await placeOf(aws, name);
    await unlessAbsent(empty(aws, at), "NoSuchBucket");
    await unlessAbsent(aws.s3.deleteBucket(at), "NoSuchBucket");
  },

  async release(aws, name) {
    const at = await placeOf(aws, name);
    const TagSet = (await tagsOf(aws, at)).filter(({ Key }) => !tagKeys.includes(Key ?? ""));
    await aws.s3.putBucketTagging({ ...at, Tagging: { TagSet } });
  },
});

const FIELDS = ["private", "encryption", "policy", "versioning", "ownership", "lifecycle"] as const;
const FLAGS = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] as const;

/** Where a bucket is, as every call to it says: a bucket of another account is never touched. */
type Place = { readonly Bucket: string; readonly ExpectedBucketOwner: string };

async function placeOf(aws: Aws, name: string): Promise<Place> {
  const { account } = await aws.identity();
  return { Bucket: `${name}-${account}-${aws.region}`, ExpectedBucketOwner: account };
}

const arnOf = async (aws: Aws, name: string) => `arn:${(await aws.identity()).partition}:s3:::${name}`;

const tagsOf = async (aws: Aws, at: Place) =>
  (await unlessAbsent(aws.s3.getBucketTagging(at), "NoSuchTagSet"))?.TagSet ?? [];

/** HeadBucket answers without a body: what it means is in the status alone. */
async function isThere(aws: Aws, at: Place): Promise<boolean> {
  try {
    await aws.s3.headBucket(at);
    return true;
  } catch (error) {
    if (isError(error, "NotFound", "NoSuchBucket")) return false;
    if (statusOf(error) !== 403) throw error;
    throw new Problem(
      "bucket-foreign",
      `the bucket ${at.Bucket} cannot be used`,
      "it belongs to another account, or these credentials may not look at it",
      "set names.artifactBucket in ecomctl.json to another name, or let somebody allow s3:ListBucket on it",
      error,
    );
  }
}

async function write(aws: Aws, name: string, want: BucketSpec, changed: ReadonlySet<string>): Promise<void> {
  const at = await placeOf(aws, name);
  if (changed.has("private")) {
    const PublicAccessBlockConfiguration = Object.fromEntries(FLAGS.map((flag) => [flag, want.private]));
    await aws.s3.putPublicAccessBlock({ ...at, PublicAccessBlockConfiguration });
  }
  if (changed.has("ownership")) {
    const ObjectOwnership = want.ownership as "BucketOwnerEnforced";
    await aws.s3.putBucketOwnershipControls({ ...at, OwnershipControls: { Rules: [{ ObjectOwnership }] } });
  }
  if (changed.has("encryption")) {
    const SSEAlgorithm = want.encryption as "AES256";
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm } }];
    await aws.s3.putBucketEncryption({ ...at, ServerSideEncryptionConfiguration: { Rules } });
  }
  if (changed.has("versioning")) {
    const Status = want.versioning ? "Enabled" : "Suspended";
    await aws.s3.putBucketVersioning({ ...at, VersioningConfiguration: { Status } });
  }
  if (changed.has("policy")) {
    if (want.policy) await aws.s3.putBucketPolicy({ ...at, Policy: tlsOnly(await arnOf(aws, at.Bucket)) });
    else await aws.s3.deleteBucketPolicy(at);
  }
  if (changed.has("lifecycle")) {
    if (want.lifecycle) {
      const Rules = rulesFrom(want.lifecycle);
      await aws.s3.putBucketLifecycleConfiguration({ ...at, LifecycleConfiguration: { Rules } });
    } else await aws.s3.deleteBucketLifecycle(at);
  }
}
