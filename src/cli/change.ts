import type { Aws } from "../aws/clients.ts";
import { patience } from "../aws/patience.ts";
import { apply, type Outcome } from "../engine/apply.ts";
import { scopeOf } from "../engine/graph.ts";
import { type Change, driftElsewhere, plan, type Rules } from "../engine/plan.ts";
import { Interrupted, Problem } from "../engine/problem.ts";
import type { Step } from "../engine/resource.ts";
import type { Survey } from "../engine/survey.ts";
import { ask } from "./ask.ts";
import { blockersIn, localHandshakes, waitForPerson } from "./handshake.ts";
import type { Options } from "./options.ts";
import { reporterFor } from "./reporter.ts";
import { look, type Session } from "./session.ts";
import { type DoneEvent, doneEvent, planDocument, withFields } from "./show/json.ts";
import { planMarkdown } from "./show/markdown.ts";
import { planText } from "./show/plan.ts";
import { outcomeText } from "./show/progress.ts";
import type { Terminal } from "./terminal.ts";

/** What a command wants to become of the platform. */
export interface Wish {
  /** The command as it is typed again: `ecomctl up`. */
  readonly command: string;
  readonly rules: Omit<Rules, "stack">;
  /** One step alone. */
  readonly step?: Step<Aws>;
  /** Asked before a real account is changed, and what has to be typed. */
  question(session: Session): { readonly question: string; readonly wanted: string };
  /** What else is to be done and told once all went well. */
  after?(session: Session, survey: Survey): Promise<After>;
}
/** What comes after a run: lines for a person, and what the last line of JSON says besides. */
export interface After {
  readonly lines: readonly string[];
  readonly more: Readonly<Record<string, unknown>>;
}

/** Survey, plan and, unless it is a dry run, apply: the way of every command that changes something. Resolves with the exit code. */
export async function change(wish: Wish, session: Session, options: Options, terminal: Terminal): Promise<number> {
  const rules: Rules = { ...wish.rules, stack: session.shop.stack };
  const { steps, lookups } = session.platform;
  const scope = scopeOf(steps, lookups, wish.step);
  const found = await look(session, scope);
  if (session.signal.aborted) throw new Interrupted();
  const changes = plan(scope, found, rules);
  const shown = withFields([...changes, ...(wish.step ? driftElsewhere(scope, found, rules) : [])], found);
  const view = { steps: wish.step ? stepsIn(shown, steps, wish.step) : steps, changes: shown };
  const refusals = changes.filter(({ action }) => action === "refuse");

  if (options.dryRun) {
    const title = `What ${wish.command} would do in ${session.where}`;
    if (options.json) terminal.out(JSON.stringify(planDocument(shown), null, 2));
    else if (options.format === "markdown") terminal.out(planMarkdown({ ...view, title }));
    else {
      terminal.tell(`${title}:\n`);
      terminal.out(planText({ ...view, details: true, paint: terminal.paintOut }));
    }
    if (refusals.length > 0) return 1;
    return options.detailedExitcode && changes.some(isPending) ? 2 : 0;
  }

  const refused = rules.direction === "up" && refusals.length > 0;
  if (!options.json && (refused || changes.some(isPending) || changes.some(({ why }) => why !== undefined))) {
    terminal.tell(`${wish.command} in ${session.where}:\n`);
    terminal.tell(`${planText({ ...view, details: false, paint: terminal.paint })}\n`);
  }
  if (refused) {
    if (!options.json) throw refusedProblem(refusals);
    for (const { resource, why, next } of refusals)
      terminal.out(JSON.stringify({ event: "refused", id: resource.id, why, next }));
    const { summary } = planDocument(changes);
    terminal.out(
      JSON.stringify({ event: "done", summary: { ...nothing, keep: summary.keep, refuse: summary.refuse }, left: [] }),
    );
    return 1;
  }
  if (changes.some(isPending) && !options.yes && !options.local) {
    const { question, wanted } = wish.question(session);
    await ask(question, wanted, terminal, session.signal);
  }
  const outcome = await carryOut(changes, found, rules, session, options, terminal);
  const blockers = options.wait && outcome.failed.length === 0 ? blockersIn(outcome, changes, found) : [];
  if (blockers.length > 0 && !outcome.interrupted) {
    await handshake(blockers, found, session, options, terminal);
    return change(wish, session, { ...options, yes: true }, terminal);
  }
  return tell(outcome, wish, session, { changes, found, refusals }, options, terminal);
}

async function carryOut(
  changes: readonly Change<Aws>[],
  found: Survey,
  rules: Rules,
  { aws, signal }: Session,
  options: Options,
  terminal: Terminal,
): Promise<Outcome> {
  if (!aws) return { done: new Map(), failed: [], skipped: [], left: [], interrupted: false };
  const { report, stop } = await reporterFor(terminal, options.json);
  try {
    return await apply(changes, { aws, survey: found, rules, patience, signal, report });
  } finally {
    stop();
  }
}

/** Shows what a person has to do, and waits until it is done. */
async function handshake(
  blockers: readonly Change<Aws>[],
  found: Survey,
  session: Session,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const { local = false, json } = options;
  if (local && !json) for (const line of localHandshakes(session, found)) terminal.tell(line);
  const { report, stop } = await reporterFor(terminal, json);
  try {
    await waitForPerson(blockers, found, { ...session, local }, report);
  } finally {
    stop();
  }
}

interface Ran {
  readonly changes: readonly Change<Aws>[];
  readonly found: Survey;
  readonly refusals: readonly Change<Aws>[];
}

async function tell(
  outcome: Outcome,
  wish: Wish,
  session: Session,
  { changes, found, refusals }: Ran,
  options: Options,
  terminal: Terminal,
): Promise<number> {
  const kept = changes.length - refusals.length - changes.filter(isPending).length;
  const well = !outcome.interrupted && outcome.failed.length + outcome.skipped.length + refusals.length === 0;
  if (!options.json)
    terminal.tell(outcomeText(outcome, { kept, refused: refusals.length, again: wish.command }, terminal.paint));
  const after = well ? await wish.after?.(session, found) : undefined;
  if (options.local && !options.json && outcome.left.length > 0)
    for (const line of localHandshakes(session, found)) terminal.tell(line);
  if (options.json) {
    const done: DoneEvent = doneEvent(outcome, kept);
    const summary = { ...done.summary, refuse: refusals.length };
    terminal.out(JSON.stringify({ ...done, summary, ...after?.more }));
  } else for (const line of after?.lines ?? []) terminal.out(line);
  if (outcome.interrupted) return 130;
  if (!well) return 1;
  return outcome.left.length > 0 ? 3 : 0;
}

const nothing = { create: 0, update: 0, keep: 0, delete: 0, refuse: 0 };
const isPending = ({ action }: Change<Aws>) =>
  action === "create" || action === "update" || action === "delete" || action === "release";

const stepsIn = (changes: readonly Change<Aws>[], steps: readonly Step<Aws>[], own: Step<Aws>) =>
  steps.filter((step) => step === own || changes.some(({ step: number }) => number === step.number));

function refusedProblem(refusals: readonly Change<Aws>[]): Problem {
  const [first] = refusals;
  const what = refusals.length === 1 ? `${first?.resource.id} is refused` : `${refusals.length} resources are refused`;
  const reasons = new Set(refusals.map(({ why }) => why ?? ""));
  const ways = new Set(refusals.map(({ next }) => next ?? ""));
  return new Problem("refused", `${what}: nothing was changed`, [...reasons].join("; "), [...ways].join("; or "));
}
