import type {
  Message as ApiMessage,
  ReceiveMessageCommandInput,
  SendMessageBatchRequestEntry,
  SendMessageCommandInput,
  SQS,
} from "@aws-sdk/client-sqs";
import { type Call, type Handlers, type Local, Refusal } from "../service.ts";
import { eachOf } from "./batch.ts";
import type { Mailbox, Received } from "./mailbox.ts";
import { invalid, type Message, md5, md5OfAttributes, messageOf, sizeOf, toldAttribute } from "./message.ts";
import { mailboxOf, numberOf, type Queue, queueArn, queueAt, queueWithArn, type SqsState } from "./queues.ts";
import { redriveOf } from "./redrive.ts";

/** "There is a quota of 120,000 in flight messages per standard queue" (API reference, ReceiveMessage). */
const MOST_IN_FLIGHT = 120_000;

/** Sending, receiving, hiding and deleting messages. */
export const messages: Handlers<SQS, SqsState> = {
  SendMessage: (input, call) => {
    const queue = queueAt(call.state, input.QueueUrl);
    const message = accept(queue, input, call);
    mailboxOf(call.local, queue).put([message]);
    return sent(message);
  },

  SendMessageBatch: (input, call) => {
    const queue = queueAt(call.state, input.QueueUrl);
    const accepted: Message[] = [];
    const result = eachOf(input.Entries, (entry) => {
      const message = accept(queue, entry, call);
      accepted.push(message);
      return { Id: entry.Id, ...sent(message) };
    });
    const size = accepted.reduce((sum, { body, attributes = {} }) => sum + sizeOf(body, attributes), 0);
    if (size > 1_048_576)
      throw new Refusal(
        "BatchRequestTooLong",
        `Batch requests cannot be longer than 1048576 bytes. You have sent ${size} bytes.`,
      );
    mailboxOf(call.local, queue).put(accepted);
    return result;
  },

  ReceiveMessage: async (input, call) => {
    const queue = queueAt(call.state, input.QueueUrl);
    const { MaxNumberOfMessages: most = 1, WaitTimeSeconds, VisibilityTimeout } = input;
    inRange("MaxNumberOfMessages", most, 1, 10);
    inRange("WaitTimeSeconds", WaitTimeSeconds ?? 0, 0, 20);
    inRange("VisibilityTimeout", VisibilityTimeout ?? 0, 0, 43_200);
    const wait = WaitTimeSeconds ?? numberOf(queue, "ReceiveMessageWaitTimeSeconds");
    const hide = VisibilityTimeout ?? numberOf(queue, "VisibilityTimeout");
    const mailbox = mailboxOf(call.local, queue);
    const until = call.local.clock.now() + wait * 1000;
    for (;;) {
      const taken = receive(queue, mailbox, most, hide * 1000, call);
      const over = call.local.clock.now() >= until || call.signal.aborted || mailbox.closed;
      if (taken.length > 0) return { Messages: taken.map((one) => told(one, input)) };
      if (over) return {};
      await mailbox.wait(until, call.signal);
      if (call.signal.aborted) return {};
      queueAt(call.state, input.QueueUrl);
    }
  },

  DeleteMessage: (input, call) => {
    erase(mailboxAt(input.QueueUrl, call), input.ReceiptHandle);
  },

  DeleteMessageBatch: (input, call) => {
    const mailbox = mailboxAt(input.QueueUrl, call);
    return eachOf(input.Entries, (entry) => {
      erase(mailbox, entry.ReceiptHandle);
      return { Id: entry.Id };
    });
  },

  ChangeMessageVisibility: (input, call) => {
    hide(mailboxAt(input.QueueUrl, call), input.ReceiptHandle, input.VisibilityTimeout);
  },

  ChangeMessageVisibilityBatch: (input, call) => {
    const mailbox = mailboxAt(input.QueueUrl, call);
    return eachOf(input.Entries, (entry) => {
      hide(mailbox, entry.ReceiptHandle, entry.VisibilityTimeout);
      return { Id: entry.Id };
    });
  },
};

const mailboxAt = (url: string | undefined, { state, local }: Call<SqsState>): Mailbox =>
  mailboxOf(local, queueAt(state, url));

type Sending = Pick<
  SendMessageCommandInput & SendMessageBatchRequestEntry,
  "MessageBody" | "MessageAttributes" | "MessageSystemAttributes" | "DelaySeconds"
>;

