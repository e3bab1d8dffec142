/** One task behind an endpoint. */
export interface Server {
  readonly task: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** Requests and connections under way. */
  active: number;
  /** Told when `active` is 0 again. */
  idle?: () => void;
}

/** The healthy tasks of one endpoint, taken in turn. */
export class Balance {
  readonly #servers = new Map<string, Server>();
  #turn = 0;

  join(task: string, port: number): void {
    if (!this.#servers.has(task)) this.#servers.set(task, { task, port, active: 0 });
  }

  /** No more is sent to the task; resolves when what is under way has ended. */
  async leave(task: string): Promise<void> {
    const server = this.#servers.get(task);
    this.#servers.delete(task);
    if (!server || server.active === 0) return;
    await new Promise<void>((resolve) => {
      server.idle = resolve;
    });
  }

  /** The next task in turn, but for those tried already. */
  take(tried: ReadonlySet<string> = new Set()): Server | undefined {
    const servers = [...this.#servers.values()].filter((each) => !tried.has(each.task));
    this.#turn += 1;
    const server = servers[this.#turn % Math.max(1, servers.length)];
    if (server) server.active += 1;
    return server;
  }

  give(server: Server): void {
    server.active -= 1;
    if (server.active === 0) server.idle?.();
  }
}
