import type { Outcome } from "../../engine/apply.ts";
import type { Difference } from "../../engine/compare.ts";
import type { Event } from "../../engine/event.ts";
import type { Action, Change } from "../../engine/plan.ts";
import { resolve } from "../../engine/reference.ts";
import { knownFrom, type Survey } from "../../engine/survey.ts";
import { explain, type Told } from "./error.ts";

/** How many changes there are of each sort. A thing that is let go counts as updated: its tags are taken off. */
export interface Summary {
  readonly create: number;
  readonly update: number;
  readonly keep: number;
  readonly delete: number;
  readonly refuse: number;
}

/** A plan as scripts read it. */
export interface PlanDocument {
  readonly summary: Summary;
  readonly changes: readonly PlannedChange[];
}
export interface PlannedChange {
  readonly id: string;
  readonly step?: number;
  readonly action: Action;
  readonly differences?: readonly Difference[];
  readonly why?: string;
  readonly next?: string;
}

const counted: Partial<Record<Action, keyof Summary>> = {
  create: "create",
  update: "update",
  release: "update",
  keep: "keep",
  delete: "delete",
  refuse: "refuse",
};

/** Counts actions. */
export function summaryOf(actions: Iterable<readonly [Action, number]>): Summary {
  const summary = { create: 0, update: 0, keep: 0, delete: 0, refuse: 0 };
  for (const [action, times] of actions) {
    const key = counted[action];
    if (key) summary[key] += times;
  }
  return summary;
}

/** A plan as one document. */
export function planDocument<Aws>(changes: readonly Change<Aws>[]): PlanDocument {
  return {
    summary: summaryOf(changes.map(({ action }) => [action, 1] as const)),
    changes: changes.map(({ action, resource, step, differences, why, next }) => ({
      id: resource.id,
      ...(step !== undefined && { step }),
      action,
      ...(differences.length > 0 && { differences }),
      ...(why !== undefined && { why }),
      ...(next !== undefined && { next }),
    })),
  };
}

/** Changes in which a thing that is to be made differs from nothing, in every field that it says. */
export const withFields = <Aws>(changes: readonly Change<Aws>[], survey: Survey): Change<Aws>[] =>
  changes.map((change) => {
    if (change.action !== "create") return change;
    const want = Object.entries(resolve(change.resource.spec, knownFrom(survey)));
    const said = want.filter(([, value]) => value !== null && value !== undefined);
    return { ...change, differences: said.map(([field, want]) => ({ field, have: null, want })) };
  });

/** One event of a run as one line of JSON. */
export const eventLine = (event: Event): string =>
  JSON.stringify(event.event === "failed" ? { ...event, error: explain(event.error) } : event, (key, value: unknown) =>
    key === "milliseconds" && typeof value === "number" ? Math.round(value) : value,
  );

/** What the last line of a run tells. */
export interface DoneEvent {
  readonly event: "done";
  readonly summary: Summary;
  readonly left: Outcome["left"];
  readonly failed: readonly { readonly id: string; readonly error: Told }[];
  readonly skipped: Outcome["skipped"];
  readonly interrupted?: boolean;
}

/** The last line of a run. */
export function doneEvent(outcome: Outcome, kept: number): DoneEvent {
  return {
    event: "done",
    summary: { ...summaryOf(outcome.done), keep: kept },
    left: outcome.left,
    failed: outcome.failed.map(({ id, error }) => ({ id, error: explain(error) })),
    skipped: outcome.skipped,
    ...(outcome.interrupted && { interrupted: true }),
  };
}
