import { Agent, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { Local } from "../service.ts";
import { drainSeconds } from "./attributes.ts";
import { Doors } from "./doors.ts";
import { Flights } from "./flights.ts";
import { type Health, isHere, unasked, watch } from "./health.ts";
import { Metrics } from "./metrics.ts";
import { fixed } from "./pages.ts";
import { pass } from "./proxy.ts";
import { actionFor, groupFor } from "./route.ts";
import { servedListener } from "./served.ts";
import { elbKeeper, elbState, type LoadBalancer, type Target, type TargetGroup, usersOf } from "./state.ts";

const planes = new WeakMap<Local, Plane>();

/** The load balancers of a local AWS as they run. */
export function planeOf(local: Local): Plane {
  const plane = planes.get(local) ?? new Plane(local);
  planes.set(local, plane);
  return plane;
}

const keyOf = (group: string, target: { id: string; port: number }): string => `${group} ${target.id}:${target.port}`;

/** What CloudWatch calls a load balancer or a target group: the end of its ARN. */
const suffix = (arn: string): string => arn.slice(arn.lastIndexOf(":") + 1).replace(/^loadbalancer\//, "");

/** Ports, health checks and requests: everything about load balancers that is not in their state. */
class Plane {
  readonly #local: Local;
  readonly #doors: Doors;
  readonly #watches = new Map<string, AbortController>();
  readonly #health = new Map<string, Health>();
  readonly #turns = new Map<string, number>();
  readonly #flights = new Flights();
  readonly #agent = new Agent({ keepAlive: true, scheduling: "lifo" });
  #stopping = new AbortController();
  readonly metrics = new Metrics();

  constructor(local: Local) {
    this.#local = local;
    this.#doors = new Doors(local);
  }

  /** Opens a free port for a new load balancer, and keeps it. */
  open(region: string, arn: string): Promise<number> {
    const remembered = this.#local
      .regions(elbKeeper)
      .flatMap((name) => Object.values(elbState(this.#local, name).loadBalancers).map(({ port }) => port));
    return this.#doors.open(arn, this.#serve(region, arn), new Set(remembered));
  }

  /** Closes the port of a load balancer; requests that are under way finish. */
  close(arn: string): void {
    this.#doors.close(arn);
  }

  /** Takes up what was there before a restart. */
  async start(): Promise<void> {
    this.#stopping = new AbortController();
    for (const region of this.#local.regions(elbKeeper)) {
      const state = elbState(this.#local, region);
      // Requests do not outlive a restart: who was draining is done.
      for (const group of Object.values(state.targetGroups))
        group.targets = group.targets.filter((target) => target.drainingSince === undefined);
      for (const { arn, port } of Object.values(state.loadBalancers))
        await this.#doors.reopen(arn, port, this.#serve(region, arn), this.#stopping.signal);
      this.sync(region);
    }
  }

  /** Resolves when all ports are closed. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const watching of this.#watches.values()) watching.abort();
    this.#watches.clear();
    this.#health.clear();
    this.#agent.destroy();
    await this.#doors.closeAll();
  }

  /** Watches the targets there are, and no others. */
  sync(region: string): void {
    if (this.#stopping.signal.aborted) return;
    const wanted = new Set<string>();
    const state = elbState(this.#local, region);
    for (const group of Object.values(state.targetGroups)) {
      if (usersOf(state, group.arn).length === 0) continue;
      for (const target of group.targets) {
        const key = keyOf(group.arn, target);
        if (target.drainingSince !== undefined) continue;
        wanted.add(key);
        if (!this.#watches.has(key)) this.#watch(region, group.arn, target);
      }
    }
    for (const [key, watching] of this.#watches) {
      if (wanted.has(key) || !key.includes(`:${region}:`)) continue;
      watching.abort();
      this.#watches.delete(key);
      this.#health.delete(key);
    }
  }

  /** How a target of a group in use is. */
  health(group: string, target: Target): Health {
    return this.#health.get(keyOf(group, target)) ?? unasked;
  }

  /** Resolves when a leaving target has no requests left, or its time is over. */
  async drained(group: TargetGroup, target: Target): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#stopping.signal]);
    const late = this.#local.clock.sleep(drainSeconds(group) * 1000, signal).catch(() => {});
    await Promise.race([this.#flights.none(keyOf(group.arn, target)), late]);
    over.abort();
  }

  #watch(region: string, arn: string, target: Target): void {
    const watching = new AbortController();
    const key = keyOf(arn, target);
    const group = () => elbState(this.#local, region).targetGroups[arn];
    const report = (health: Health) => {
      this.#health.set(key, health);
      this.#count(region, arn);
    };
    this.#watches.set(key, watching);
    watch(this.#local, group, { ...target }, report, watching.signal).catch((error) =>
      this.#local.warn(`health of ${key}: ${error instanceof Error ? error.stack : error}`),
    );
  }

  #count(region: string, arn: string): void {
    const state = elbState(this.#local, region);
    const group = state.targetGroups[arn];
    if (group === undefined) return;
    const states = group.targets.map((target) => this.health(arn, target).state);
    for (const user of usersOf(state, arn)) {
      const dimensions = { LoadBalancer: suffix(user), TargetGroup: suffix(arn) };
      const observe = (name: string, state: string) =>
        this.metrics.observe(this.#local.clock.now(), name, dimensions, states.filter((one) => one === state).length);
      observe("HealthyHostCount", "healthy");
      observe("UnHealthyHostCount", "unhealthy");
    }
  }

  #serve(region: string, arn: string): RequestListener {
    return (request, response) => {
      const state = elbState(this.#local, region);
      const balancer = state.loadBalancers[arn];
      const listener = servedListener(state, arn);
      // On AWS nobody would have answered either.
      if (!balancer || !listener || this.#local.clock.now() < balancer.activeAt) return void request.socket.destroy();
      const action = actionFor(listener, request);
      if (action?.Type !== "forward") return action && fixed(action, request, response);
      const group = state.targetGroups[groupFor(action, Math.random()) ?? ""];
      if (group !== undefined) this.#forward(balancer, group, request, response);
      else request.socket.destroy();
    };
  }

  #forward(balancer: LoadBalancer, group: TargetGroup, request: IncomingMessage, response: ServerResponse): void {
    const now = this.#local.clock.now();
    const names = [suffix(balancer.arn), suffix(group.arn)] as const;
    this.metrics.both(now, "RequestCount", ...names, 1);
    pass({
      balancer,
      group,
      request,
      response,
      agent: this.#agent,
      next: (tried) => this.#next(group, tried),
      begin: (target) => this.#flights.begin(keyOf(group.arn, target)),
      answered: (by, status, seconds) => {
        const family = `${Math.floor(status / 100)}XX_Count`;
        if (by === "balancer") {
          this.metrics.observe(now, `HTTPCode_ELB_${family}`, { LoadBalancer: names[0] }, 1);
          return;
        }
        this.metrics.both(now, `HTTPCode_Target_${family}`, ...names, 1);
        this.metrics.both(now, "TargetResponseTime", ...names, seconds);
      },
      unreachable: () => this.metrics.both(now, "TargetConnectionErrorCount", ...names, 1),
    });
  }

  /**
   * Healthy targets in turn. With none healthy AWS would try all of them ("fail open"); here nobody is sent where
   * nobody answers, so that a shop which does not work is seen not to work.
   */
  #next(group: TargetGroup, tried: ReadonlySet<Target>): Target | undefined {
    const able = group.targets.filter(
      (target) =>
        target.drainingSince === undefined &&
        !tried.has(target) &&
        isHere(target) &&
        this.health(group.arn, target).state === "healthy",
    );
    const turn = this.#turns.get(group.arn) ?? 0;
    this.#turns.set(group.arn, turn + 1);
    return able[turn % Math.max(able.length, 1)];
  }
}
