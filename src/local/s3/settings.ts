import type {
  CORSConfiguration,
  LifecycleRule,
  NotificationConfiguration,
  OwnershipControls,
  PublicAccessBlockConfiguration,
  S3,
  ServerSideEncryptionConfiguration,
  Tagging,
  TransitionDefaultMinimumObjectSize,
  WebsiteConfiguration,
} from "@aws-sdk/client-s3";
import type { Handlers } from "../service.ts";
import { checkRules, withDates } from "./lifecycle.ts";
import { checkPolicy, isPublic } from "./policy.ts";
import { bucketOf, refusal, type S3Error, type S3State, tagsFrom } from "./state.ts";

/** A bucket's settings that are put and got whole, by the name they are kept under. */
interface Settings {
  PublicAccessBlock: PublicAccessBlockConfiguration;
  OwnershipControls: OwnershipControls;
  Encryption: ServerSideEncryptionConfiguration;
  Tagging: Tagging;
  Policy: string;
  Lifecycle: { Rules: LifecycleRule[]; smallest: TransitionDefaultMinimumObjectSize };
  Cors: CORSConfiguration;
  Website: WebsiteConfiguration;
  Notification: NotificationConfiguration;
}

interface Asked {
  Bucket: string | undefined;
  ExpectedBucketOwner?: string;
}
interface Here {
  state: S3State;
  account: string;
}

const settingsOf = (input: Asked, { state, account }: Here) =>
  bucketOf(state, input, account).settings as Partial<Settings>;

function put<Name extends keyof Settings>(
  name: Name,
  value: Settings[Name] | undefined,
  input: Asked,
  here: Here,
): void {
  const settings = settingsOf(input, here);
  if (value === undefined) throw refusal("MalformedXML");
  settings[name] = value;
}

function get<Name extends keyof Settings>(name: Name, missing: S3Error, input: Asked, here: Here): Settings[Name] {
  const value = settingsOf(input, here)[name];
  if (value === undefined) throw refusal(missing, { BucketName: input.Bucket });
  return value as Settings[Name];
}

const remove =
  (name: keyof Settings) =>
  (input: Asked, here: Here): void => {
    delete settingsOf(input, here)[name];
  };

/** What S3 does for every bucket that says nothing else, since January 2023. */
const plainEncryption: ServerSideEncryptionConfiguration = {
  Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" }, BucketKeyEnabled: false }],
};

