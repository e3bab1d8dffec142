import { Readable } from "node:stream";
import { decodeAwsChunked, isAwsChunked } from "./chunked.ts";
import { escapeXml } from "./query.ts";
import { type Api, type Operation, readText, readXml, type Shape, writeText, writeXml } from "./smithy.ts";
import { codeOf, statusOf, type Wire, type WireRequest } from "./wire.ts";

/** The HTTP binding of an operation, taken apart: `PUT /{Key+}?tagging`. */
interface Route {
  readonly operation: Operation;
  readonly method: string;
  readonly level: Level;
  /** Query parameters that must be there, some with this very value. */
  readonly literals: readonly (readonly [string, string | undefined])[];
  /** Belongs to a multipart upload; copies. Both tell operations apart that share method and path. */
  readonly uploads: boolean;
  readonly copies: boolean;
}
type Level = "service" | "bucket" | "object";

const routesOf = new WeakMap<Api, readonly Route[]>();

function routes(api: Api): readonly Route[] {
  let found = routesOf.get(api);
  if (!found) {
    found = [...api.operations.values()].flatMap((operation) =>
      operation.http ? [route(operation, operation.http)] : [],
    );
    routesOf.set(api, found);
  }
  return found;
}

function route(operation: Operation, [method, uri]: readonly [string, string, number]): Route {
  const [path = "", parameters = ""] = uri.split("?");
  const traits = [...members(operation.input)].map(([, member]) => member.getMergedTraits());
  const bucketLevel = operation.input.isStructSchema() && "Bucket" in operation.input.getMemberSchemas();
  return {
    operation,
    method,
    level: path.includes("{Key+}") ? "object" : bucketLevel ? "bucket" : "service",
    literals: [...new URLSearchParams(parameters)]
      .filter(([name]) => name !== "x-id")
      .map(([name, value]) => [name, value || undefined]),
    uploads: traits.some(({ httpQuery }) => httpQuery === "uploadId"),
    copies: traits.some(({ httpHeader }) => httpHeader === "x-amz-copy-source"),
  };
}

/** Bucket and key of a path-style URL. */
function place({ pathname }: URL): { level: Level; Bucket?: string; Key?: string } {
  const [, bucket = "", ...rest] = pathname.split("/");
  const key = rest.join("/");
  if (!bucket) return { level: "service" };
  const Bucket = decodeURIComponent(bucket);
  return key ? { level: "object", Bucket, Key: decodeURIComponent(key) } : { level: "bucket", Bucket };
}

function routeOf(api: Api, { method, url, headers }: WireRequest): Route | undefined {
  const { level } = place(url);
  const copies = "x-amz-copy-source" in headers;
  const fits = (one: Route) =>
    one.method === method &&
    one.level === level &&
    one.copies === (copies && method === "PUT") &&
    one.uploads === (url.searchParams.has("uploadId") && level === "object") &&
    one.literals.every(([name, value]) =>
      value === undefined ? url.searchParams.has(name) : url.searchParams.get(name) === value,
    );
  return routes(api)
    .filter(fits)
    .sort((a, b) => b.literals.length - a.literals.length)[0];
}

const members = (shape: Shape): Iterable<[string, Shape]> => (shape.isStructSchema() ? shape.structIterator() : []);

const list = (shape: Shape, text: string): unknown =>
  shape.isListSchema()
    ? text.split(",").map((item) => readText(shape.getValueSchema(), item.trim()))
    : readText(shape, text);

async function read(operation: Operation, request: WireRequest): Promise<Record<string, unknown>> {
  const { headers, url } = request;
  const body = isAwsChunked(headers) ? decodeAwsChunked(request.body) : request.body;
  const labels: Record<string, string | undefined> = { ...place(url) };
  const input: Record<string, unknown> = {};
  if (labels.Bucket !== undefined) input.Bucket = labels.Bucket;
  for (const [name, member] of members(operation.input)) {
    const { httpLabel, httpHeader, httpQuery, httpPrefixHeaders, httpPayload } = member.getMergedTraits();
    if (httpLabel) input[name] = labels[name];
    else if (httpHeader) {
      const text = headers[httpHeader.toLowerCase()];
      if (text !== undefined) input[name] = list(member, text);
    } else if (httpQuery) {
      const text = url.searchParams.get(httpQuery);
      if (text !== null) input[name] = list(member, text);
    } else if (httpPrefixHeaders !== undefined) {
      const prefix = String(httpPrefixHeaders).toLowerCase();
      const found = Object.entries(headers).filter(([header]) => header.startsWith(prefix));
      input[name] = Object.fromEntries(found.map(([header, text]) => [header.slice(prefix.length), text]));
    } else if (httpPayload) {
      if (member.isBlobSchema()) input[name] = body;
      else if (body.length > 0)
        input[name] = member.isStructSchema() ? readXml(member, body.toString("utf8")) : body.toString("utf8");
    }
  }
  return input;
}

function answer(api: Api, operation: Operation, output: object, requestId: string): ReturnType<Wire["answer"]> {
  const headers: Record<string, string> = { "x-amz-request-id": requestId };
  const values = output as Record<string, unknown>;
  let body: string | Uint8Array | Readable = "";
  let inBody = false;
  for (const [name, member] of members(operation.output)) {
    const value = values[name];
    const { httpHeader, httpPrefixHeaders, httpPayload } = member.getMergedTraits();
    if (httpPayload) {
      if (value instanceof Readable || value instanceof Uint8Array || typeof value === "string") body = value;
      else if (value != null) {
        body = xml(member, value, api);
        headers["content-type"] = "application/xml";
      }
    } else if (httpPrefixHeaders !== undefined) {
      for (const [key, text] of Object.entries((value as object | undefined) ?? {}))
        headers[`${httpPrefixHeaders}${key}`] = String(text);
    } else if (httpHeader) {
      if (value != null) headers[httpHeader.toLowerCase()] = writeText(member, value);
    } else inBody = true;
  }
  if (inBody) {
    body = xml(operation.output, output, api);
    headers["content-type"] = "application/xml";
  }
  const status = "ContentRange" in values && values.ContentRange ? 206 : (operation.http?.[2] ?? 200);
  return { status, headers, body };
}

const xml = (shape: Shape, value: unknown, api: Api) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${writeXml(shape, value, api.xmlNamespace)}`;

/** REST with XML, as S3 speaks it, path style: `/bucket/key`. */
export const restXml: Wire = {
  operationName: (api, request) => routeOf(api, request)?.operation.name,
  read,
  answer,

  refuse(api, error, requestId) {
    const more = Object.entries(error.data ?? {}).map(
      ([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`,
    );
    return {
      status: statusOf(api, error),
      headers: { "content-type": "application/xml", "x-amz-request-id": requestId },
      body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${codeOf(api, error.name)}</Code><Message>${escapeXml(error.message)}</Message>${more.join("")}<RequestId>${requestId}</RequestId></Error>`,
    };
  },

  unknownOperation: (_, name) =>
    name
      ? {
          name: "NotImplemented",
          message: "A header you provided implies functionality that is not implemented",
          status: 501,
        }
      : {
          name: "MethodNotAllowed",
          message: "The specified method is not allowed against this resource.",
          status: 405,
        },
};
