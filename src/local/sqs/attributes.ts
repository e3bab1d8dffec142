import { type Local, Refusal } from "../service.ts";
import { defaults, mailboxOf, type Queue, queueArn, type SqsState } from "./queues.ts";
import { checkRedrive, checkRedriveAllow } from "./redrive.ts";

/** Numbers and their ranges, in seconds or bytes (API reference, SetQueueAttributes). */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  VisibilityTimeout: [0, 43_200],
  MaximumMessageSize: [1024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  DelaySeconds: [0, 900],
  ReceiveMessageWaitTimeSeconds: [0, 20],
  KmsDataKeyReusePeriodSeconds: [60, 86_400],
};

/** Attributes that only SQS sets. */
const counted = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
  "QueueArn",
] as const;

const settable = [
  ...Object.keys(ranges),
  "Policy",
  "RedrivePolicy",
  "RedriveAllowPolicy",
  "SqsManagedSseEnabled",
  "KmsMasterKeyId",
];

interface About {
  readonly state: SqsState;
  readonly region: string;
  readonly account: string;
}

/** Attributes checked, and as they are kept; "" takes one away. Throws InvalidAttributeName, InvalidAttributeValue. */
export function checkedAttributes(given: Record<string, string>, name: string, about: About): Record<string, string> {
  if (given.FifoQueue !== undefined || name.endsWith(".fifo"))
    throw new Refusal("UnsupportedOperation", "The local AWS has standard queues only.");
  if (given.KmsMasterKeyId && given.SqsManagedSseEnabled === "true")
    throw new Refusal(
      "InvalidAttributeValue",
      "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    );
  const kept = Object.entries(given).map(([key, value]) => [key, checked(key, value, name, about)]);
  return {
    ...Object.fromEntries(kept),
    ...(given.KmsMasterKeyId && { SqsManagedSseEnabled: "false" }),
    ...(given.SqsManagedSseEnabled === "true" && { KmsMasterKeyId: "" }),
  };
}

function checked(key: string, value: string, name: string, about: About): string {
  if (!settable.includes(key)) throw new Refusal("InvalidAttributeName", `Unknown Attribute ${key}.`);
  const wrong = new Refusal("InvalidAttributeValue", `Invalid value for the parameter ${key}.`);
  const range = ranges[key];
  if (range) {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < range[0] || number > range[1]) throw wrong;
    return String(number);
  }
  if (key === "SqsManagedSseEnabled") {
    if (!/^(true|false)$/i.test(value)) throw wrong;
    return value.toLowerCase();
  }
  if (value === "" || key === "KmsMasterKeyId") return value;
  if (key === "RedrivePolicy") return checkRedrive(value, name, about);
  if (key === "RedriveAllowPolicy") return checkRedriveAllow(value);
  return policy(value) ?? refuse(wrong);
}

const refuse = (refusal: Refusal): never => {
  throw refusal;
};

/** A policy as it is kept, or nothing if it is none. */
function policy(text: string): string | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== "object" || document === null || !("Statement" in document)) return undefined;
    const statements: unknown[] = [document.Statement].flat();
    const sound = statements.every(
      (statement) =>
        typeof statement === "object" &&
        statement !== null &&
        "Effect" in statement &&
        (statement.Effect === "Allow" || statement.Effect === "Deny") &&
        ("Action" in statement || "NotAction" in statement) &&
        ("Resource" in statement || "NotResource" in statement) &&
        ("Principal" in statement || "NotPrincipal" in statement),
    );
    return sound ? JSON.stringify(document) : undefined;
  } catch {
    return undefined;
  }
}

/** Writes checked attributes into a queue. */
export function setAttributes(queue: Queue, checkedOnes: Record<string, string>, now: number): void {
  for (const [key, value] of Object.entries(checkedOnes)) {
    if (value === "") delete queue.attributes[key];
    else queue.attributes[key] = value;
  }
  queue.changedAt = now;
}

/** The attribute in which a queue differs from what is asked, if any. */
export const difference = (queue: Queue, asked: Record<string, string>): string | undefined =>
  Object.entries(asked).find(([key, value]) => (queue.attributes[key] ?? defaults[key] ?? "") !== value)?.[0];

/** What GetQueueAttributes answers. Throws InvalidAttributeName. */
export function toldAttributes(queue: Queue, names: readonly string[], local: Local, region: string) {
  const unknown = names.find((name) => ![...settable, ...counted, "All"].includes(name));
  if (unknown !== undefined) throw new Refusal("InvalidAttributeName", `Unknown Attribute ${unknown}.`);
  const { visible, inFlight, delayed } = mailboxOf(local, queue).counts();
  const all: Record<string, string> = {
    QueueArn: queueArn(queue.name, region, local.account),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: seconds(queue.createdAt),
    LastModifiedTimestamp: seconds(queue.changedAt),
    ...defaults,
    ...queue.attributes,
    ...(queue.attributes.KmsMasterKeyId && {
      KmsDataKeyReusePeriodSeconds: queue.attributes.KmsDataKeyReusePeriodSeconds ?? "300",
    }),
  };
  if (names.includes("All")) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

const seconds = (ms: number): string => String(Math.floor(ms / 1000));
