import type { Action, Change } from "../../engine/plan.ts";
import type { Step } from "../../engine/resource.ts";
import type { Paint, Style } from "../terminal.ts";
import { differenceLines, fieldLine } from "./difference.ts";
import { planDocument, type Summary } from "./json.ts";

/** What is shown of a plan. */
export interface PlanView<Aws> {
  readonly steps: readonly Step<Aws>[];
  readonly changes: readonly Change<Aws>[];
  /** Also what is to be made, field by field. */
  readonly details: boolean;
  readonly paint: Paint;
}

const signs: Record<Action, readonly [string, Style]> = {
  create: ["+", "green"],
  update: ["~", "yellow"],
  release: ["~", "yellow"],
  delete: ["-", "red"],
  keep: ["=", "dim"],
  leave: ["=", "dim"],
  refuse: ["!", "red"],
};

/** A plan for a person, step by step; what stays as it is is only counted, unless there is something to say about it. */
export function planText<Aws>({ steps, changes, details, paint }: PlanView<Aws>): string {
  const blocks = steps.flatMap((step) => {
    const told = changes.filter((change) => change.step === step.number && isTold(change));
    if (told.length === 0 && step.off === undefined) return [];
    const lines = told.flatMap((change) => changeLines(change, details, paint));
    return [
      [paint("bold", `Step ${step.number}: ${step.title}`), ...(step.off ? [`  ${step.off}`] : []), ...lines].join(
        "\n",
      ),
    ];
  });
  return [...blocks, summaryLine(planDocument(changes).summary)].join("\n\n");
}

const isTold = <Aws>({ action, why }: Change<Aws>) => action !== "keep" || why !== undefined;

function changeLines<Aws>(change: Change<Aws>, details: boolean, paint: Paint): string[] {
  const { action, resource, differences, why, next } = change;
  const [sign, style] = signs[action];
  if (action === "leave") {
    const fields = differences.map(({ field }) => field).join(", ");
    return [`  ${paint(style, `${sign} ${resource.id}`)}: ${fields} differs; this step leaves it`];
  }
  const fields =
    action === "create" ? (details ? differences.map(fieldLine) : []) : differences.flatMap(differenceLines);
  const remark = why === undefined || action === "refuse" ? "" : `: ${why}`;
  return [
    `  ${paint(style, `${sign} ${resource.id}`)}${remark}`,
    ...fields.map((line) => `      ${line}`),
    ...(action === "refuse" ? [`      why:  ${why}`, `      next: ${next}`] : []),
  ];
}

/** `3 to create, 1 to update, 12 as they are` */
export function summaryLine({ create, update, keep, delete: gone, refuse }: Summary): string {
  const parts = [
    create > 0 && `${create} to create`,
    update > 0 && `${update} to update`,
    gone > 0 && `${gone} to delete`,
    refuse > 0 && `${refuse} refused`,
    keep > 0 && `${keep} ${keep === 1 ? "stays as it is" : "stay as they are"}`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(", ") : "Nothing is there, and nothing is to be done";
}
