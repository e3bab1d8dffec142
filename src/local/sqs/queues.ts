import { join } from "node:path";
import { type Keeper, type Local, Refusal } from "../service.ts";
import { Mailbox } from "./mailbox.ts";
import type { MoveTask } from "./moves.ts";

/** A queue as it is kept; its messages are in a file of their own, named by `id`. Times are ms since 1970. */
export interface Queue {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  changedAt: number;
  purgedAt?: number;
  /** What was set; what was not has its default. */
  attributes: Record<string, string>;
  tags: Record<string, string>;
}

export interface SqsState {
  queues: Record<string, Queue>;
  /** When a queue of that name was deleted. */
  deleted: Record<string, number>;
  moves: MoveTask[];
}

/** What finds the state of SQS from anywhere. */
export const sqsKeeper: Keeper<SqsState> = {
  id: "sqs",
  initial: () => ({ queues: {}, deleted: {}, moves: [] }),
};

export const queueArn = (name: string, region: string, account: string): string =>
  `arn:aws:sqs:${region}:${account}:${name}`;

/** A queue by its name. Throws QueueDoesNotExist. */
export function queueNamed(state: SqsState, name: string | undefined): Queue {
  const queue = name !== undefined && Object.hasOwn(state.queues, name) ? state.queues[name] : undefined;
  if (!queue) throw new Refusal("QueueDoesNotExist", "The specified queue does not exist.");
  return queue;
}

/** The name at the end of a queue's URL; the host is not looked at, for the port may have been another. */
export function nameInUrl(url: string | undefined): string {
  const name = url?.split("/").at(-1);
  if (!name) throw new Refusal("InvalidAddress", `The address ${url} is not valid for this endpoint.`);
  return name;
}

export const queueAt = (state: SqsState, url: string | undefined): Queue => queueNamed(state, nameInUrl(url));

/** A queue by its ARN, if it is one of this region and account. */
export function queueWithArn(
  state: SqsState,
  arn: string | undefined,
  region: string,
  account: string,
): Queue | undefined {
  const name = arn?.split(":").at(-1) ?? "";
  return Object.hasOwn(state.queues, name) && arn === queueArn(name, region, account) ? state.queues[name] : undefined;
}

/** What is open of a local AWS. */
interface Open {
  readonly mailboxes: Map<string, Mailbox>;
  /** Aborted when the local AWS stops: work beside the requests ends then. */
  readonly over: AbortController;
}
const opened = new WeakMap<Local, Open>();

function openOf(local: Local): Open {
  let open = opened.get(local);
  if (!open) {
    open = { mailboxes: new Map(), over: new AbortController() };
    opened.set(local, open);
  }
  return open;
}

/** The messages of a queue, read from its journal when they are first asked for. */
export function mailboxOf(local: Local, queue: Queue): Mailbox {
  const { mailboxes } = openOf(local);
  let mailbox = mailboxes.get(queue.id);
  if (!mailbox) {
    mailbox = new Mailbox(join(local.dir, "sqs", `${queue.id}.jsonl`), local.clock);
    mailboxes.set(queue.id, mailbox);
  }
  mailbox.expire(numberOf(queue, "MessageRetentionPeriod") * 1000);
  return mailbox;
}

export function dropMailbox(local: Local, queue: Queue): void {
  mailboxOf(local, queue).destroy();
  openOf(local).mailboxes.delete(queue.id);
}

export function closeMailboxes(local: Local): void {
  const { mailboxes, over } = openOf(local);
  over.abort();
  for (const mailbox of mailboxes.values()) mailbox.close();
}

/** Aborted when the local AWS stops. */
export const untilStop = (local: Local): AbortSignal => openOf(local).over.signal;

/** What an attribute is when it was not set (API reference, SetQueueAttributes). */
export const defaults: Readonly<Record<string, string>> = {
  VisibilityTimeout: "30",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: "345600",
  DelaySeconds: "0",
  ReceiveMessageWaitTimeSeconds: "0",
  SqsManagedSseEnabled: "true",
};

export const numberOf = (queue: Queue, attribute: string): number =>
  Number(queue.attributes[attribute] ?? defaults[attribute] ?? "0");
