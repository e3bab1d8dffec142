import type { Outcome } from "../../engine/apply.ts";
import type { Event } from "../../engine/event.ts";
import type { Action } from "../../engine/plan.ts";
import type { Paint } from "../terminal.ts";
import { differenceLines } from "./difference.ts";
import { errorText, explain } from "./error.ts";
import { summaryOf } from "./json.ts";

const doing: Record<Action, string> = {
  create: "creating",
  update: "updating",
  delete: "deleting",
  release: "letting go of",
  keep: "looking at",
  leave: "looking at",
  refuse: "looking at",
};
const done: Record<Action, string> = {
  create: "created",
  update: "updated",
  delete: "deleted",
  release: "let go",
  keep: "as it is",
  leave: "as it is",
  refuse: "refused",
};

/** What remains of an event: a line for good. Undefined: it is only something to look at while it lasts. */
export function lastingLine(event: Event, paint: Paint): string | undefined {
  switch (event.event) {
    case "finished":
      return `  ${paint("green", "✓")} ${event.id} ${done[event.action]} ${paint("dim", `(${seconds(event.milliseconds)})`)}`;
    case "differs":
      return `  ${paint("yellow", "~")} ${event.id} does not show yet what was written: ${event.differences.flatMap(differenceLines).join("; ")}`;
    case "failed":
      return `  ${paint("red", "✗")} ${event.id}\n${indent(errorText(explain(event.error), paint))}`;
    case "skipped":
      return `  ${paint("yellow", "·")} ${event.id} not tried, because of ${event.because}`;
    case "left":
      return `  ${paint("yellow", "!")} ${event.id} left for now: ${event.why}`;
    default:
      return undefined;
  }
}

/** What is under way, for the one line that moves: `creating sqs:queue/OrderQueue, waiting: it to show (12 s) · 3 more`. */
export class UnderWay {
  readonly #now = new Map<string, string>();

  /** The line as it is after an event. */
  after(event: Event): string {
    const { id } = event;
    if (event.event === "started") this.#now.set(id, `${doing[event.action]} ${id}`);
    else if (event.event === "waiting") {
      const begun = (this.#now.get(id) ?? id).split(", waiting: ")[0];
      const since = event.seconds ? ` (${event.seconds} s)` : "";
      this.#now.set(id, `${begun}, waiting: ${event.why}${since}`);
    } else if (event.event !== "differs") this.#now.delete(id);
    const [first = "working", ...more] = this.#now.values();
    return more.length > 0 ? `${first} · ${more.length} more` : first;
  }
}

/** A line for waiting, where nothing moves: once for each thing that is waited for. */
export const waitingLine = (event: Event): string | undefined =>
  event.event === "waiting" ? `  … ${event.id}: waiting: ${event.why}` : undefined;

/** What is said of a run beside its outcome: what stayed as it was, what was refused, and the command that goes on. */
export interface Around {
  readonly kept: number;
  readonly refused: number;
  readonly again: string;
}

/** How a run ended, for a person. */
export function outcomeText(outcome: Outcome, { kept, refused, again }: Around, paint: Paint): string {
  const { create, update, delete: gone } = summaryOf(outcome.done);
  const counts = [
    create > 0 && `${create} created`,
    update > 0 && `${update} updated`,
    gone > 0 && `${gone} deleted`,
    outcome.failed.length > 0 && `${outcome.failed.length} failed`,
    refused > 0 && `${refused} refused`,
    outcome.skipped.length > 0 && `${outcome.skipped.length} not tried`,
    outcome.left.length > 0 && `${outcome.left.length} left for now`,
  ].filter((part) => part !== false);
  const before = kept > 0 ? `${kept} as before` : "";
  const told = [...(counts.length > 0 ? counts : ["nothing changed"]), before].filter(Boolean).join(", ");
  if (outcome.interrupted)
    return `${paint("yellow", "Interrupted:")} ${told}. What is done stays done; \`${again}\` goes on from here.`;
  if (outcome.failed.length + outcome.skipped.length + refused > 0)
    return `${paint("red", "Failed:")} ${told}. What is done stays done; mend the cause, and \`${again}\` goes on from here.`;
  if (outcome.left.length > 0) {
    const waits = outcome.left.map(({ id, why }) => `  ${id}: ${why}`).join("\n");
    return `${paint("yellow", "Done, but for you:")} ${told}\n${waits}\nThen \`${again}\` finishes it.`;
  }
  return counts.length > 0
    ? `${paint("green", "Done:")} ${told}`
    : `${paint("green", "Nothing to do:")} ${before || "nothing is there"}`;
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
const indent = (text: string) => text.replace(/^/gm, "      ");
