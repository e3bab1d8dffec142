import { apply, type Outcome } from "../../src/engine/apply.ts";
import type { Event } from "../../src/engine/event.ts";
import { scopeOf } from "../../src/engine/graph.ts";
import { type Change, plan, type Rules } from "../../src/engine/plan.ts";
import {
  type Fields,
  type Kind,
  type Live,
  type Lookup,
  makerOf,
  type Resource,
  type State,
  type Step,
} from "../../src/engine/resource.ts";
import { type Survey, survey } from "../../src/engine/survey.ts";
import type { Patience } from "../../src/engine/wait.ts";

/** A cloud in memory: things by id, and a log of what was called. */
export class Cloud {
  readonly things = new Map<
    string,
    {
      spec: Fields & { stack?: string | null };
      outputs: Record<string, string | string[]>;
      state?: State;
      adopted?: boolean;
    }
  >();
  readonly log: string[] = [];
  /** Thrown once by the next write of that name, before or after the deed. */
  readonly errors = new Map<string, { error: Error; after?: boolean }>();
  /** Called after each write. */
  onWrite: (what: string) => void = () => {};

  write(what: string, deed: () => void): void {
    const planned = this.errors.get(what);
    this.errors.delete(what);
    if (planned && !planned.after) throw planned.error;
    this.log.push(what);
    deed();
    this.onWrite(what);
    if (planned) throw planned.error;
  }
}

type Words = { size?: number; parent?: string; tags?: string[]; text?: string | null; key?: string };

const read =
  (type: string) =>
  async (cloud: Cloud, name: string): Promise<Live<Words, "arn"> | undefined> => {
    cloud.log.push(`read ${name}`);
    const thing = cloud.things.get(`${type}/${name}`);
    return thing && structuredClone(thing);
  };

const kindOf = (type: string, more: Partial<Kind<Cloud, Words, "arn">> = {}): Kind<Cloud, Words, "arn"> => ({
  type,
  outputs: ["arn"],
  read: read(type),
  async create(cloud, name, { adopted: _, ...want }) {
    cloud.write(`create ${name}`, () => {
      const { stack, ...spec } = want;
      cloud.things.set(`${type}/${name}`, {
        spec: more.partOf ? spec : { ...spec, stack },
        outputs: { arn: `arn:${name}` },
      });
    });
  },
  async update(cloud, name, { adopted, ...want }, _have, changed) {
    cloud.write(`update ${name} ${[...changed].join(",")}`, () => {
      const thing = cloud.things.get(`${type}/${name}`)!;
      thing.spec = { ...thing.spec, ...want };
      if (adopted) thing.adopted = true;
      thing.state = undefined;
    });
  },
  async delete(cloud, name) {
    cloud.write(`delete ${name}`, () => void cloud.things.delete(`${type}/${name}`));
  },
  async release(cloud, name) {
    cloud.write(`release ${name}`, () => {
      const thing = cloud.things.get(`${type}/${name}`)!;
      thing.spec.stack = null;
      thing.adopted = false;
    });
  },
  ...more,
});

export const box = makerOf(kindOf("mem:box", { fixed: ["key"] }));
export const vault = makerOf(kindOf("mem:vault", { kept: "it holds data" }));
export const part = makerOf(kindOf("mem:part", { partOf: "parent" }));
const place: Lookup<Cloud, Words, "arn"> = {
  type: "mem:place",
  outputs: ["arn"],
  read: read("mem:place"),
  missing: "make a place",
};
export const lookup = makerOf(place);

export const step = (number: number, ...resources: Resource<Cloud>[]): Step<Cloud> => ({
  number,
  title: `step ${number}`,
  resources,
});

export const up: Rules = { direction: "up", stack: "shop/here" };
export const down: Rules = { direction: "down", stack: "shop/here" };

export interface Ran {
  readonly changes: Change<Cloud>[];
  readonly outcome?: Outcome;
  readonly events: Event[];
  readonly survey: Survey;
}

/** Surveys and plans; applies if nothing is refused and `dry` is not set. */
export async function go(
  cloud: Cloud,
  steps: Step<Cloud>[],
  rules: Rules = up,
  {
    lookups = [],
    only,
    dry = false,
    patience = () => undefined,
    signal,
  }: { lookups?: Resource<Cloud>[]; only?: Step<Cloud>; dry?: boolean; patience?: Patience; signal?: AbortSignal } = {},
): Promise<Ran> {
  const scope = scopeOf(steps, lookups, only);
  const found = await survey(cloud, scope);
  const changes = plan(scope, found, rules);
  const events: Event[] = [];
  if (dry || (rules.direction === "up" && changes.some(({ action }) => action === "refuse")))
    return { changes, events, survey: found };
  const outcome = await apply(changes, {
    aws: cloud,
    survey: found,
    rules,
    patience,
    signal,
    report: (event) => events.push(event),
  });
  return { changes, outcome, events, survey: found };
}

/** `create a, keep b` */
export const told = (changes: readonly Change<Cloud>[]): string =>
  changes.map(({ action, resource }) => `${action} ${resource.name}`).join(", ");
