import { randomUUID } from "node:crypto";
import type { TriggerType } from "@aws-sdk/client-codepipeline";
import { type Local, Refusal } from "../service.ts";
import { act } from "./act.ts";
import {
  type CodePipelineState,
  codePipelineKeeper,
  codePipelineState,
  type Declaration,
  type ExecutionRecord,
  executionsOf,
  isUnderWay,
  type Stage,
} from "./state.ts";

/** Executions of one pipeline that may be under way at once. */
const AT_ONCE = 50;
/** Executions of one pipeline that are kept. AWS keeps a year. */
const KEPT = 100;

/** What starts an execution. */
export interface Start {
  readonly type: TriggerType;
  readonly detail: string;
  readonly token?: string;
  readonly commits?: Readonly<Record<string, string>>;
}

interface Flight {
  readonly stop: AbortController;
  readonly over: Promise<void>;
}

/** Takes the executions of a region's pipelines through their stages. */
export class Engine {
  readonly #local: Local;
  readonly #region: string;
  readonly #flights = new Map<string, Flight>();
  /** Who waits for a stage, and is to look again whenever something changes. */
  #waiting = new Set<() => void>();
  #stopped = false;

  constructor(local: Local, region: string) {
    this.#local = local;
    this.#region = region;
  }

  get #state(): CodePipelineState {
    return codePipelineState(this.#local, this.#region);
  }

