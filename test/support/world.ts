import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Aws, type Begun, connect, type Ended, isRead } from "../../src/aws/clients.ts";
import { patience } from "../../src/aws/patience.ts";
import { loadShop, type Shop } from "../../src/config.ts";
import { apply, type Outcome } from "../../src/engine/apply.ts";
import type { Event } from "../../src/engine/event.ts";
import { scopeOf } from "../../src/engine/graph.ts";
import { type Change, plan, type Rules } from "../../src/engine/plan.ts";
import type { Resource, Step } from "../../src/engine/resource.ts";
import { type Survey, survey } from "../../src/engine/survey.ts";
import { ecsWith } from "../../src/local/ecs/index.ts";
import { processRunner } from "../../src/local/ecs/process-runner.ts";
import { recordsRunner } from "../../src/local/ecs/records-runner.ts";
import { type LocalOptions, type LocalServer, startLocal } from "../../src/local/server.ts";
import type { AnyService } from "../../src/local/service.ts";
import { allServices } from "../../src/local/services.ts";
import { platform } from "../../src/platform.ts";
import { checkInput } from "./schema.ts";

/** An endpoint to run against, and AWS as the kinds see it through it. */
export interface World {
  readonly url: string;
  readonly aws: Aws;
  /** Every call since the last `calls.length = 0`. */
  readonly calls: Begun[];
  readonly answers: Ended[];
  readonly local: LocalServer;
  stop(): Promise<void>;
}

export const credentials = { accessKeyId: "test", secretAccessKey: "test" };
export const region = "us-east-1";

/** How a world is to be, beside what a local AWS is told. */
export interface WorldOptions extends Partial<LocalOptions> {
  /** Tasks of ECS are records that run at once, unless they are to be processes. */
  readonly tasks?: "records" | "processes";
}

/** A local AWS in a folder of its own, gone when it stops. Every input is held against the operation's schema. */
export async function startWorld({ tasks, ...options }: WorldOptions = {}): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), "ecomctl-"));
  const services = await servicesWith(tasks === "processes" ? processRunner : () => recordsRunner());
  const local = await startLocal({ dir, port: 0, services, ...options });
  const world = worldAt(local.url);
  const stop = async () => {
    await local.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  return { ...world, local, stop };
}

/** All services, with tasks of ECS that such a runner runs. */
async function servicesWith(runner: typeof processRunner): Promise<AnyService[]> {
  const all = await allServices();
  return all.map((service) => (service.id === "ecs" ? ecsWith(runner) : service));
}

/** AWS through any endpoint. */
export function worldAt(url: string, more: { signal?: AbortSignal } = {}): Omit<World, "local" | "stop"> {
  const calls: Begun[] = [];
  const answers: Ended[] = [];
  const aws = connect({
    region,
    endpoint: url,
    credentials,
    ...more,
    onCall: (begun) => {
      calls.push(begun);
      checkInput(begun);
    },
    onAnswer: (ended) => answers.push(ended),
  });
  return { url, aws, calls, answers };
}

/** The shop as it is without an ecomctl.json; `more` overrides what it says. */
export async function shopOf(more: Partial<Shop> = {}, stage?: string): Promise<Shop> {
  const shop = await loadShop({ cwd: tmpdir(), flags: { local: true, stage }, env: {} });
  return { ...shop, ...more };
}

export interface Ran {
  readonly changes: Change<Aws>[];
  readonly outcome?: Outcome;
  readonly events: Event[];
  readonly survey: Survey;
}

export interface RunOptions {
  /** A part of the platform, or resources of one's own. */
  readonly steps?: readonly Step<Aws>[];
  readonly lookups?: readonly Resource<Aws>[];
  /** The number of one step to run alone. */
  readonly only?: number;
  readonly dry?: boolean;
  readonly rules?: Partial<Rules>;
  readonly signal?: AbortSignal;
}

/** A run as the command line makes it: surveys, plans, and applies unless something is refused. */
export async function run(aws: Aws, shop: Shop, options: RunOptions = {}): Promise<Ran> {
  const whole = options.steps ? { steps: options.steps, lookups: options.lookups ?? [] } : platform(shop);
  const only = whole.steps.find(({ number }) => number === options.only);
  const scope = scopeOf(whole.steps, whole.lookups, only);
  const rules: Rules = { direction: "up", stack: shop.stack, ...options.rules };
  const found = await survey(aws, scope);
  const changes = plan(scope, found, rules);
  const events: Event[] = [];
  const refused = rules.direction === "up" && changes.some(({ action }) => action === "refuse");
  if (options.dry || refused) return { changes, events, survey: found };
  const report = (event: Event) => void events.push(event);
  const outcome = await apply(changes, { aws, survey: found, rules, patience, signal: options.signal, report });
  return { changes, outcome, events, survey: found };
}

/** `down`, with everything that is ours. */
export const takeDown = (aws: Aws, shop: Shop, options: RunOptions = {}): Promise<Ran> =>
  run(aws, shop, { ...options, rules: { direction: "down", deleteData: true, deleteAdopted: true, ...options.rules } });

/** What a plan would change: `update sqs:queue/OrderQueue (visibility)`. */
export const pending = (changes: readonly Change<Aws>[]): string[] =>
  changes
    .filter(({ action }) => action !== "keep")
    .map(({ action, resource, differences, why }) => {
      const fields = differences.map(({ field }) => field).join(", ");
      return `${action} ${resource.id}${fields ? ` (${fields})` : ""}${action === "refuse" ? `: ${why}` : ""}`;
    });

/** Why an outcome is not a success, one line each. */
export const troubles = ({ outcome, changes }: Ran): string[] =>
  outcome
    ? [
        ...outcome.failed.map(({ id, error }) => `${id}: ${error.message}${"why" in error ? `: ${error.why}` : ""}`),
        ...outcome.skipped.map(({ id, because }) => `${id} skipped: ${because}`),
        ...outcome.left.map(({ id, why }) => `${id} left: ${why}`),
      ]
    : pending(changes);

/** The calls that change something. */
export const writesIn = (calls: readonly Begun[]): string[] =>
  calls.filter(({ operation }) => !isRead(operation)).map(({ service, operation }) => `${service}:${operation}`);
