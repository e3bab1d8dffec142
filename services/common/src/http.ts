import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import { type Logger, requestId, requestIdHeader, withRequestId } from "./log.ts";
import { ask, type Neighbour } from "./neighbours.ts";

export interface AppOptions {
  readonly log: Logger;
  /** Whom the service needs, by name: asked whenever somebody asks for /readyz. */
  readonly neighbours?: Readonly<Record<string, Neighbour>>;
  /** Why the service itself cannot serve yet; undefined if it can. */
  readonly notReady?: () => string | undefined;
  /** Adds the service's own routes; what they throw or do not answer is answered as JSON. */
  readonly routes: (app: Express) => void;
}

/** A failure with a place in HTTP: answered as `{error: {code, message}}` with its status. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

const draining = new WeakSet<Express>();
/** From now on /readyz answers 503 and every answer asks the client to close its connection. */
export const drain = (app: Express): void => {
  draining.add(app);
};

/** An Express app with request ids, one log line a request, /healthz, /readyz, and JSON for 404s and errors. */
export function createApp({ log, neighbours = {}, notReady, routes }: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(identified, logged(log));
  app.use((_request, response, next) => {
    if (draining.has(app)) response.set("connection", "close");
    next();
  });
  app.get("/healthz", (_request, response) => {
    response.json({ status: "alive" });
  });
  app.get("/readyz", async (_request, response) => {
    const why = draining.has(app) ? "shutting down" : notReady?.();
    const answers = await ask(neighbours);
    const ready = why === undefined && Object.values(answers).every((answer) => answer === "ok");
    response.status(ready ? 200 : 503).json({
      status: ready ? "ready" : (why ?? "a neighbour does not answer"),
      neighbours: answers,
    });
  });
  routes(app);
  app.use((request) => {
    throw new HttpError(404, "NotFound", `There is no ${request.method} ${request.path}.`);
  });
  app.use(failed(log));
  return app;
}

/** Takes over the caller's request id, if it is one that may stand in a log, or makes one. */
const identified: RequestHandler = (request, response, next) => {
  const given = request.get(requestIdHeader);
  withRequestId(given !== undefined && /^[\w.:-]{1,128}$/.test(given) ? given : undefined, () => {
    response.set(requestIdHeader, requestId());
    next();
  });
};

const logged =
  (log: Logger): RequestHandler =>
  (request, response, next) => {
    const begun = performance.now();
    const id = requestId();
    const path = request.path;
    response.on("close", () => {
      const level = path === "/healthz" || path === "/readyz" ? "debug" : "info";
      withRequestId(id, () =>
        log[level](
          {
            method: request.method,
            path,
            status: response.statusCode,
            ms: Math.round(performance.now() - begun),
            ...(response.writableFinished ? {} : { hungUp: true }),
          },
          "request",
        ),
      );
    });
    next();
  };

/** What Express and its body parsers throw carries a status too; only their 4xx are the client's business. */
const failed =
  (log: Logger): ErrorRequestHandler =>
  (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error);
    const { status, code } = asHttp(error);
    if (status >= 500) log.error({ err: error }, "request failed");
    if (error instanceof HttpError) response.set(error.headers);
    const message =
      status < 500 || error instanceof HttpError ? String((error as Error).message) : "Something failed here.";
    response.status(status).json({ error: { code, message, requestId: requestId() } });
  };

function asHttp(error: unknown): { status: number; code: string } {
  if (error instanceof HttpError) return error;
  if (error instanceof Error && "status" in error) {
    const { status } = error;
    if (typeof status === "number" && status >= 400 && status < 500) return { status, code: "BadRequest" };
  }
  return { status: 500, code: "InternalError" };
}
