import { createHash, randomUUID } from "node:crypto";
import type { MessageAttributeValue, MessageSystemAttributeValue } from "@aws-sdk/client-sqs";
import { Refusal } from "../service.ts";

/** A message attribute as it is kept: binary is base64. */
export interface Attribute {
  readonly type: string;
  readonly text?: string;
  readonly binary?: string;
}

/** A message in a queue. Times are ms since 1970. */
export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly sender: string;
  readonly sentAt: number;
  readonly trace?: string;
  /** The queue that gave up on it, if this one is a dead-letter queue. */
  readonly source?: string;
  /** When it can be received (again). */
  visibleAt: number;
  received: number;
  firstReceivedAt?: number;
}

/** What a sender gives. */
export interface Letter {
  readonly body: string | undefined;
  readonly attributes?: Record<string, MessageAttributeValue>;
  readonly system?: Record<string, MessageSystemAttributeValue>;
  readonly sender: string;
}

/** The message that a letter becomes. Throws what SQS says of letters it does not take. */
export function messageOf(letter: Letter, now: number, delaySeconds: number, maximumSize: number): Message {
  const { body, sender } = letter;
  if (!body) throw new Refusal("MissingParameter", "The request must contain the parameter MessageBody.");
  // XML 1.0's characters, as the API reference lists them for SendMessage.
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(body))
    throw new Refusal(
      "InvalidMessageContents",
      "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    );
  const attributes = attributesOf(letter.attributes ?? {});
  const size = sizeOf(body, attributes);
  if (size > maximumSize)
    throw invalid(`One or more parameters are invalid. Reason: Message must be shorter than ${maximumSize} bytes.`);
  const trace = letter.system?.AWSTraceHeader?.StringValue;
  return {
    id: randomUUID(),
    body,
    ...(Object.keys(attributes).length > 0 && { attributes }),
    sender,
    sentAt: now,
    ...(trace && { trace }),
    visibleAt: now + delaySeconds * 1000,
    received: 0,
  };
}

/** Bytes that count against MaximumMessageSize: the body, and names, types and values of attributes. */
export function sizeOf(body: string, attributes: Readonly<Record<string, Attribute>>): number {
  let size = Buffer.byteLength(body);
  for (const [name, { type, text = "", binary = "" }] of Object.entries(attributes))
    size +=
      Buffer.byteLength(name) + Buffer.byteLength(type) + Buffer.byteLength(text) + Buffer.byteLength(binary, "base64");
  return size;
}

function attributesOf(given: Record<string, MessageAttributeValue>): Record<string, Attribute> {
  const names = Object.keys(given);
  if (names.length > 10)
    throw invalid(`Number of message attributes [${names.length}] exceeds the allowed maximum [10].`);
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, attributeOf(name, value)]));
}

function attributeOf(
  name: string,
  { DataType: type, StringValue: text, BinaryValue: binary }: MessageAttributeValue,
): Attribute {
  if (!/^[\w.-]{1,256}$/.test(name) || /^(aws|amazon)\./i.test(name) || /^\.|\.$|\.\./.test(name))
    throw invalid(
      `The message attribute name '${name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.`,
    );
  if (!type) throw invalid(`The message attribute '${name}' must contain non-empty message attribute type.`);
  const kind = type.split(".")[0];
  if (kind !== "String" && kind !== "Number" && kind !== "Binary")
    throw invalid(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  if (kind === "Binary" ? !binary?.length : !text)
    throw invalid(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${kind}'.`,
    );
  if (kind === "Number" && !Number.isFinite(Number(text)))
    throw invalid(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  return kind === "Binary" ? { type, binary: Buffer.from(binary ?? []).toString("base64") } : { type, text };
}

/** A kept attribute as the API tells it. */
export const toldAttribute = ({ type, text, binary }: Attribute): MessageAttributeValue => ({
  DataType: type,
  ...(binary === undefined ? { StringValue: text } : { BinaryValue: Buffer.from(binary, "base64") }),
});

export const md5 = (data: string | Buffer): string => createHash("md5").update(data).digest("hex");

/**
 * MD5 of message attributes (SQS developer guide, "Calculating the MD5 message digest for message attributes"):
 * sorted by name, each part preceded by its length as four bytes, and the value by 1 for text or 2 for binary.
 */
export function md5OfAttributes(attributes: Readonly<Record<string, Attribute>> | undefined): string | undefined {
  if (!attributes || Object.keys(attributes).length === 0) return undefined;
  const parts: Buffer[] = [];
  const add = (data: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    parts.push(length, data);
  };
  for (const [name, { type, text, binary }] of Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))) {
    add(Buffer.from(name));
    add(Buffer.from(type));
    parts.push(Buffer.from([binary === undefined ? 1 : 2]));
    add(binary === undefined ? Buffer.from(text ?? "") : Buffer.from(binary, "base64"));
  }
  return md5(Buffer.concat(parts));
}

export const invalid = (message: string): Refusal => new Refusal("InvalidParameterValue", message);
