import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import pino, { type DestinationStream, type Logger } from "pino";

export type { Logger } from "pino";

/** The header that carries a request's id from service to service. */
export const requestIdHeader = "x-request-id";

const current = new AsyncLocalStorage<string>();

/** Runs something on behalf of a request: its log lines, calls and events bear the id. A new id if none is given. */
export const withRequestId = <T>(id: string | undefined, run: () => T): T => current.run(id ?? randomUUID(), run);

/** The id of the request that is being served, if any. */
export const requestId = (): string | undefined => current.getStore();

/** The header to send along when another service is called on behalf of the current request. */
export function requestHeaders(): Record<string, string> {
  const id = requestId();
  return id === undefined ? {} : { [requestIdHeader]: id };
}

/** A log of JSON lines on stdout: `level` as a word, `time` in ISO 8601, `service`, and `requestId` where there is one. */
export const createLog = (service: string, level: string, to: DestinationStream = pino.destination(1)): Logger =>
  pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err },
      mixin: () => {
        const id = requestId();
        return id === undefined ? {} : { requestId: id };
      },
    },
    to,
  );
