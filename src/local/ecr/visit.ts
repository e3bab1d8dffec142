import type { IncomingMessage, ServerResponse } from "node:http";
import type { Local } from "../service.ts";
import type { EcrRepository } from "./state.ts";

/** One request to a repository. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly local: Local;
  readonly region: string;
  readonly repository: EcrRepository;
  readonly query: URLSearchParams;
  /** What the path names last: a tag, a digest, or the id of an upload. */
  readonly reference: string;
}

/** An error in the words of the distribution specification. */
export class RegistryError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Answers with a status and, if there is one, a body of JSON. */
export function send(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body?: object,
): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(text) };
  response.writeHead(status, { ...headers, ...type, ...length }).end(text);
}
