import { findersOf, ownerOf, type Scope, visit } from "./graph.ts";
import { asError, Interrupted } from "./problem.ts";
import { type Known, resolve } from "./reference.ts";
import { isThere, type Live, type Resource } from "./resource.ts";

/** What was found of one resource: it, nothing, or an error on the way. */
export interface Found {
  readonly live?: Live;
  readonly error?: Error;
}

/** What has been read so far, by id. A lookup that nobody could ask is not in it. */
export type Survey = Map<string, Found>;

/** The outputs of what is there; of what is going they are worth nothing any more. */
export const knownFrom =
  (survey: Survey): Known =>
  (id, output) => {
    const live = survey.get(id)?.live;
    return isThere(live) ? live.outputs[output] : undefined;
  };

/** Reads everything in the scope, all at once but for what is found through something else. */
export async function survey<Aws>(aws: Aws, scope: Scope<Aws>): Promise<Survey> {
  const found: Survey = new Map();
  const all = new Map([...scope.others, ...scope.mine].map((resource) => [resource.id, resource]));
  const find = (id: string) => all.get(id);
  await visit(
    [...all.keys()],
    (id) => findersOf(all.get(id)!, find),
    async (id) => {
      found.set(id, await readOne(aws, all.get(id)!, found));
    },
  );
  return found;
}

/** Reads one resource, once what it is found through has been read. */
export async function readOne<Aws>(aws: Aws, resource: Resource<Aws>, survey: Survey): Promise<Found> {
  const owner = ownerOf(resource);
  if (owner !== undefined) {
    const found = survey.get(owner);
    if (found?.error) return { error: found.error };
    if (!isThere(found?.live)) return {};
  }
  try {
    return { live: await resource.kind.read(aws, resource.name, resolve(resource.spec, knownFrom(survey))) };
  } catch (thrown) {
    if (thrown instanceof Interrupted) throw thrown;
    return { error: asError(thrown) };
  }
}
