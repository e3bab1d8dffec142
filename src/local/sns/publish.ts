import { createHash, randomUUID } from "node:crypto";
import type { MessageAttributeValue } from "@aws-sdk/client-sns";
import { type Local, Refusal } from "../service.ts";
import { deliver } from "../sqs/deliver.ts";
import { type FilterPolicy, passes, type Scope } from "./filter.ts";
import { mail } from "./outbox.ts";
import { invalid, type Subscription, snsKeeper, subscriptionsOf, topicOf } from "./topics.ts";

/** A message as it is published. */
export interface Publication {
  readonly message: string | undefined;
  readonly subject?: string;
  /** `json`: `message` is an object with a text for each protocol, and `default`. */
  readonly structure?: string;
  readonly attributes?: Record<string, MessageAttributeValue>;
}

const LARGEST = 256 * 1024;

/**
 * Publishes to a topic; when it returns, every queue that is to have the message has it on disk. Answers the id.
 * Throws NotFoundException, InvalidParameterException, InvalidParameterValueException.
 */
export function publish(local: Local, region: string, topicArn: string, publication: Publication): string {
  const state = local.state(snsKeeper, region);
  const topic = topicOf(state, topicArn, region, local.account);
  check(publication);
  const id = randomUUID();
  topic.metrics.NumberOfMessagesPublished++;
  for (const subscription of subscriptionsOf(state, topicArn)) {
    if (subscription.token !== undefined) continue;
    if (!wants(subscription, publication)) {
      topic.metrics.NumberOfNotificationsFilteredOut++;
      continue;
    }
    const failure = hand(local, subscription, publication, id);
    if (!failure) topic.metrics.NumberOfNotificationsDelivered++;
    else {
      topic.metrics.NumberOfNotificationsFailed++;
      const redriven = redrive(local, subscription, publication, id, failure);
      if (redriven === true) topic.metrics.NumberOfNotificationsRedrivenToDlq++;
      if (redriven === false) topic.metrics.NumberOfNotificationsFailedToRedriveToDlq++;
    }
  }
  local.changed(snsKeeper, region);
  return id;
}

/** Throws what SNS says of a message it does not take. */
export function check({ message, subject, structure, attributes = {} }: Publication): void {
  if (!message) throw invalid("Empty message");
  if (subject !== undefined && !/^[\x20-\x7e]{1,100}$/.test(subject)) throw invalid("Subject");
  if (sizeOf({ message, attributes }) > LARGEST) throw invalid("Message too long");
  if (structure === "json") texts(message);
  else if (structure !== undefined) throw invalid("MessageStructure");
  for (const [name, { DataType = "", StringValue, BinaryValue }] of Object.entries(attributes)) {
    const binary = DataType.startsWith("Binary");
    if (!/^(String|Number|Binary)(\.|$)/.test(DataType))
      throw wrongValue(
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      );
    if (binary ? !BinaryValue?.length : !StringValue)
      throw wrongValue(
        `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${DataType}'.`,
      );
  }
}

/** Bytes that count against the largest message. */
export function sizeOf({ message = "", attributes = {} }: Publication): number {
  let size = Buffer.byteLength(message);
  for (const [name, { DataType = "", StringValue = "", BinaryValue }] of Object.entries(attributes))
    size += Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.length ?? 0);
  return size;
}

const wrongValue = (message: string): Refusal => new Refusal("InvalidParameterValueException", message);

function wants({ attributes }: Subscription, { message = "", attributes: sent = {} }: Publication): boolean {
  if (!attributes.FilterPolicy) return true;
  const policy: FilterPolicy = JSON.parse(attributes.FilterPolicy);
  return passes(policy, (attributes.FilterPolicyScope ?? "MessageAttributes") as Scope, sent, message);
}

/** Delivers, or answers why it could not. */
function hand(local: Local, subscription: Subscription, publication: Publication, id: string): Refusal | undefined {
  const { protocol, endpoint, topicArn } = subscription;
  if (protocol === "sqs") return send(local, endpoint, topicArn, lettered(local, subscription, publication, id));
  const text = textFor(protocol, publication);
  if (protocol.startsWith("email") || protocol === "sms") {
    mail(local, { protocol, to: endpoint, topicArn, subject: publication.subject, text });
    return undefined;
  }
  // Nothing here stands behind the other protocols: on a machine without a network they are unreachable endpoints.
  return new Refusal("EndpointUnreachable", `${protocol} endpoints are not reached from the local AWS.`);
}

interface Letter {
  readonly body: string;
  readonly attributes?: Record<string, MessageAttributeValue>;
}

function send(local: Local, queueArn: string, topicArn: string, letter: Letter): Refusal | undefined {
  try {
    deliver(local, queueArn.split(":")[3] ?? "", queueArn, { ...letter, topicArn });
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** What the queue gets: the bare message with its attributes, or SNS's envelope. */
function lettered(local: Local, subscription: Subscription, publication: Publication, id: string): Letter {
  const text = textFor("sqs", publication);
  if (subscription.attributes.RawMessageDelivery === "true") return { body: text, attributes: publication.attributes };
  const { subject, attributes = {} } = publication;
  const told = Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    { Type: DataType, Value: BinaryValue ? Buffer.from(BinaryValue).toString("base64") : StringValue },
  ]);
  const envelope = {
    Type: "Notification",
    MessageId: id,
    TopicArn: subscription.topicArn,
    ...(subject !== undefined && { Subject: subject }),
    Message: text,
    Timestamp: new Date(local.clock.now()).toISOString(),
    SignatureVersion: "1",
    // Of the form of AWS's, whose key nobody here has: it cannot be verified.
    Signature: createHash("sha512").update(`${id}${text}`).digest("base64"),
    SigningCertURL: `${local.url}/SimpleNotificationService.pem`,
    UnsubscribeURL: `${local.url}/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
    ...(told.length > 0 && { MessageAttributes: Object.fromEntries(told) }),
  };
  return { body: JSON.stringify(envelope) };
}

/** Whether what could not be delivered is in the subscription's dead-letter queue; undefined: it has none. */
function redrive(local: Local, subscription: Subscription, publication: Publication, id: string, failure: Refusal) {
  const policy = subscription.attributes.RedrivePolicy;
  if (!policy) return undefined;
  const { deadLetterTargetArn }: { deadLetterTargetArn: string } = JSON.parse(policy);
  const letter = lettered(local, subscription, publication, id);
  const attributes = {
    RequestID: { DataType: "String", StringValue: id },
    ErrorCode: { DataType: "String", StringValue: failure.name },
    ErrorMessage: { DataType: "String", StringValue: failure.message },
  };
  return !send(local, deadLetterTargetArn, subscription.topicArn, { body: letter.body, attributes });
}

function textFor(protocol: string, { message = "", structure }: Publication): string {
  if (structure !== "json") return message;
  const all = texts(message);
  return all[protocol] ?? all.default ?? "";
}

/** A message of structure `json`. */
function texts(message: string): Record<string, string> {
  let all: unknown;
  try {
    all = JSON.parse(message);
  } catch {
    throw invalid("Message Structure - JSON message body failed to parse");
  }
  if (typeof all !== "object" || all === null || !("default" in all))
    throw invalid("Message Structure - No default entry in JSON message body");
  const strings = Object.entries(all).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(strings);
}
