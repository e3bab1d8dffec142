import type { Readable } from "node:stream";
import type { Api, Operation } from "./smithy.ts";

/** A request as it came, its body read and decompressed. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** What goes back. */
export interface WireReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | Readable;
}

/** An error in AWS's words: `name` as in the SDK's schema, `status` if it differs from the schema's. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly status?: number;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** One protocol, seen from the server: the inverse of what the SDK's clients do. */
export interface Wire {
  /** The operation that a request asks for, by AWS's name; undefined if it names none. */
  operationName(api: Api, request: WireRequest): string | undefined;
  /** Rejects if the request cannot be understood. */
  read(operation: Operation, request: WireRequest): Promise<Record<string, unknown>>;
  answer(api: Api, operation: Operation, output: object, requestId: string): WireReply;
  refuse(api: Api, error: WireError, requestId: string): WireReply;
  /** What AWS says of an operation that the service does not have. */
  unknownOperation(api: Api, name: string | undefined): WireError;
}

/** The HTTP status of an error: its own, its schema's, or that of a client's fault. */
export function statusOf(api: Api, error: WireError): number {
  if (error.status) return error.status;
  const traits = api.errors.get(error.name)?.getMergedTraits();
  return Number(traits?.httpError ?? (traits?.error === "server" ? 500 : 400));
}

/** An error's code on the wire: some bear another name than in the SDK (`EntityAlreadyExists`). */
export function codeOf(api: Api, name: string): string {
  const code: unknown = api.errors.get(name)?.getMergedTraits().awsQueryError;
  return Array.isArray(code) ? String(code[0]) : name;
}