  /** Takes up what was under way when the local AWS stopped: actions that had not ended are done again. */
  resume(): void {
    const all = Object.values(this.#state.executions).filter(isUnderWay);
    for (const execution of all.sort((a, b) => a.number - b.number)) this.#fly(execution);
  }

  /** Starts an execution. Throws ConcurrentPipelineExecutionsLimitExceededException. */
  start(declaration: Declaration, { type, detail, token, commits = {} }: Start): ExecutionRecord {
    const state = this.#state;
    const others = executionsOf(state, declaration.name);
    if (others.filter(isUnderWay).length >= AT_ONCE)
      throw new Refusal(
        "ConcurrentPipelineExecutionsLimitExceededException",
        `The pipeline ${declaration.name} has reached its limit of ${AT_ONCE} concurrent executions`,
      );
    for (const { id, status } of others.slice(KEPT)) if (status !== "InProgress") delete state.executions[id];
    const now = this.#local.clock.now();
    state.last += 1;
    const execution: ExecutionRecord = {
      id: randomUUID(),
      pipeline: declaration.name,
      number: state.last,
      declaration,
      status: "InProgress",
      startedAt: now,
      updatedAt: now,
      trigger: { type, detail },
      token,
      commits: { ...commits },
      stage: 0,
      waiting: true,
      redoFrom: 0,
      actions: [],
      artifacts: {},
      revisions: [],
      variables: {},
    };
    state.executions[execution.id] = execution;
    this.#fly(execution);
    return execution;
  }

  /** Does a stage of an execution again: what failed of it, or all. */
  retry(execution: ExecutionRecord, stage: number, all: boolean): void {
    if (all) execution.redoFrom = execution.actions.length;
    Object.assign(execution, { stage, waiting: true, status: "InProgress", stopped: undefined });
    this.#fly(execution);
  }

  /** Stops an execution: when its actions have ended, or at once. */
  stop(execution: ExecutionRecord, reason: string, abandon: boolean): void {
    execution.stopped = { reason, abandon };
    execution.status = "Stopping";
    if (abandon || execution.waiting) this.#flights.get(execution.id)?.stop.abort("abandoned");
    this.#save(execution);
  }

  /** Forgets all executions of a pipeline that is gone. */
  forget(pipeline: string): void {
    for (const { id } of executionsOf(this.#state, pipeline)) {
      this.#flights.get(id)?.stop.abort("gone");
      delete this.#state.executions[id];
    }
    this.wake();
  }

  /** Lets all who wait look again. */
  wake(): void {
    const all = this.#waiting;
    this.#waiting = new Set();
    for (const each of all) each();
  }

  /** The local AWS stops: everything stays as it is, and is taken up again. */
  async close(): Promise<void> {
    this.#stopped = true;
    const all = [...this.#flights.values()];
    for (const { stop } of all) stop.abort("the local AWS stops");
    this.wake();
    await Promise.all(all.map(({ over }) => over));
  }

  #fly(execution: ExecutionRecord): void {
    const stop = new AbortController();
    const before = this.#flights.get(execution.id)?.over ?? Promise.resolve();
    const over = before
      .then(() => this.#drive(execution, stop.signal))
      .catch((error) => {
        this.#local.warn(`codepipeline: ${execution.id}: ${error instanceof Error ? error.stack : error}`);
        if (!this.#stopped) this.#end(execution, "Failed");
      })
      .finally(() => {
        if (this.#flights.get(execution.id)?.stop === stop) this.#flights.delete(execution.id);
      });
    this.#flights.set(execution.id, { stop, over });
    this.#save(execution);
  }

  async #drive(execution: ExecutionRecord, signal: AbortSignal): Promise<void> {
    const { stages } = execution.declaration;
    for (const [index, stage] of stages.entries()) {
      if (index < execution.stage) continue;
      if (index !== execution.stage) Object.assign(execution, { stage: index, waiting: true });
      this.#save(execution);
      if (execution.waiting && !(await this.#enter(execution, stage, signal))) return;
      const result = await this.#run(execution, stage, signal);
      if (result === "interrupted" && !execution.stopped) return;
      if (execution.stopped) return this.#end(execution, "Stopped");
      if (result === "failed") return this.#end(execution, "Failed");
    }
    this.#end(execution, "Succeeded");
  }

  /** Waits until a stage is free, and may be entered. False: it will not be, by this execution. */
  async #enter(execution: ExecutionRecord, stage: Stage, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (execution.stopped) {
        this.#end(execution, "Stopped");
        return false;
      }
      if (signal.aborted) return false;
      if (this.#isSuperseded(execution, stage)) {
        this.#end(execution, "Superseded");
        return false;
      }
      if (this.#mayEnter(execution, stage)) {
        execution.waiting = false;
        this.#save(execution);
        return true;
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #others(execution: ExecutionRecord, stage: Stage): ExecutionRecord[] {
    const at = (each: ExecutionRecord) => each.declaration.stages[each.stage]?.name;
    return executionsOf(this.#state, execution.pipeline).filter(
      (each) => each !== execution && isUnderWay(each) && at(each) === stage.name,
    );
  }

  #isSuperseded(execution: ExecutionRecord, stage: Stage): boolean {
    if (execution.declaration.executionMode !== "SUPERSEDED") return false;
    return this.#others(execution, stage).some((each) => each.waiting && each.number > execution.number);
  }

  #mayEnter(execution: ExecutionRecord, stage: Stage): boolean {
    if (this.#state.pipelines[execution.pipeline]?.closed[stage.name]) return false;
    if (execution.declaration.executionMode === "PARALLEL") return true;
    return this.#others(execution, stage).every((each) => each.waiting && each.number > execution.number);
  }

  async #run(
    execution: ExecutionRecord,
    stage: Stage,
    signal: AbortSignal,
  ): Promise<"done" | "failed" | "interrupted"> {
    const save = () => this.#save(execution);
    const orders = [...new Set(stage.actions.map(({ runOrder = 1 }) => runOrder))].sort((a, b) => a - b);
    for (const order of orders) {
      const group = stage.actions.filter(({ runOrder = 1 }) => runOrder === order);
      const results = await Promise.all(
        group.map((action) =>
          act({ local: this.#local, region: this.#region, execution, stage, action, signal, save }),
        ),
      );
      if (results.includes("interrupted")) return "interrupted";
      if (results.includes("failed")) return "failed";
      if (execution.stopped) return "done";
    }
    return "done";
  }

  #end(execution: ExecutionRecord, status: ExecutionRecord["status"]): void {
    execution.status = status;
    execution.waiting = false;
    this.#save(execution);
  }

  #save(execution: ExecutionRecord): void {
    execution.updatedAt = this.#local.clock.now();
    this.#local.changed(codePipelineKeeper, this.#region);
    this.wake();
  }
}
