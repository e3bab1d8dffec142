import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagMap } from "../tags.ts";
import { policyFor, sourcesIn } from "./policy.ts";

export type QueueSpec = {
  /** How long a received message is hidden, in seconds. */
  readonly visibility: number;
  /** How long ReceiveMessage waits for a message, in seconds. */
  readonly wait: number;
  /** How long a message is kept, in seconds. */
  readonly retention: number;
  /** By SQS's own keys; SNS could not deliver to a queue encrypted with the account's default KMS key. */
  readonly encrypted: boolean;
  /** Where a message goes that was received `after` times in vain: the ARN of a queue. */
  readonly deadLetters: { readonly queue: string; readonly after: number } | null;
  /** The queues, by name, whose dead letters this one takes; `["*"]`: any queue's. */
  readonly allows: readonly string[];
  /** The topics, by ARN, that may send to this queue, and nobody else. */
  readonly receivesFrom: readonly string[];
};

/** An SQS standard queue with its policy. */
export const queue = defineKind<QueueSpec, "arn" | "url">({
  type: "sqs:queue",
  outputs: ["arn", "url"],
  check: (name) =>
    /^[\w-]{1,80}$/.test(name) ? undefined : "a queue's name has 1 to 80 letters, digits, hyphens and underscores",

  async read(aws, name) {
    const found = await unlessAbsent(aws.sqs.getQueueUrl({ QueueName: name }), ...ABSENT);
    if (!found?.QueueUrl) return undefined;
    const QueueUrl = found.QueueUrl;
    const [answer, tagged] = await Promise.all([
      unlessAbsent(aws.sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] }), ...ABSENT),
      unlessAbsent(aws.sqs.listQueueTags({ QueueUrl }), ...ABSENT),
    ]);
    const it = answer?.Attributes;
    if (!it?.QueueArn || !tagged) return undefined;
    const arn = it.QueueArn;
    const { stack, adopted } = ownerIn(tagged.Tags);
    return {
      spec: {
        visibility: Number(it.VisibilityTimeout),
        wait: Number(it.ReceiveMessageWaitTimeSeconds),
        retention: Number(it.MessageRetentionPeriod),
        encrypted: it.SqsManagedSseEnabled === "true",
        deadLetters: deadLettersIn(it.RedrivePolicy),
        allows: allowedIn(it.RedriveAllowPolicy, arn),
        receivesFrom: sourcesIn(it.Policy, arn),
        stack,
      },
      adopted,
      outputs: { arn, url: QueueUrl },
    };
  },

  async create(aws, name, want) {
    await aws.sqs.createQueue({
      QueueName: name,
      Attributes: await attributesOf(aws, name, want, FIELDS),
      tags: tagMap(want),
    });
  },

  async update(aws, name, want, have, changed) {
    const QueueUrl = String(have.outputs.url);
    if (changed.has("stack")) await aws.sqs.tagQueue({ QueueUrl, Tags: tagMap(want) });
    const fields = FIELDS.filter((field) => changed.has(field));
    if (fields.length === 0) return;
    const Attributes = await attributesOf(aws, name, want, fields);
    // An empty value takes a policy away.
    if (changed.has("deadLetters") && !want.deadLetters) Attributes.RedrivePolicy = "";
    if (changed.has("receivesFrom") && want.receivesFrom.length === 0) Attributes.Policy = "";
    await aws.sqs.setQueueAttributes({ QueueUrl, Attributes });
  },

  async delete(aws, _name, have) {
    await unlessAbsent(aws.sqs.deleteQueue({ QueueUrl: String(have.outputs.url) }), ...ABSENT);
  },

  async release(aws, _name, have) {
    await aws.sqs.untagQueue({ QueueUrl: String(have.outputs.url), TagKeys: tagKeys });
  },

  async health(aws, name, have) {
    const { Attributes } = await aws.sqs.getQueueAttributes({
      QueueUrl: String(have.outputs.url),
      AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    });
    const waiting = Number(Attributes?.ApproximateNumberOfMessages ?? 0);
    const inFlight = Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0);
    const takesDeadLetters = (have.spec.allows?.length ?? 0) > 0 && !have.spec.allows?.includes("*");
    const healthy = !(takesDeadLetters && waiting + inFlight > 0);
    return {
      healthy,
      why: `${waiting} waiting, ${inFlight} in flight${healthy ? "" : `: messages that could not be processed are in ${name}`}`,
    };
  },
});

const ABSENT = ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];
const FIELDS = ["visibility", "wait", "retention", "encrypted", "deadLetters", "allows", "receivesFrom"] as const;
type Field = (typeof FIELDS)[number];

/** All of SQS's attributes are strings. */
async function attributesOf(
  aws: Aws,
  name: string,
  want: QueueSpec,
  fields: readonly Field[],
): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  if (fields.includes("visibility")) all.VisibilityTimeout = String(want.visibility);
  if (fields.includes("wait")) all.ReceiveMessageWaitTimeSeconds = String(want.wait);
  if (fields.includes("retention")) all.MessageRetentionPeriod = String(want.retention);
  if (fields.includes("encrypted")) all.SqsManagedSseEnabled = String(want.encrypted);
  if (fields.includes("deadLetters") && want.deadLetters) {
    const { queue: deadLetterTargetArn, after: maxReceiveCount } = want.deadLetters;
    all.RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
  }
  if (fields.includes("allows")) all.RedriveAllowPolicy = JSON.stringify(await allowPolicyOf(aws, want.allows));
  if (fields.includes("receivesFrom") && want.receivesFrom.length > 0) {
    all.Policy = policyFor(await aws.arn("sqs", name), want.receivesFrom);
  }
  return all;
}

async function allowPolicyOf(aws: Aws, names: readonly string[]) {
  if (names.includes("*")) return { redrivePermission: "allowAll" };
  if (names.length === 0) return { redrivePermission: "denyAll" };
  return {
    redrivePermission: "byQueue",
    sourceQueueArns: await Promise.all(names.map((name) => aws.arn("sqs", name))),
  };
}

/** SQS gives the count back as it was written, a number or a string. */
function deadLettersIn(policy: string | undefined): QueueSpec["deadLetters"] {
  if (!policy) return null;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(policy) as {
    deadLetterTargetArn: string;
    maxReceiveCount: unknown;
  };
  return { queue: deadLetterTargetArn, after: Number(maxReceiveCount) };
}

function allowedIn(policy: string | undefined, own: string): string[] {
  if (!policy) return ["*"];
  const { redrivePermission, sourceQueueArns = [] } = JSON.parse(policy) as {
    redrivePermission: string;
    sourceQueueArns?: string[];
  };
  if (redrivePermission === "allowAll") return ["*"];
  if (redrivePermission === "denyAll") return [];
  const here = own.slice(0, own.lastIndexOf(":") + 1);
  return sourceQueueArns.map((arn) => (arn.startsWith(here) ? arn.slice(here.length) : arn));
}
