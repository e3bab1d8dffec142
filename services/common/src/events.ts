import { PublishCommand, type SNSClient } from "@aws-sdk/client-sns";
import * as z from "zod";
import { requestId } from "./log.ts";
import { customer, orderLine } from "./shop.ts";

const productIDs = z.array(z.string().min(1)).max(100);
const outcome = z.object({
  orderID: z.string().min(1),
  lines: z.array(z.object({ productID: z.string().min(1), quantity: z.number().int().positive() })),
  reason: z.string().optional(),
});

/** The shop's events: the message attribute `eventType` names one of these, the message's body is its JSON. */
export const events = {
  /** A customer searched and was shown these products. */
  "product.searched": z.object({ query: z.string(), productIDs }),
  /** A customer opened a product's page. */
  "product.viewed": z.object({ productID: z.string().min(1) }),
  /** A customer bought; nothing has been taken from the stock yet. `placedAt` in milliseconds since 1970. */
  "order.placed": z.object({
    orderID: z.string().min(1).max(256),
    lines: z.array(orderLine).min(1),
    customer,
    placedAt: z.number().int().nonnegative(),
  }),
  "order.confirmed": outcome,
  "order.rejected": outcome,
} as const;

export type EventType = keyof typeof events;
/** The body of an event: `EventBody<"order.placed">`. */
export type EventBody<T extends EventType> = z.infer<(typeof events)[T]>;
/** Resolves when SNS has the event. The current request's id travels with it. */
export type Publish = <T extends EventType>(type: T, body: EventBody<T>) => Promise<void>;

/** A message that no delivery will make understandable: it is left for the dead-letter queue. */
export class NotUnderstood extends Error {
  override readonly name = "NotUnderstood";
}

/** True for the name of one of the shop's events. */
export const isEventType = (name: string): name is EventType => Object.hasOwn(events, name);

/** The body of an event as it came out of a queue. Throws NotUnderstood. */
export function readEvent<T extends EventType>(type: T, text: string): EventBody<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new NotUnderstood(`the body of ${type} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  const read = events[type].safeParse(json);
  if (read.success) return read.data as EventBody<T>;
  const why = read.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`).join("; ");
  throw new NotUnderstood(`not a ${type}: ${why}`);
}

/** Publishes to a topic; a body that is not of its type's shape is refused with a ZodError. */
export function createPublisher(sns: SNSClient, topicArn: string): Publish {
  return async (type, body) => {
    const text = (value: string) => ({ DataType: "String", StringValue: value });
    const id = requestId();
    await sns.send(
      new PublishCommand({
        TopicArn: topicArn,
        Message: JSON.stringify(events[type].parse(body)),
        MessageAttributes: { eventType: text(type), ...(id === undefined ? {} : { requestId: text(id) }) },
      }),
    );
  };
}