/** A bucket's configuration. */
export const settingHandlers: Handlers<S3, S3State> = {
  PutPublicAccessBlock: (input, here) => {
    const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } =
      input.PublicAccessBlockConfiguration ?? {};
    const flags = {
      BlockPublicAcls: BlockPublicAcls ?? false,
      IgnorePublicAcls: IgnorePublicAcls ?? false,
      BlockPublicPolicy: BlockPublicPolicy ?? false,
      RestrictPublicBuckets: RestrictPublicBuckets ?? false,
    };
    put("PublicAccessBlock", flags, input, here);
  },
  GetPublicAccessBlock: (input, here) => ({
    PublicAccessBlockConfiguration: get("PublicAccessBlock", "NoSuchPublicAccessBlockConfiguration", input, here),
  }),
  DeletePublicAccessBlock: remove("PublicAccessBlock"),

  PutBucketOwnershipControls: (input, here) => put("OwnershipControls", input.OwnershipControls, input, here),
  GetBucketOwnershipControls: (input, here) => ({
    OwnershipControls: get("OwnershipControls", "OwnershipControlsNotFoundError", input, here),
  }),
  DeleteBucketOwnershipControls: remove("OwnershipControls"),

  PutBucketEncryption: (input, here) => {
    const rules = input.ServerSideEncryptionConfiguration?.Rules;
    if (rules?.length !== 1) throw refusal("MalformedXML");
    const [rule] = rules;
    put("Encryption", { Rules: [{ BucketKeyEnabled: false, ...rule }] }, input, here);
  },
  GetBucketEncryption: (input, here) => ({
    ServerSideEncryptionConfiguration: settingsOf(input, here).Encryption ?? plainEncryption,
  }),
  DeleteBucketEncryption: remove("Encryption"),

  PutBucketVersioning: (input, { state, account }) => {
    const status = input.VersioningConfiguration?.Status;
    if (status !== "Enabled" && status !== "Suspended") throw refusal("MalformedXML");
    bucketOf(state, input, account).versioning = status;
  },
  GetBucketVersioning: (input, { state, account }) => ({ Status: bucketOf(state, input, account).versioning }),

  PutBucketTagging: (input, here) => {
    tagsFrom(input.Tagging?.TagSet, 50);
    put("Tagging", input.Tagging, input, here);
  },
  GetBucketTagging: (input, here) => get("Tagging", "NoSuchTagSet", input, here),
  DeleteBucketTagging: remove("Tagging"),

  PutBucketPolicy: (input, here) => {
    const { Policy = "", Bucket = "" } = input;
    const { PublicAccessBlock } = settingsOf(input, here);
    checkPolicy(Policy, Bucket);
    if (PublicAccessBlock?.BlockPublicPolicy && isPublic(Policy)) {
      const why = `User: ${here.caller.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::${Bucket}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`;
      throw refusal("AccessDenied", {}, why);
    }
    put("Policy", Policy, input, here);
  },
  GetBucketPolicy: (input, here) => ({ Policy: get("Policy", "NoSuchBucketPolicy", input, here) }),
  GetBucketPolicyStatus: (input, here) => ({
    PolicyStatus: { IsPublic: isPublic(get("Policy", "NoSuchBucketPolicy", input, here)) },
  }),
  DeleteBucketPolicy: remove("Policy"),

  PutBucketLifecycleConfiguration: (input, here) => {
    const smallest = input.TransitionDefaultMinimumObjectSize ?? "all_storage_classes_128K";
    put("Lifecycle", { Rules: checkRules(input.LifecycleConfiguration?.Rules), smallest }, input, here);
    return { TransitionDefaultMinimumObjectSize: smallest };
  },
  GetBucketLifecycleConfiguration: (input, here) => {
    const { Rules, smallest } = get("Lifecycle", "NoSuchLifecycleConfiguration", input, here);
    return { Rules: withDates(Rules), TransitionDefaultMinimumObjectSize: smallest };
  },
  DeleteBucketLifecycle: remove("Lifecycle"),

  PutBucketCors: (input, here) => put("Cors", input.CORSConfiguration, input, here),
  GetBucketCors: (input, here) => get("Cors", "NoSuchCORSConfiguration", input, here),
  DeleteBucketCors: remove("Cors"),

  PutBucketWebsite: (input, here) => put("Website", input.WebsiteConfiguration, input, here),
  GetBucketWebsite: (input, here) => get("Website", "NoSuchWebsiteConfiguration", input, here),
  DeleteBucketWebsite: remove("Website"),

  PutBucketNotificationConfiguration: (input, here) =>
    put("Notification", input.NotificationConfiguration, input, here),
  GetBucketNotificationConfiguration: (input, here) => settingsOf(input, here).Notification ?? {},

  GetBucketAcl: (input, { state, account }) => {
    bucketOf(state, input, account);
    const Grantee = { Type: "CanonicalUser" as const, ID: account };
    return { Owner: { ID: account }, Grants: [{ Grantee, Permission: "FULL_CONTROL" }] };
  },
  GetBucketLogging: (input, { state, account }) => {
    bucketOf(state, input, account);
    return {};
  },
  GetBucketRequestPayment: (input, { state, account }) => {
    bucketOf(state, input, account);
    return { Payer: "BucketOwner" };
  },
  GetBucketReplication: (input, { state, account }) => {
    bucketOf(state, input, account);
    throw refusal("ReplicationConfigurationNotFoundError", { BucketName: input.Bucket });
  },
  GetObjectLockConfiguration: (input, { state, account }) => {
    bucketOf(state, input, account);
    throw refusal("ObjectLockConfigurationNotFoundError", { BucketName: input.Bucket });
  },
};
