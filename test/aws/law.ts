import { expect } from "vitest";
import type { Aws } from "../../src/aws/clients.ts";
import type { Shop } from "../../src/config.ts";
import { compare } from "../../src/engine/compare.ts";
import { findersOf, scopeOf } from "../../src/engine/graph.ts";
import { resolve } from "../../src/engine/reference.ts";
import { type Fields, isWritable, type Resource } from "../../src/engine/resource.ts";
import { knownFrom } from "../../src/engine/survey.ts";
import { run, takeDown, troubles, type World } from "../support/world.ts";

/** A resource to be held to the law, what must be there first, and what is changed about it. */
export interface Case {
  readonly before?: readonly Resource<Aws>[];
  readonly lookups?: readonly Resource<Aws>[];
  readonly subject: Resource<Aws>;
  readonly change: Fields;
}

/**
 * The law of every kind: absent → created → reads as its spec → updated → reads as its spec → deleted → absent; and
 * `read` answers the same when nothing of `want` is filled in but what finds it.
 */
export async function keepsItsWord(
  world: Pick<World, "aws">,
  shop: Shop,
  { before = [], lookups = [], subject, change }: Case,
): Promise<void> {
  const { aws } = world;
  const platform = (spec: Fields = {}) => {
    const changed = { ...subject, spec: { ...subject.spec, ...spec } };
    return { steps: [{ number: 1, title: "law", resources: [...before, changed] }], lookups };
  };
  const readsAs = async (spec: Fields) => {
    const { survey, changes } = await run(aws, shop, { ...platform(spec), dry: true });
    expect(
      changes.filter(({ action }) => action !== "keep").map(({ resource, differences }) => [resource.id, differences]),
    ).toEqual([]);
    const live = survey.get(subject.id)?.live;
    expect(compare(resolve({ ...subject.spec, ...spec }, knownFrom(survey)), live?.spec ?? {})).toEqual([]);
    expect(live?.state).toBeUndefined();
    for (const output of subject.kind.outputs) expect(live?.outputs, `${subject.id}.${output}`).toHaveProperty(output);

    // Only what finds it is filled in: everything else must come from AWS.
    const all = new Map([...scopeOf(platform(spec).steps, lookups).mine, ...lookups].map((each) => [each.id, each]));
    const finders = new Set(findersOf(subject, (id) => all.get(id)));
    const bare = resolve({ ...subject.spec, ...spec }, (id, output) =>
      finders.has(id) ? knownFrom(survey)(id, output) : undefined,
    );
    expect(await subject.kind.read(aws, subject.name, bare)).toEqual(live);
  };

  const absent = async () => {
    const { survey } = await run(aws, shop, { ...platform(), dry: true });
    expect(survey.get(subject.id)?.error).toBeUndefined();
    expect(survey.get(subject.id)?.live).toBeUndefined();
  };

  await absent();
  expect(troubles(await run(aws, shop, platform()))).toEqual([]);
  await readsAs({});
  expect(troubles(await run(aws, shop, platform(change)))).toEqual([]);
  await readsAs(change);
  expect(troubles(await takeDown(aws, shop, platform(change)))).toEqual([]);
  await absent();
}

/** Every field that a kind's specs declare, for a test that none is forgotten. */
export const fieldsOf = (resource: Resource<Aws>): string[] => {
  const owned = isWritable(resource.kind) && resource.kind.partOf === undefined;
  return [...Object.keys(resource.spec), ...(owned ? ["stack"] : [])];
};
