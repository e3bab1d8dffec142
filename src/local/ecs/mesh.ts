import { Balance } from "./balance.ts";
import { definitionOf } from "./definitions.ts";
import { httpProxy, type ProxyServer, tcpProxy } from "./proxy.ts";
import { portNamed } from "./service-connect.ts";
import { primaryOf, revisionOf } from "./service-record.ts";
import type { EcsState } from "./state.ts";
import type { TaskRecord } from "./task-record.ts";

/** How long an HTTP request through Service Connect may take if the service says nothing, in seconds. */
const REQUEST_SECONDS = 15;
/** How long requests under way keep a task from being stopped, in milliseconds. */
const DRAIN_MS = 30_000;

/** An endpoint of a namespace as a client's proxy knows it. */
interface Endpoint {
  /** `name:port` by which clients call it. */
  readonly alias: string;
  /** ARN of its Cloud Map service. */
  readonly arn: string;
  readonly http: boolean;
  /** Milliseconds, 0 for none. */
  readonly timeout: number;
}

/** The endpoints that services of a namespace offer at this moment. */
function endpointsIn(state: EcsState, namespace: string): Endpoint[] {
  return Object.values(state.services).flatMap((service) => {
    const primary = service.status === "ACTIVE" ? primaryOf(service) : undefined;
    const revision = primary && revisionOf(service, primary);
    if (!revision || revision.namespace !== namespace) return [];
    const definition = definitionOf(state, revision.taskDefinition);
    return (revision.serviceConnect?.services ?? []).flatMap((each) => {
      const arn = revision.endpoints.find((one) => one.discoveryName === each.discoveryName)?.discoveryArn;
      const http = portNamed(definition, each.portName)?.appProtocol === "http";
      const seconds = each.timeout?.perRequestTimeoutSeconds ?? REQUEST_SECONDS;
      return (each.clientAliases ?? []).flatMap(({ dnsName, port }) =>
        arn ? [{ alias: `${dnsName}:${port}`, arn, http, timeout: seconds * 1000 }] : [],
      );
    });
  });
}

/** What a client task got from the mesh. */
export interface Membership {
  /** `name:port` → port on 127.0.0.1. */
  readonly names: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** Service Connect: every client task has a listener for each endpoint that was there when it started. */
export class Mesh {
  readonly #balances = new Map<string, Balance>();
  readonly #proxies = new Set<ProxyServer>();

  #balance(endpoint: string): Balance {
    const found = this.#balances.get(endpoint) ?? new Balance();
    this.#balances.set(endpoint, found);
    return found;
  }

  /** Opens the listeners of a task that is about to start. */
  async enter(state: EcsState, task: TaskRecord): Promise<Membership> {
    const endpoints = task.namespace ? endpointsIn(state, task.namespace) : [];
    const opened = await Promise.all(
      endpoints.map(async ({ alias, arn, http, timeout }) => {
        const balance = () => this.#balance(arn);
        const proxy = http ? await httpProxy(balance, timeout) : await tcpProxy(balance);
        this.#proxies.add(proxy);
        return { alias, proxy };
      }),
    );
    return {
      names: Object.fromEntries(opened.map(({ alias, proxy }) => [alias, proxy.port])),
      close: async () => {
        await Promise.all(opened.map(({ proxy }) => this.#close(proxy)));
      },
    };
  }

  /** The task serves from now on. */
  join(task: TaskRecord): void {
    for (const { endpoint, port } of task.serves) {
      const actual = task.ports[String(port)];
      if (actual !== undefined) this.#balance(endpoint).join(task.id, actual);
    }
  }

  /** Nothing more is sent to the task; resolves when its requests have ended, or have had their time. */
  async leave(task: TaskRecord): Promise<void> {
    const left = Promise.all(task.serves.map(({ endpoint }) => this.#balance(endpoint).leave(task.id)));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DRAIN_MS);
    });
    await Promise.race([left, patience]);
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#proxies].map((proxy) => this.#close(proxy)));
  }

  async #close(proxy: ProxyServer): Promise<void> {
    this.#proxies.delete(proxy);
    await proxy.close();
  }
}
