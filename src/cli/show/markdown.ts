import type { Action, Change } from "../../engine/plan.ts";
import type { Step } from "../../engine/resource.ts";
import { differenceLines, fieldLine } from "./difference.ts";
import { planDocument } from "./json.ts";
import { summaryLine } from "./plan.ts";

/** What is shown of a plan on a page. */
export interface MarkdownView<Aws> {
  /** `ecomctl up in account 123456789012 in us-east-1` */
  readonly title: string;
  readonly steps: readonly Step<Aws>[];
  readonly changes: readonly Change<Aws>[];
}

/** By this a comment is found again, to be written anew. */
export const MARKER = "<!-- ecomctl plan -->";

/** A comment on GitHub holds 65,536 characters. */
const LONGEST = 60_000;

/** What a line of a diff begins with: GitHub paints these. */
const signs: Record<Action, string> = {
  create: "+",
  update: "!",
  release: "!",
  delete: "-",
  keep: " ",
  leave: " ",
  refuse: "-",
};
const words: Record<Action, string> = {
  create: "to create",
  update: "to update",
  release: "to let go",
  delete: "to delete",
  keep: "stays",
  leave: "not touched by this step",
  refuse: "REFUSED",
};

/** A plan as markdown, as it is put into a comment on a pull request. */
export function planMarkdown<Aws>({ title, steps, changes }: MarkdownView<Aws>): string {
  const { summary } = planDocument(changes);
  const blocks = steps.flatMap((step) => {
    const told = changes.filter(
      ({ step: number, action, why }) => number === step.number && (action !== "keep" || why !== undefined),
    );
    if (told.length === 0 && step.off === undefined) return [];
    const head = `**Step ${step.number}: ${step.title}**${step.off ? `\n\n${step.off}` : ""}`;
    return told.length === 0 ? [head] : [`${head}\n\n${fenced(told.flatMap(changeLines))}`];
  });
  const text = [MARKER, `### ${title}`, summaryLine(summary), ...blocks].join("\n\n");
  return text.length > LONGEST ? `${cut(text)}\n\n… and more: run it yourself to see the rest.` : text;
}

function changeLines<Aws>({ action, resource, differences, why, next }: Change<Aws>): string[] {
  const fields = action === "create" ? differences.map(fieldLine) : differences.flatMap(differenceLines);
  const remark = why === undefined ? "" : `: ${why}`;
  return [
    `${signs[action]} ${resource.id} ${words[action]}${remark}`,
    ...fields.map((line) => `      ${line}`),
    ...(next === undefined ? [] : [`      next: ${next}`]),
  ];
}

/** A fence that nothing inside can close. */
function fenced(lines: readonly string[]): string {
  const text = lines.join("\n");
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}diff\n${text}\n${fence}`;
}

/** As much as fits, ending with a line, and with the fence closed that is open there. */
function cut(text: string): string {
  const part = text.slice(0, text.lastIndexOf("\n", LONGEST));
  const fences = part.match(/^`{3,}/gm) ?? [];
  return fences.length % 2 === 1 ? `${part}\n${fences.at(-1)}` : part;
}
