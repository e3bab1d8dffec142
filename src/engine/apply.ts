import { act, type Run } from "./act.ts";
import { visit } from "./graph.ts";
import type { Action, Change } from "./plan.ts";
import { asError, Interrupted } from "./problem.ts";
import { referencesIn } from "./reference.ts";

/** How a run ended. */
export interface Outcome {
  /** Changes that were carried out, by action. */
  readonly done: ReadonlyMap<Action, number>;
  readonly failed: readonly { readonly id: string; readonly error: Error }[];
  readonly skipped: readonly { readonly id: string; readonly because: string }[];
  /** What waits for a person, or for something that does. */
  readonly left: readonly { readonly id: string; readonly why: string }[];
  readonly interrupted: boolean;
}

type Ending =
  | { readonly is: "done" }
  | { readonly is: "left"; readonly why: string }
  | { readonly is: "stopped"; readonly why: string };

/** Carries out a plan that refuses nothing, or all of it but the refusals when it goes down. Never throws: all failures are in the outcome. */
export async function apply<Aws>(changes: readonly Change<Aws>[], run: Run<Aws>): Promise<Outcome> {
  const done = new Map<Action, number>();
  const failed: { id: string; error: Error }[] = [];
  const skipped: { id: string; because: string }[] = [];
  const left: { id: string; why: string }[] = [];
  const ended = new Map<string, Ending>();
  let interrupted = false;

  const work = async (change: Change<Aws>, before: Iterable<string>) => {
    const { id } = change.resource;
    const up = run.rules.direction === "up" && change.action !== "delete";
    for (const other of before) {
      const ending = ended.get(other);
      if (!ending || ending.is === "done" || (ending.is === "left" && !up)) continue;
      if (ending.is === "left") {
        const why = `it waits for ${other}`;
        left.push({ id, why });
        run.report({ event: "left", id, why });
        ended.set(id, { is: "left", why });
      } else {
        skipped.push({ id, because: other });
        run.report({ event: "skipped", id, action: change.action, because: other });
        ended.set(id, { is: "stopped", why: other });
      }
      return;
    }
    try {
      const result = await act(change, run);
      if (result.action !== "keep") done.set(result.action, (done.get(result.action) ?? 0) + 1);
      if (result.pending !== undefined) {
        left.push({ id, why: result.pending });
        run.report({ event: "left", id, why: result.pending });
        ended.set(id, { is: "left", why: result.pending });
      } else ended.set(id, { is: "done" });
    } catch (thrown) {
      const error = asError(thrown);
      ended.set(id, { is: "stopped", why: error.message });
      if (error instanceof Interrupted) {
        interrupted = true;
        skipped.push({ id, because: "the run was interrupted" });
      } else {
        failed.push({ id, error });
        run.report({ event: "failed", id, action: change.action, error });
      }
    }
  };

  const byId = new Map(changes.map((change) => [change.resource.id, change]));
  const needs = new Map(changes.map(({ resource }) => [resource.id, referencesIn(resource.spec)]));
  const needed = (id: string) => [...needs].flatMap(([other, ids]) => (ids.has(id) ? [other] : []));
  const dependencies = (id: string) => needs.get(id) ?? [];
  const all = (some: readonly Change<Aws>[], order: (id: string) => Iterable<string>) =>
    visit(
      some.map(({ resource }) => resource.id),
      order,
      (id) => work(byId.get(id)!, order(id)),
    );

  const acting = changes.filter(({ action }) => action !== "refuse" && action !== "leave");
  if (run.rules.direction === "down") {
    await all(acting, needed);
  } else {
    const removed = acting.filter(({ action }) => action === "delete" || action === "release");
    await all(
      acting.filter((change) => !removed.includes(change)),
      dependencies,
    );
    // What the configuration turned off goes last, and only when what replaces it stands.
    if (failed.length === 0 && skipped.length === 0) await all(removed, needed);
    else
      for (const { resource } of removed)
        skipped.push({ id: resource.id, because: failed[0]?.id ?? "what comes before it" });
  }
  return { done, failed, skipped, left, interrupted };
}
