import { type Api, jsonCodec } from "./smithy.ts";
import { codeOf, statusOf, type Wire, type WireError } from "./wire.ts";

/** AWS JSON 1.0 and 1.1: `X-Amz-Target: Prefix.Operation`, a JSON document each way. */
export const json: Wire = {
  // Prefixes differ between SDKs (`CodeStar_connections_20191201`, `com.amazonaws.codestar.connections.CodeStar_…`).
  operationName: (_, request) => request.headers["x-amz-target"]?.split(".").at(-1),

  async read(operation, request) {
    if (operation.input.isUnitSchema()) return {};
    const text = request.body.toString("utf8") || "{}";
    const input: unknown = await jsonCodec.createDeserializer().read(operation.input, text);
    if (typeof input !== "object" || input === null) throw new SyntaxError("a JSON object was expected");
    return input as Record<string, unknown>;
  },

  answer(api, operation, output, requestId) {
    let body: string | Uint8Array = "{}";
    if (operation.output.isStructSchema()) {
      const serializer = jsonCodec.createSerializer();
      serializer.write(operation.output, output);
      body = serializer.flush();
    }
    return { status: 200, headers: headers(api, requestId), body };
  },

  refuse(api, error, requestId) {
    const type =
      api.jsonVersion === "1.0" && api.errors.has(error.name) ? `${api.namespace}#${error.name}` : error.name;
    return {
      status: statusOf(api, error),
      headers: { ...headers(api, requestId), ...queryError(api, error) },
      body: JSON.stringify({ __type: type, ...errorMembers(api, error), message: error.message }),
    };
  },

  unknownOperation: (_, name) => ({
    name: "UnknownOperationException",
    message: name ? `The operation ${name} is not known here.` : "",
  }),
};

const headers = (api: Api, requestId: string) => ({
  "content-type": `application/x-amz-json-${api.jsonVersion}`,
  "x-amzn-requestid": requestId,
});

/** SQS tells the code of its older protocol too, by which the SDKs know its errors. */
export const queryError = (api: Api, error: WireError): Record<string, string> =>
  api.queryCompatible
    ? { "x-amzn-query-error": `${codeOf(api, error.name)};${statusOf(api, error) < 500 ? "Sender" : "Receiver"}` }
    : {};

function errorMembers(api: Api, error: WireError): object {
  const shape = api.errors.get(error.name);
  if (!shape || !error.data) return error.data ?? {};
  const serializer = jsonCodec.createSerializer();
  serializer.write(shape, error.data);
  return JSON.parse(new TextDecoder().decode(serializer.flush()));
}
