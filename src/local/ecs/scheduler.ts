import type { Local } from "../service.ts";
import { Mesh } from "./mesh.ts";
import { reconcile } from "./reconcile.ts";
import type { TaskRunner, Usage } from "./runner.ts";
import type { ServiceRecord } from "./service-record.ts";
import { ecsKeeper, ecsState, sweep } from "./state.ts";
import { watchHealth } from "./task-health.ts";
import { type Life, live, release } from "./task-life.ts";
import type { World } from "./world.ts";

/** How often the scheduler looks by itself, for what nobody tells it: the health of targets. */
const LOOK_EVERY = 200;

const schedulers = new WeakMap<Local, Scheduler>();

/** Tells the scheduler that something has changed. */
export const wake = (local: Local): void => schedulers.get(local)?.wake();

/** What a running task has used; undefined if that cannot be known. */
export const usageOfTask = (local: Local, id: string): Usage | undefined => schedulers.get(local)?.usage(id);

/** Makes what runs be what is wanted: for every service, until `stop`. */
export class Scheduler {
  readonly #local: Local;
  readonly #runner: TaskRunner;
  readonly #mesh = new Mesh();
  readonly #lives = new Map<string, Life>();
  readonly #told = new Set<string>();
  readonly #stopping = new AbortController();
  #woken: () => void = () => {};
  #loop: Promise<void> = Promise.resolve();

  constructor(local: Local, runner: TaskRunner) {
    this.#local = local;
    this.#runner = runner;
    schedulers.set(local, this);
  }

  /** Ends what a former run left, and begins. Tasks that ran then are replaced, as on AWS when their host retires. */
  async start(): Promise<void> {
    await this.#runner.recover();
    for (const region of this.#local.regions(ecsKeeper)) {
      const state = ecsState(this.#local, region);
      for (const task of Object.values(state.tasks)) {
        if (task.lastStatus === "STOPPED") continue;
        await release(this.#local, region, task);
        const now = this.#local.clock.now();
        Object.assign(task, { lastStatus: "STOPPED", desiredStatus: "STOPPED", stoppedAt: now, stoppingAt: now });
        task.stopCode ??= "TerminationNotice";
        task.stoppedReason ??= "The machine that ran this task was restarted";
        for (const container of task.containers) container.lastStatus = "STOPPED";
      }
      for (const service of Object.values(state.services)) service.steady = false;
      this.#local.changed(ecsKeeper, region);
    }
    this.#loop = this.#run();
  }

  /** Ends every task at once, without draining. */
  async stop(): Promise<void> {
    schedulers.delete(this.#local);
    this.#stopping.abort(new Error("the local AWS stops"));
    this.wake();
    await this.#loop;
    await Promise.all([...this.#lives.values()].map((life) => life.abandon()));
    await this.#mesh.close();
  }

  wake(): void {
    this.#woken();
  }

  usage(id: string): Usage | undefined {
    return this.#lives.get(id)?.usage();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#woken = resolve;
      });
      this.#pass();
      const pause = new AbortController();
      const slept = this.#local.clock.sleep(LOOK_EVERY, AbortSignal.any([signal, pause.signal])).catch(() => {});
      await Promise.race([woken, slept]);
      pause.abort();
    }
  }

  #pass(): void {
    for (const region of this.#local.regions(ecsKeeper)) {
      try {
        if (this.#tend(region)) this.#local.changed(ecsKeeper, region);
      } catch (error) {
        this.#local.warn(`ecs: ${error instanceof Error ? error.stack : error}`);
      }
    }
  }

  /** One service that cannot be seen to holds up no other, and is told of once. */
  #reconcile(world: World, service: ServiceRecord): boolean {
    try {
      return reconcile(world, service);
    } catch (error) {
      const what = `ecs: service ${service.name}: ${error instanceof Error ? error.stack : error}`;
      if (!this.#told.has(what)) this.#local.warn(what);
      this.#told.add(what);
      return false;
    }
  }

  #tend(region: string): boolean {
    const local = this.#local;
    const state = ecsState(local, region);
    const world = { local, region, state, now: local.clock.now() };
    sweep(state, world.now);
    let changed = watchHealth(world, this.#mesh);
    for (const service of Object.values(state.services)) if (this.#reconcile(world, service)) changed = true;
    for (const task of Object.values(state.tasks)) {
      const life = this.#lives.get(task.id);
      if (life) {
        if (task.desiredStatus === "STOPPED") life.stop();
      } else if (task.lastStatus === "PROVISIONING") {
        const begun = live({ local, region, runner: this.#runner, mesh: this.#mesh, wake: () => this.wake() }, task);
        this.#lives.set(task.id, begun);
        void begun.done.finally(() => {
          this.#lives.delete(task.id);
          this.wake();
        });
      }
    }
    return changed;
  }
}
