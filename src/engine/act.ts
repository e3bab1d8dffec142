import type { Event } from "./event.ts";
import { type Action, type Change, type Decision, decide, differencesOf, type Rules, wantOf } from "./plan.ts";
import { Interrupted, Problem } from "./problem.ts";
import { isKnown, referencesIn } from "./reference.ts";
import { isThere, isWritable, type Kind, type Live, type Resource } from "./resource.ts";
import { readOne, type Survey } from "./survey.ts";
import { type Patience, sleep, type Wait } from "./wait.ts";

/** One run: AWS, what was read, and the manners of the run. `survey` is brought up to date as the run goes on. */
export interface Run<Aws> {
  readonly aws: Aws;
  readonly survey: Survey;
  readonly rules: Rules;
  readonly patience: Patience;
  readonly signal?: AbortSignal;
  report(event: Event): void;
}

const SECOND = 1000;
/** AWS shows some writes a minute late (SetQueueAttributes: up to 60 s). */
const SHOWN_WITHIN = 65 * SECOND;
const STALE_WITHIN = 20 * SECOND;
const VISIBLE_WITHIN = 120 * SECOND;
/** Load balancers, tables and draining services take minutes. */
const AT_REST_WITHIN = 30 * 60 * SECOND;

/** Brings one resource to where the plan wants it: reads, decides again, acts, and reads back until it is so. */
export async function act<Aws>(change: Change<Aws>, run: Run<Aws>): Promise<{ action: Action; pending?: string }> {
  const { resource } = change;
  const before = run.survey.get(resource.id)?.live;
  if (settledAlready(change, run)) return { action: "keep" };
  const began = performance.now();
  let action: Action | undefined;
  for (const pause = pauses(run); ; ) {
    const found = await readOne(run.aws, resource, run.survey);
    run.survey.set(resource.id, found);
    const decision = decide(resource, run.survey, run.rules);
    const state = found.live?.state;
    if (found.error) await pause.orThrow(found.error, run.patience(found.error, "keep"), resource.id);
    // What was not there a moment ago may be our own, made by a call whose answer was lost or by a run beside this one.
    else if (change.action === "create" && found.live?.spec.stack === null && pause.waited() < STALE_WITHIN)
      await pause.until(resource.id, "its owner's tag to show", STALE_WITHIN);
    else if (state && (state.is === "busy" || (state.is === "going" && decision?.action !== "delete")))
      await pause.until(resource.id, state.why, AT_REST_WITHIN);
    else if (!decision || decision.action === "keep") {
      if (action) run.report({ event: "finished", id: resource.id, action, milliseconds: performance.now() - began });
      return { action: action ?? "keep", ...(state?.is === "pending" && { pending: state.why }) };
    } else if (decision.action === "refuse") throw refusal(resource, decision);
    else {
      if (!action)
        run.report({ event: "started", id: resource.id, action: decision.action, differences: decision.differences });
      action ??= decision.action;
      try {
        await carryOut(resource, decision, found.live, run);
      } catch (error) {
        if (!(error instanceof Error) || error instanceof Interrupted) throw error;
        await pause.orThrow(error, run.patience(error, decision.action), resource.id);
        continue;
      }
      const ending =
        decision.action === "delete" ? await gone(resource, run) : await settled(resource, decision, before, run);
      if (ending.again) continue;
      run.report({ event: "finished", id: resource.id, action, milliseconds: performance.now() - began });
      return { action, pending: ending.pending };
    }
  }
}

/** Planned as it is, at rest, and nothing that it refers to has become something else meanwhile. */
function settledAlready<Aws>({ action, resource }: Change<Aws>, run: Run<Aws>): boolean {
  if (action !== "keep" || run.survey.get(resource.id)?.live?.state) return false;
  const now = decide(resource, run.survey, run.rules);
  return !now || now.action === "keep";
}

async function carryOut<Aws>(
  resource: Resource<Aws>,
  decision: Decision,
  live: Live | undefined,
  run: Run<Aws>,
): Promise<void> {
  const { name } = resource;
  const kind = resource.kind as Kind<Aws>;
  if (!isWritable(resource.kind)) throw new TypeError(`${resource.id} can only be read`);
  if (decision.action === "delete" && live)
    return live.state?.is === "going" ? undefined : kind.delete(run.aws, name, live);
  if (decision.action === "release" && live) return kind.release?.(run.aws, name, live);
  const want = wantOf(resource, run.survey, run.rules);
  if (!isKnown(want)) {
    const unknown = [...referencesIn(want)].join(", ");
    throw new Problem(
      "output-unknown",
      `${resource.id} needs what AWS does not tell yet`,
      `it refers to ${unknown}`,
      "run the command again in a minute",
    );
  }
  if (decision.action === "create") return kind.create(run.aws, name, want);
  if (live) return kind.update(run.aws, name, want, live, new Set(decision.differences.map(({ field }) => field)));
}

