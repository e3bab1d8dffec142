import { referencesIn } from "./reference.ts";
import { isWritable, type Resource, type Step } from "./resource.ts";

/** What one run may change, and what it only reads because something refers to it. */
export interface Scope<Aws> {
  /** To be changed; the whole description of a resource goes before a view of it. */
  readonly mine: readonly Resource<Aws>[];
  /** To be read only: lookups, and resources of other steps. */
  readonly others: readonly Resource<Aws>[];
  /** The step that runs alone, if one does. */
  readonly alone?: Step<Aws>;
  /** The step that describes a resource. */
  stepOf(id: string): Step<Aws> | undefined;
}

/**
 * The scope of a run: the whole platform, or one step of it.
 * @throws Error when a spec refers to a resource that no step describes.
 */
export function scopeOf<Aws>(
  steps: readonly Step<Aws>[],
  lookups: readonly Resource<Aws>[],
  step?: Step<Aws>,
): Scope<Aws> {
  const whole = new Map<string, Resource<Aws>>();
  const home = new Map<string, Step<Aws>>();
  for (const each of steps) {
    for (const resource of each.resources) {
      if (resource.view) continue;
      whole.set(resource.id, resource);
      home.set(resource.id, each);
    }
  }
  for (const lookup of lookups) whole.set(lookup.id, lookup);

  const mine = new Map<string, Resource<Aws>>();
  for (const resource of step ? step.resources : [...whole.values()].filter(({ kind }) => isWritable(kind))) {
    mine.set(resource.id, resource);
  }
  const others = new Map<string, Resource<Aws>>();
  const add = (id: string, referrer: string) => {
    if (mine.has(id) || others.has(id)) return;
    const resource = whole.get(id);
    if (!resource) throw new Error(`${referrer} refers to ${id}, which no step describes`);
    others.set(id, resource);
    // What is only read needs what it is found through, and nothing else.
    for (const finder of findersOf(resource, (other) => whole.get(other))) add(finder, id);
  };
  for (const resource of mine.values()) for (const id of referencesIn(resource.spec)) add(id, resource.id);
  return { mine: [...mine.values()], others: [...others.values()], alone: step, stepOf: (id) => home.get(id) };
}

/** What must have been read before a resource can be: its owner, and the lookups that its spec names. */
export function findersOf<Aws>(resource: Resource<Aws>, find: (id: string) => Resource<Aws> | undefined): string[] {
  const owner = ownerOf(resource);
  const lookups = [...referencesIn(resource.spec)].filter((id) => {
    const other = find(id);
    return other !== undefined && !isWritable(other.kind);
  });
  return owner === undefined ? lookups : [owner, ...lookups];
}

/** The id of the resource that this one is part of. */
export function ownerOf<Aws>({ kind, spec }: Resource<Aws>): string | undefined {
  if (!isWritable(kind) || kind.partOf === undefined) return undefined;
  return [...referencesIn(spec[kind.partOf])][0];
}

/** Visits each id once, as soon as all that it waits for have been visited, whatever became of them. */
export async function visit(
  ids: readonly string[],
  waitsFor: (id: string) => Iterable<string>,
  work: (id: string) => Promise<void>,
): Promise<void> {
  const known = new Set(ids);
  const started = new Map<string, Promise<void>>();
  const start = (id: string): Promise<void> => {
    const running = started.get(id);
    if (running) return running;
    const before = [...waitsFor(id)].filter((other) => other !== id && known.has(other));
    const promise = Promise.all(before.map(start)).then(() => work(id));
    started.set(id, promise);
    return promise;
  };
  await Promise.all(ids.map(start));
}
