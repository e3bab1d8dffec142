import { createServer, type RequestListener, type Server } from "node:http";
import type { Local } from "../service.ts";
import { bind, bindFree } from "./ports.ts";

// A client must never send on a connection that is just being closed: hold it longer than clients do.
const make = (listener: RequestListener): Server =>
  createServer({ keepAlive: true, keepAliveTimeout: 60_000, requestTimeout: 0 }, listener);

/** The open ports of load balancers, by ARN. */
export class Doors {
  readonly #local: Local;
  readonly #servers = new Map<string, Server>();

  constructor(local: Local) {
    this.#local = local;
  }

  /** Opens a free port that is not among those remembered. */
  async open(arn: string, listener: RequestListener, remembered: ReadonlySet<number>): Promise<number> {
    const server = make(listener);
    const port = await bindFree(server, remembered);
    this.#servers.set(arn, server);
    return port;
  }

  /** Opens the port that a load balancer had; if somebody has taken it, then as soon as it is free. */
  async reopen(arn: string, port: number, listener: RequestListener, signal: AbortSignal): Promise<void> {
    const server = make(listener);
    this.#servers.set(arn, server);
    const problem = await bind(server, port);
    if (problem === undefined) return;
    this.#local.warn(`${arn}: 127.0.0.1:${port} is taken by another program (${problem}); trying until it is free.`);
    void this.#openLater(arn, port, server, signal);
  }

  async #openLater(arn: string, port: number, server: Server, signal: AbortSignal): Promise<void> {
    while (this.#servers.get(arn) === server) {
      await this.#local.clock.sleep(1000, signal).catch(() => {});
      if (signal.aborted || (await bind(server, port)) === undefined) return;
    }
  }

  /** Closes a port; requests that are under way finish. */
  close(arn: string): void {
    const server = this.#servers.get(arn);
    this.#servers.delete(arn);
    server?.close();
    server?.closeIdleConnections();
  }

  /** Closes all, at once; resolves when the ports are free. */
  async closeAll(): Promise<void> {
    const closed = [...this.#servers.values()].map((server) => {
      const closing = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closing;
    });
    this.#servers.clear();
    await Promise.all(closed);
  }
}
