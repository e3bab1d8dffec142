import type { BucketLocationConstraint, S3 } from "@aws-sdk/client-s3";
import type { Handlers } from "../service.ts";
import { bucketOf, refusal, type S3State, tagsFrom } from "./state.ts";

const home = "us-east-1";

/** AWS's rules for names of general purpose buckets, as far as a regular expression tells. */
const isName = (name: string): boolean =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !/\.\.|^\d+\.\d+\.\d+\.\d+$|^xn--|-s3alias$/.test(name);

/** Where a bucket comes to be. Throws what S3 says of a constraint that does not go with the endpoint's region. */
function regionFor(region: string, constraint: string | undefined): string {
  if (region === home) {
    if (constraint === home) throw refusal("InvalidLocationConstraint", { LocationConstraint: constraint });
    return constraint === "EU" ? "eu-west-1" : (constraint ?? home);
  }
  if (constraint === region) return region;
  const which = constraint === undefined ? "unspecified" : constraint;
  const why = `The ${which} location constraint is incompatible for the region specific endpoint this request was sent to.`;
  throw refusal("IllegalLocationConstraintException", {}, why);
}

/** Buckets themselves. */
export const bucketHandlers: Handlers<S3, S3State> = {
  CreateBucket: (input, { state, region, local }) => {
    const { Bucket = "", CreateBucketConfiguration, ObjectOwnership } = input;
    if (!isName(Bucket)) throw refusal("InvalidBucketName", { BucketName: Bucket });
    const place = regionFor(region, CreateBucketConfiguration?.LocationConstraint);
    const Location = region === home ? `/${Bucket}` : `${local.url}/${Bucket}`;
    const BucketArn = `arn:aws:s3:::${Bucket}`;
    const old = state.buckets[Bucket];
    if (old) {
      // Only the oldest region answers a repetition with success.
      if (region === home && old.region === home) return { Location, BucketArn };
      throw refusal("BucketAlreadyOwnedByYou", { BucketName: Bucket });
    }
    const tags = tagsFrom(CreateBucketConfiguration?.Tags, 50);
    state.buckets[Bucket] = {
      region: place,
      createdAt: local.clock.now(),
      ...(input.ObjectLockEnabledForBucket && { versioning: "Enabled" }),
      settings: {
        // S3's own since April 2023.
        PublicAccessBlock: {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: ObjectOwnership ?? "BucketOwnerEnforced" }] },
        ...(Object.keys(tags).length > 0 && { Tagging: { TagSet: CreateBucketConfiguration?.Tags } }),
      },
      objects: {},
      uploads: {},
    };
    return { Location, BucketArn };
  },

  HeadBucket: (input, { state, account }) => {
    if (!state.buckets[input.Bucket ?? ""]) throw refusal("NotFound");
    const { region } = bucketOf(state, input, account);
    return { BucketRegion: region, BucketArn: `arn:aws:s3:::${input.Bucket}`, AccessPointAlias: false };
  },

  ListBuckets: ({ Prefix = "", MaxBuckets = 10_000, ContinuationToken = "", BucketRegion }, { state, account }) => {
    const names = Object.keys(state.buckets)
      .filter((name) => name.startsWith(Prefix) && name > ContinuationToken)
      .filter((name) => !BucketRegion || state.buckets[name]?.region === BucketRegion)
      .sort();
    const shown = names.slice(0, MaxBuckets);
    return {
      Buckets: shown.map((Name) => ({
        Name,
        CreationDate: new Date(state.buckets[Name]?.createdAt ?? 0),
        BucketRegion: state.buckets[Name]?.region,
        BucketArn: `arn:aws:s3:::${Name}`,
      })),
      Owner: { ID: account },
      ContinuationToken: names.length > shown.length ? shown.at(-1) : undefined,
      Prefix: Prefix || undefined,
    };
  },

  GetBucketLocation: (input, { state, account }) => {
    const { region } = bucketOf(state, input, account);
    // An empty constraint means us-east-1.
    return { LocationConstraint: region === home ? undefined : (region as BucketLocationConstraint) };
  },

  DeleteBucket: (input, { state, account }) => {
    const { objects, versioning } = bucketOf(state, input, account);
    if (Object.keys(objects).length > 0) {
      const why = "The bucket you tried to delete is not empty";
      const data = { BucketName: input.Bucket };
      throw refusal("BucketNotEmpty", data, versioning ? `${why}. You must delete all versions in the bucket.` : why);
    }
    delete state.buckets[input.Bucket ?? ""];
  },
};