function accept(queue: Queue, input: Sending, { local, caller }: Call<SqsState>): Message {
  inRange("DelaySeconds", input.DelaySeconds ?? 0, 0, 900);
  return messageOf(
    {
      body: input.MessageBody,
      attributes: input.MessageAttributes,
      system: input.MessageSystemAttributes,
      sender: caller.role ? `AROA:${caller.role}` : caller.accessKeyId,
    },
    local.clock.now(),
    input.DelaySeconds ?? numberOf(queue, "DelaySeconds"),
    numberOf(queue, "MaximumMessageSize"),
  );
}

function sent(message: Message) {
  const attributes = md5OfAttributes(message.attributes);
  return {
    MessageId: message.id,
    MD5OfMessageBody: md5(message.body),
    ...(attributes && { MD5OfMessageAttributes: attributes }),
    ...(message.trace && {
      MD5OfMessageSystemAttributes: md5OfAttributes({ AWSTraceHeader: { type: "String", text: message.trace } }),
    }),
  };
}

function receive(queue: Queue, mailbox: Mailbox, most: number, hideFor: number, call: Call<SqsState>): Received[] {
  if (mailbox.closed) return [];
  if (mailbox.flying >= MOST_IN_FLIGHT)
    throw new Refusal("OverLimit", "Too many messages in flight: delete some, or wait until they are visible again.");
  return mailbox.take(most, hideFor, giveUp(queue, call));
}

/** Moves a message that was received often enough to the dead-letter queue, while there is one. */
function giveUp(queue: Queue, { state, local, region, account }: Call<SqsState>): (message: Message) => boolean {
  const redrive = redriveOf(queue);
  const target = redrive && queueWithArn(state, redrive.deadLetterTargetArn, region, account);
  if (!redrive || !target) return () => false;
  return (message) => {
    if (message.received < redrive.maxReceiveCount) return false;
    moveToDeadLetters(local, target, message, queueArn(queue.name, region, account));
    return true;
  };
}

/** It keeps its id and the time it was sent, by which it grows old; it counts receptions anew. */
function moveToDeadLetters(local: Local, target: Queue, message: Message, source: string): void {
  const { firstReceivedAt: _, ...rest } = message;
  mailboxOf(local, target).put([{ ...rest, source, received: 0, visibleAt: local.clock.now() }]);
}

function erase(mailbox: Mailbox, receipt: string | undefined): void {
  const held = mailbox.held(receipt ?? "");
  if (held === "invalid") throw badReceipt(receipt);
  // "If you receive a message more than once […] the request succeeds, but the message might not be deleted."
  if (held.message && !held.stale) mailbox.remove([held.message.id]);
}

function hide(mailbox: Mailbox, receipt: string | undefined, seconds = 0): void {
  inRange("VisibilityTimeout", seconds, 0, 43_200);
  const held = mailbox.held(receipt ?? "");
  if (held === "invalid") throw badReceipt(receipt);
  if (!held.message)
    throw invalid(
      `Value ${receipt} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
    );
  if (held.stale || !mailbox.inFlight(held.message))
    throw new Refusal("MessageNotInflight", "The specified message isn't in flight.");
  mailbox.hide(held.message, seconds * 1000);
}

const badReceipt = (receipt: string | undefined): Refusal =>
  new Refusal("ReceiptHandleIsInvalid", `The input receipt handle "${receipt}" is not a valid receipt handle.`);

function inRange(parameter: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalid(
    `Value ${value} for parameter ${parameter} is invalid. Reason: Must be >= ${least} and <= ${most}, if provided.`,
  );
}

function told({ message, receipt }: Received, input: ReceiveMessageCommandInput): ApiMessage {
  const asked = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])].map(String);
  const system: Record<string, string | undefined> = {
    SenderId: message.sender,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.received),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    AWSTraceHeader: message.trace,
    DeadLetterQueueSourceArn: message.source,
  };
  const shown = Object.entries(system).filter(
    ([name, value]) => value !== undefined && (asked.includes("All") || asked.includes(name)),
  );
  const attributes = Object.fromEntries(
    Object.entries(message.attributes ?? {}).filter(([name]) => isAsked(name, input.MessageAttributeNames ?? [])),
  );
  const digest = md5OfAttributes(attributes);
  return {
    MessageId: message.id,
    ReceiptHandle: receipt,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(shown.length > 0 && { Attributes: Object.fromEntries(shown) }),
    ...(digest && {
      MD5OfMessageAttributes: digest,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, toldAttribute(value)]),
      ),
    }),
  };
}

/** `All`, `.*`, a name, or a prefix as `order.*`. */
const isAsked = (name: string, asked: readonly string[]): boolean =>
  asked.some((one) => one === "All" || one === name || (one.endsWith(".*") && name.startsWith(one.slice(0, -2))));
