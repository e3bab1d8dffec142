import { type XmlSettings, XmlShapeDeserializer, XmlShapeSerializer } from "@aws-sdk/core/protocols";
import { CborCodec } from "@smithy/core/cbor";
import { FromStringShapeDeserializer, JsonCodec2, ToStringShapeSerializer } from "@smithy/core/protocols";
import { NormalizedSchema } from "@smithy/core/schema";
import type { $SchemaRef, Codec, SchemaRef } from "@smithy/types";

// The SDK calls these parts internal: nothing else of ours touches them, and test/local/wire.test.ts tells when a release moves them.

// Every process on Node 20 that makes a client is told at length about Node 22, unless this is set first.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

/** A shape of an API: its members, their traits, their wire names. */
export type Shape = NormalizedSchema;

/** An operation as its client package describes it. */
export interface Operation {
  readonly name: string;
  readonly input: Shape;
  readonly output: Shape;
  /** Method, path with `{Labels}`, status; of operations with HTTP bindings (S3). */
  readonly http?: readonly [string, string, number];
}

/** An API, read off the schemas that its client package exports. */
export interface Api {
  readonly protocol: "json" | "query" | "ec2" | "restXml";
  readonly operations: ReadonlyMap<string, Operation>;
  /** Error shapes by the name that they have in the client. */
  readonly errors: ReadonlyMap<string, Shape>;
  /** `1.0` or `1.1`, of JSON protocols. */
  readonly jsonVersion: string;
  /** Errors carry their name in the older query protocol in a header (SQS). */
  readonly queryCompatible: boolean;
  readonly namespace: string;
  readonly xmlNamespace: string;
  readonly version: string;
}

const operationTag = 9;
const errorTag = -3;

interface ClientPart {
  readonly config: {
    readonly protocol: { getShapeId(): string };
    readonly protocolSettings: Readonly<Record<string, unknown>>;
  };
}
type ClientClass = new (config: object) => ClientPart;

const protocols: Record<string, Api["protocol"]> = {
  "aws.protocols#awsJson1_0": "json",
  "aws.protocols#awsJson1_1": "json",
  "aws.protocols#awsQuery": "query",
  "aws.protocols#ec2Query": "ec2",
  "aws.protocols#restXml": "restXml",
};

/** Reads an API off a client package (`await import("@aws-sdk/client-sqs")`). */
export function describeApi(client: object): Api {
  const { protocol, protocolSettings } = configOf(client);
  const shapeId = protocol.getShapeId();
  const known = protocols[shapeId];
  if (!known) throw new Error(`no codec for ${shapeId}`);
  const operations = new Map<string, Operation>();
  const errors = new Map<string, Shape>();
  for (const schema of Object.values(client)) {
    if (!Array.isArray(schema)) continue;
    const [tag, , name, traits, input, output] = schema;
    if (tag === operationTag) {
      operations.set(name, {
        name,
        input: NormalizedSchema.of(input as SchemaRef),
        output: NormalizedSchema.of(output as SchemaRef),
        http: typeof traits === "object" ? traits.http : undefined,
      });
    } else if (tag === errorTag) errors.set(name, NormalizedSchema.of(schema as unknown as $SchemaRef));
  }
  return {
    protocol: known,
    operations,
    errors,
    jsonVersion: shapeId.endsWith("1_0") ? "1.0" : "1.1",
    queryCompatible: String(protocolSettings.awsQueryCompatible ?? false) === "true",
    namespace: String(protocolSettings.defaultNamespace),
    xmlNamespace: String(protocolSettings.xmlNamespace ?? ""),
    version: String(protocolSettings.version),
  };
}

function configOf(client: object): ClientPart["config"] {
  for (const [name, value] of Object.entries(client)) {
    if (!/^[A-Z]\w*Client$/.test(name) || typeof value !== "function") continue;
    const Client = value as ClientClass;
    return new Client({ region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } }).config;
  }
  throw new Error("not a client package: it exports no client");
}

const iso = 5;
const epochSeconds = 7;
const restTimestamps = { useTrait: true, default: iso } as const;
const xmlSettings = (xmlNamespace: string): XmlSettings => ({
  timestampFormat: restTimestamps,
  httpBindings: true,
  xmlNamespace,
  serviceNamespace: "",
});

/** JSON of AWS JSON 1.0 and 1.1. */
export const jsonCodec = new JsonCodec2({
  timestampFormat: { useTrait: true, default: epochSeconds },
  jsonName: false,
});

/** CBOR of Smithy RPC v2. */
export const cborCodec: Codec<Uint8Array, Uint8Array> = new CborCodec();

/** The shape of anything at all. */
export const anyDocument: Shape = NormalizedSchema.of(15);

/** Writes a structure as an XML document whose root bears the shape's name and the namespace. */
export function writeXml(shape: Shape, value: unknown, xmlNamespace: string): string {
  const serializer = new XmlShapeSerializer(xmlSettings(xmlNamespace));
  serializer.write(shape, value);
  return String(serializer.flush());
}

/** Reads a structure from an XML document. Throws if it is not well-formed. */
export function readXml(shape: Shape, xml: string): unknown {
  return new XmlShapeDeserializer(xmlSettings("")).read(shape, xml);
}

/** Reads a scalar from a header, a query parameter or a form field. */
export function readText(shape: Shape, text: string): unknown {
  return new FromStringShapeDeserializer({ timestampFormat: restTimestamps, httpBindings: true }).read(shape, text);
}

/** Writes a scalar for a header. */
export function writeText(shape: Shape, value: unknown): string {
  const serializer = new ToStringShapeSerializer({ timestampFormat: restTimestamps, httpBindings: true });
  serializer.write(shape, value);
  return serializer.flush();
}