/** How reading back ended: as wanted; waiting for a person; or with a part still to be written, which calls for another round. */
interface Ending {
  readonly pending?: string;
  readonly again?: boolean;
}

/** Reads back until what was written shows. Some things take several writes, with a rest between: each round must bring it nearer. */
async function settled<Aws>(
  resource: Resource<Aws>,
  { action, differences: before }: Decision,
  earlier: Live | undefined,
  run: Run<Aws>,
): Promise<Ending> {
  for (const pause = pauses(run); ; ) {
    const found = await readOne(run.aws, resource, run.survey);
    run.survey.set(resource.id, found);
    const { live, error } = found;
    if (error) {
      await pause.orThrow(error, run.patience(error, "keep"), resource.id);
      continue;
    }
    if (action === "release") {
      if (!live?.adopted) return {};
      await pause.until(resource.id, "its tags to go", SHOWN_WITHIN);
      continue;
    }
    const state = live?.state;
    if (!isThere(live)) {
      await pause.until(resource.id, "it to show", VISIBLE_WITHIN);
      continue;
    }
    if (state?.is === "busy") {
      await pause.until(resource.id, state.why, AT_REST_WITHIN);
      continue;
    }
    if (state?.is === "failed") {
      // The same words as before may be an old value still.
      if (state.why !== earlier?.state?.why || pause.waited() > STALE_WITHIN) throw failure(resource, state.why);
      await pause.until(resource.id, "its state to show", STALE_WITHIN);
      continue;
    }
    if (state?.is === "pending") return { pending: state.why };
    const differences = differencesOf(resource, run.survey, run.rules);
    if (differences.length === 0) return {};
    if (action === "create" || differences.length < before.length) return { again: true };
    if (pause.waited() > SHOWN_WITHIN) {
      run.report({ event: "differs", id: resource.id, differences });
      return {};
    }
    await pause.until(
      resource.id,
      `${differences.map(({ field }) => field).join(", ")} to show`,
      Number.POSITIVE_INFINITY,
    );
  }
}

async function gone<Aws>(resource: Resource<Aws>, run: Run<Aws>): Promise<Ending> {
  for (const pause = pauses(run); ; ) {
    const found = await readOne(run.aws, resource, run.survey);
    run.survey.set(resource.id, found);
    if (found.error) await pause.orThrow(found.error, run.patience(found.error, "keep"), resource.id);
    else if (!found.live) return {};
    else await pause.until(resource.id, found.live.state?.why ?? "it to be gone", AT_REST_WITHIN);
  }
}

/** Waiting that starts at 0.1 s and grows by half up to 10 s: quick on a local endpoint, polite to the real one. */
function pauses<Aws>(run: Run<Aws>) {
  const began = performance.now();
  let next = 100;
  let told = "";
  const waited = () => performance.now() - began;
  const until = async (id: string, what: string, atMost: number) => {
    if (waited() > atMost)
      throw new Problem("timed-out", `${id}: waited in vain`, `for ${what}`, "run the command again");
    if (what !== told || next >= 5 * SECOND)
      run.report({ event: "waiting", id, why: what, seconds: Math.round(waited() / SECOND) });
    told = what;
    await sleep(next, run.signal);
    next = Math.min(next * 1.5, 10 * SECOND);
  };
  let failingSince: number | undefined;
  const orThrow = async (error: Error, wait: Wait | undefined, id: string) => {
    failingSince ??= waited();
    if (!wait || waited() - failingSince > wait.atMost) throw error;
    await until(id, wait.what, Number.POSITIVE_INFINITY);
  };
  return { waited, until, orThrow };
}

const refusal = <Aws>({ id }: Resource<Aws>, { why = "", next = "" }: Decision) =>
  new Problem("refused", `${id}: refused`, why, next);
const failure = <Aws>({ id }: Resource<Aws>, why: string) =>
  new Problem("failed-state", `${id} was written, and does not work`, why, "mend the cause, and run the command again");
