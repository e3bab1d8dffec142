import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express } from "express";
import { type Config, ConfigError, readConfig, type Variables } from "./config.ts";
import { drain } from "./http.ts";
import { createLog, type Logger } from "./log.ts";

/** Something that runs beside the HTTP server: a consumer, a poll. `stop` resolves when what it had begun is finished. */
export interface Part {
  start(): void | Promise<void>;
  stop(): Promise<void>;
}

/** A service, ready to be started. */
export interface Service {
  readonly app: Express;
  readonly parts?: readonly Part[];
}

/** A service that listens. */
export interface Running {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Finishes the requests and messages in flight; resolves when nothing is left. */
  stop(): Promise<void>;
}

/** ECS kills a task 30 s after its SIGTERM (stopTimeout): by then it must have gone by itself. In milliseconds. */
const grace = 25_000;

/** Listens first, so that /healthz answers while the parts start. Port 0 takes any that is free. */
export async function serve({ app, parts = [] }: Service, port: number, host?: string): Promise<Running> {
  const server = createServer(app);
  const inFlight = new Set<ServerResponse>();
  server.prependListener("request", (_request, response) => {
    inFlight.add(response);
    response.once("close", () => inFlight.delete(response));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  for (const part of parts) await part.start();
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    drain(app);
    // New connections are still accepted here: health checks keep their answer until the work is done.
    const begun = [...inFlight].map((response) => new Promise((resolve) => response.once("close", resolve)));
    await Promise.all([...parts.map((part) => part.stop()), ...begun]);
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** The life of a process that is one service: configuration, start, SIGTERM, exit. Never rejects. */
export async function run<V extends Variables>(
  name: string,
  variables: V,
  build: (config: Config<V>, log: Logger) => Service,
): Promise<void> {
  // Would put seven lines that are no JSON into the log; which Node runs is the image's choice.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  let log = createLog(name, "info");
  const die = (message: string, err: unknown): never => {
    log.fatal({ err }, message);
    process.exit(1);
  };
  process.on("uncaughtException", (error) => die("crashed", error));
  try {
    const config = readConfig(variables);
    log = createLog(name, config.LOG_LEVEL);
    const running = await serve(build(config, log), config.PORT);
    log.info({ url: running.url }, "listening");
    const stop = async (signal: string) => {
      log.info({ signal }, "finishing what is in flight");
      setTimeout(() => die("gave up what was in flight", undefined), grace).unref();
      await running.stop();
      log.info("stopped");
      process.exit(0);
    };
    process.once("SIGTERM", stop).once("SIGINT", stop);
  } catch (error) {
    if (error instanceof ConfigError) {
      log.fatal({ problems: error.problems }, `configuration: ${error.message}`);
      process.exit(1);
    }
    die("did not start", error);
  }
}
