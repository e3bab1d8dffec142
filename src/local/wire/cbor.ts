import { queryError } from "./json.ts";
import { anyDocument, cborCodec } from "./smithy.ts";
import { statusOf, type Wire } from "./wire.ts";

/** Smithy RPC v2 CBOR, which the `aws` CLI speaks to CloudWatch: `POST /service/Name/operation/Operation`. */
export const cbor: Wire = {
  operationName: (_, request) => /\/operation\/(\w+)$/.exec(request.url.pathname)?.[1],

  async read(operation, request) {
    if (operation.input.isUnitSchema() || request.body.length === 0) return {};
    return cborCodec.createDeserializer().read(operation.input, request.body);
  },

  answer: (_, operation, output, requestId) => ({
    status: 200,
    headers: headers(requestId),
    body: operation.output.isStructSchema() ? write(operation.output, output) : "",
  }),

  refuse: (api, error, requestId) => ({
    status: statusOf(api, error),
    headers: { ...headers(requestId), ...queryError(api, error) },
    body: write(anyDocument, { __type: `${api.namespace}#${error.name}`, ...error.data, message: error.message }),
  }),

  unknownOperation: (_, name) => ({
    name: "UnknownOperationException",
    message: name ? `The operation ${name} is not known here.` : "",
    status: 404,
  }),
};

const headers = (requestId: string) => ({
  "content-type": "application/cbor",
  "smithy-protocol": "rpc-v2-cbor",
  "x-amzn-requestid": requestId,
});

function write(
  shape: Parameters<ReturnType<typeof cborCodec.createSerializer>["write"]>[0],
  value: unknown,
): Uint8Array {
  const serializer = cborCodec.createSerializer();
  serializer.write(shape, value);
  return serializer.flush();
}
