import { setTimeout as sleep } from "node:timers/promises";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { createBatcher } from "./batcher.ts";
import { type EventBody, type EventType, isEventType, NotUnderstood, readEvent } from "./events.ts";
import type { Part } from "./lifecycle.ts";
import { type Logger, withRequestId } from "./log.ts";

/** What to do with each event that may arrive. A handler resolves when its effect is durable: then the message goes. */
export type Handlers = { readonly [T in EventType]?: (body: EventBody<T>) => Promise<void> };

export interface ConsumerOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly log: Logger;
  readonly handlers: Handlers;
  /** Messages in hand at a time; 20 if left out. */
  readonly concurrency?: number;
  /** How long a message in hand is hidden from others, in seconds (extended while it is being handled); 30 if left out. */
  readonly visibility?: number;
}

/** The most that one ReceiveMessage gives. */
const batch = 10;

/**
 * Consumes a queue of the shop's events: a message is deleted after its handler resolved, and only then.
 * One that fails comes back, later each time; one that is not understood comes back at once until the queue's
 * redrive policy takes it away, each time with the reason in the log.
 */
export function createConsumer(options: ConsumerOptions): Part {
  const { sqs, queueUrl: QueueUrl, log, handlers, concurrency = 20, visibility = 30 } = options;
  const polling = new AbortController();
  const inHand = new Set<Promise<void>>();
  let loop: Promise<void> = Promise.resolve();

  const remove = createBatcher<string>(batch, 10, async (receipts) => {
    const Entries = receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    const { Failed = [] } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    for (const { Code, Message } of Failed) log.warn({ Code, Message }, "message not deleted: it will come again");
  });

  const hide = (message: Message, seconds: number) =>
    sqs
      .send(
        new ChangeMessageVisibilityCommand({
          QueueUrl,
          ReceiptHandle: message.ReceiptHandle,
          VisibilityTimeout: seconds,
        }),
      )
      .catch((err: unknown) => log.warn({ err, messageId: message.MessageId }, "visibility not changed"));

  async function handle(message: Message): Promise<void> {
    const hidden = setInterval(() => hide(message, visibility), (visibility * 1000) / 2);
    const received = Number(message.Attributes?.ApproximateReceiveCount ?? 1);
    const messageId = message.MessageId;
    try {
      const type = await dispatch(message, handlers);
      await remove(message.ReceiptHandle ?? "");
      log.debug({ messageId, eventType: type }, "message done");
    } catch (err) {
      clearInterval(hidden);
      if (err instanceof NotUnderstood) {
        log.error(
          { messageId, received, reason: err.message },
          "message not understood: left for the dead-letter queue",
        );
        await hide(message, 0);
      } else {
        const seconds = Math.min(2 ** received, 60);
        log.error({ err, messageId, received, seconds }, "message failed: it will come again");
        await hide(message, seconds);
      }
    } finally {
      clearInterval(hidden);
    }
  }

  async function receive(): Promise<Message[]> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: Math.min(batch, concurrency),
        WaitTimeSeconds: 20,
        VisibilityTimeout: visibility,
        MessageAttributeNames: ["eventType", "requestId"],
        MessageSystemAttributeNames: ["ApproximateReceiveCount"],
      }),
      { abortSignal: polling.signal },
    );
    return Messages;
  }

  async function poll(): Promise<void> {
    let failures = 0;
    while (!polling.signal.aborted) {
      try {
        while (inHand.size > concurrency - Math.min(batch, concurrency)) await Promise.race(inHand);
        for (const message of await receive()) {
          const done = withRequestId(message.MessageAttributes?.requestId?.StringValue, () => handle(message));
          inHand.add(done);
          void done.finally(() => inHand.delete(done));
        }
        failures = 0;
      } catch (err) {
        if (polling.signal.aborted) return;
        failures += 1;
        log.warn({ err, queue: QueueUrl }, "cannot receive messages");
        await sleep(Math.min(1000 * 2 ** (failures - 1), 30_000), undefined, { signal: polling.signal }).catch(
          () => {},
        );
      }
    }
  }

  return {
    start() {
      loop = poll();
    },
    async stop() {
      polling.abort();
      await loop;
      await Promise.all(inHand);
    },
  };
}

async function dispatch(message: Message, handlers: Handlers): Promise<EventType> {
  const type = message.MessageAttributes?.eventType?.StringValue;
  if (type === undefined) throw new NotUnderstood("the message has no attribute eventType");
  if (!isEventType(type)) throw new NotUnderstood(`nobody knows the event ${type}`);
  await call(type, handlers[type], message.Body ?? "");
  return type;
}

async function call<T extends EventType>(type: T, handler: Handlers[T], body: string): Promise<void> {
  if (handler === undefined) throw new NotUnderstood(`this service has nothing to do with ${type}`);
  await handler(readEvent(type, body));
}
