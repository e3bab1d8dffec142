import { mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { lasting, realClock, type Waits } from "./clock.ts";
import { Dispatcher, type Outcome, type Signature } from "./dispatch.ts";
import { type Fault, Faults, type RecordedCall } from "./faults.ts";
import type { AnyService, Clock, Local } from "./service.ts";
import { allServices } from "./services.ts";
import { Store } from "./store.ts";
import { callerOf, openSession, sts } from "./sts.ts";
import type { WireRequest } from "./wire/wire.ts";

/** How to start a local AWS. */
export interface LocalOptions {
  /** Where it keeps everything; made if it is not there. */
  readonly dir: string;
  /** 0: any free one. */
  readonly port: number;
  /** All of them, unless named. */
  readonly services?: readonly AnyService[];
  readonly clock?: Clock;
  readonly faults?: readonly Fault[];
  readonly waits?: Waits;
  /** How many calls are recorded; 10 000 unless given. */
  readonly remembers?: number;
  /** Where warnings go; stderr unless given. */
  readonly warn?: (message: string) => void;
}

/** A local AWS that runs. */
export interface LocalServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly local: Local;
  readonly faults: Faults;
  /** The newest calls, oldest first. */
  readonly calls: readonly RecordedCall[];
  /** Resolves when services have stopped, everything is kept and the port is free. */
  stop(): Promise<void>;
}

const account = "000000000000";
/** Of the protocol between this process and those that find it. */
const version = "1";
const sessionSeconds = 6 * 3600;
/** How long calls that were cut off may take to end. */
const graceMs = 1000;
/** Longer than clients keep an idle connection, lest they write to one that is just being closed. */
const idleMs = 120_000;

/** Starts an AWS on 127.0.0.1. Throws DamagedState, or the system's EADDRINUSE. */
export async function startLocal(options: LocalOptions): Promise<LocalServer> {
  const { dir, clock = realClock } = options;
  mkdirSync(dir, { recursive: true });
  const store = new Store(dir);
  const warn = options.warn ?? ((message: string) => void process.stderr.write(`${message}\n`));
  const services = options.services ?? (await allServices());
  const byId = new Map(services.map((service) => [service.id, service]));
  const faults = new Faults(options.faults);
  const calls: RecordedCall[] = [];
  let ready = false;

  const server = createServer({ keepAlive: true, keepAliveTimeout: idleMs });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;

  const changed: Local["changed"] = (service, region) => {
    store.keep(service, region).catch((error) => warn(`${service.id}: not kept: ${error.message}`));
  };
  const local: Local = {
    dir,
    url: `http://127.0.0.1:${port}`,
    account,
    clock,
    lasts: lasting(options.waits ?? "short"),
    state: (service, region) => store.state(service, region),
    regions: (service) => store.regions(service),
    changed,
    credentialsFor(role, session) {
      const credentials = openSession(store.state(sts, ""), role, session, clock.now(), sessionSeconds);
      changed(sts, "");
      return credentials;
    },
    warn,
  };
  const judge = services.find((service) => service.allows);
  const dispatcher = new Dispatcher({
    services: byId,
    local,
    store,
    faults,
    calls,
    remembers: options.remembers ?? 10_000,
    callerOf: (accessKeyId) => callerOf(store.state(sts, ""), account, accessKeyId),
    allows: (role, need) => judge?.allows?.(role, need, local) ?? true,
  });
  const about = () => ({ version, pid: process.pid, dir, ready });

  const underWay = new Set<Promise<void>>();
  server.on("request", (request, response) => {
    const served = serve(request, response, { services, dispatcher, local, about }).catch((error) => {
      warn(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : error}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
    underWay.add(served);
    served.finally(() => underWay.delete(served));
  });

  const stop = async () => {
    // In the reverse order of starting: tasks that end still want their queues and logs.
    for (const service of services.toReversed()) {
      await Promise.resolve(service.stop?.(local)).catch((error) =>
        warn(`${service.id}: did not stop: ${error.stack}`),
      );
    }
    faults.clear();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    await Promise.race([Promise.allSettled(underWay), wait(graceMs, undefined, { ref: false })]);
    await store.close();
  };
  try {
    for (const service of services) await service.start?.(local);
  } catch (error) {
    await stop();
    throw error;
  }
  ready = true;
  return { url: local.url, port, local, faults, calls, stop };
}

interface Rooms {
  readonly services: readonly AnyService[];
  readonly dispatcher: Dispatcher;
  readonly local: Local;
  about(): object;
}

async function serve(request: IncomingMessage, response: ServerResponse, rooms: Rooms): Promise<void> {
  const path = request.url ?? "/";
  if (path === "/_ecomctl") {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(rooms.about()));
    return;
  }
  const other = rooms.services.find(({ http }) => http && path.startsWith(http.prefix));
  if (other?.http) return other.http.handle(request, response, rooms.local);

  const hungUp = new AbortController();
  response.once("close", () => hungUp.abort(new Error("the client hung up")));
  const read = await readRequest(request, rooms.local.url);
  reply(response, await rooms.dispatcher.answer(read, signatureOf(read), hungUp.signal));
}

async function readRequest(request: IncomingMessage, url: string): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(",") : value;
  }
  // S3 keeps what it is sent under this header as it is; the other APIs mean their own documents.
  const compressed = headers["content-encoding"] === "gzip" && request.method === "POST" && body[0] === 0x1f;
  return {
    method: request.method ?? "GET",
    url: new URL(request.url ?? "/", url),
    headers,
    body: compressed ? gunzipSync(body) : body,
  };
}

/** Who signed, by the credential scope `key/date/region/service/aws4_request` of a header or of a presigned URL. */
function signatureOf(request: WireRequest): Signature | undefined {
  const scope =
    /Credential=([^,\s]+)/.exec(request.headers.authorization ?? "")?.[1] ??
    request.url.searchParams.get("X-Amz-Credential");
  const [service, region, , ...key] = (scope ?? "").split("/").slice(0, -1).reverse();
  if (!service || !region || key.length === 0) return undefined;
  return {
    accessKeyId: key.reverse().join("/"),
    region: /^[a-z]{2}[a-z0-9-]*$/.test(region) ? region : "us-east-1",
    service,
  };
}

function reply(response: ServerResponse, outcome: Outcome): void {
  if (outcome === "lost") {
    response.destroy();
    return;
  }
  const { status, headers, body } = outcome;
  if (body instanceof Readable) {
    response.writeHead(status, headers);
    body.once("error", () => response.destroy());
    body.pipe(response);
    return;
  }
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { ...length, ...headers }).end(body);
}
