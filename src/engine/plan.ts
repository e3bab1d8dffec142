import { compare, type Difference } from "./compare.ts";
import { ownerOf, type Scope } from "./graph.ts";
import { Problem } from "./problem.ts";
import { referencesIn, resolve } from "./reference.ts";
import { type Fields, isThere, isWritable, type Live, type Resource } from "./resource.ts";
import { knownFrom, type Survey } from "./survey.ts";

export type Action = "create" | "update" | "keep" | "delete" | "release" | "leave" | "refuse";

/** What is to become of one resource. */
export interface Decision {
  readonly action: Action;
  readonly differences: readonly Difference[];
  /** Why it is kept, left or refused, in one line. */
  readonly why?: string;
  /** What a person can do about a refusal. */
  readonly next?: string;
}

export interface Change<Aws> extends Decision {
  readonly resource: Resource<Aws>;
  readonly step?: number;
}

/** What holds for a whole run. */
export interface Rules {
  readonly direction: "up" | "down";
  /** `name/region` or `name/stage/region`. */
  readonly stack: string;
  readonly adopt?: boolean;
  readonly deleteData?: boolean;
  readonly deleteAdopted?: boolean;
}

/** What becomes of all that is in the scope. Calls nothing: a dry run is a plan that nobody applies. */
export function plan<Aws>(scope: Scope<Aws>, survey: Survey, rules: Rules): Change<Aws>[] {
  return scope.mine.flatMap((resource): Change<Aws>[] => {
    const decision = prerequisite(resource, scope, survey, rules) ?? decide(resource, survey, rules);
    return decision ? [{ ...decision, resource, step: scope.stepOf(resource.id)?.number }] : [];
  });
}

/** What the spec asks for, with what is known written in, and with what belongs to somebody else as AWS has it. */
export function wantOf<Aws>(
  resource: Resource<Aws>,
  survey: Survey,
  rules: Rules,
): Fields & { stack: string; adopted?: boolean } {
  const live = survey.get(resource.id)?.live;
  const want: Fields = resolve(resource.spec, knownFrom(survey));
  if (isThere(live)) {
    for (const field of resource.once) want[field] = live.spec[field];
  }
  const foreign = live?.spec.stack !== undefined && live.spec.stack !== rules.stack;
  return { ...want, stack: rules.stack, ...((foreign || live?.adopted) && { adopted: true }) };
}

/** How a resource differs from its spec; references that are not known yet differ. */
export function differencesOf<Aws>(resource: Resource<Aws>, survey: Survey, rules: Rules): Difference[] {
  const live = survey.get(resource.id)?.live;
  if (!live) return [];
  const { stack, adopted: _, ...want } = wantOf(resource, survey, rules);
  return compare(live.spec.stack === undefined ? want : { ...want, stack }, live.spec);
}

/** The one decision: from the spec, what is known, and what was read. Undefined: there is nothing to say about it. */
export function decide<Aws>(resource: Resource<Aws>, survey: Survey, rules: Rules): Decision | undefined {
  const { live, error } = survey.get(resource.id) ?? {};
  const wrong =
    rules.direction === "up" && resource.wanted && isWritable(resource.kind)
      ? resource.kind.check?.(resource.name, wantOf(resource, survey, rules))
      : undefined;
  // A name that AWS refuses cannot be read either.
  if (wrong) return refuse(wrong, "change it in ecomctl.json");
  if (error) return unread("it", error);
  const there = isThere(live) ? live : undefined;
  const foreign = live && live.state?.is !== "going" ? notOurs(resource, survey, rules) : undefined;
  if (rules.direction === "down" || !resource.wanted) return remove(resource, live, foreign, survey, rules);

  if (foreign && !rules.adopt)
    return refuse(foreign, "take it over with --adopt, or make a second copy of everything with --stage NAME");
  if (!there) {
    // Gone since the plan was made: a view does not say enough to make it again.
    if (resource.view) return refuse("it is not there to be mended", "run `ecomctl up`");
    return { action: "create", differences: [] };
  }
  const differences = differencesOf(resource, survey, rules);
  const fixed = isWritable(resource.kind) ? (resource.kind.fixed ?? []) : [];
  const stuck = differences.filter(
    ({ field, have, want }) => fixed.includes(field) && isSettled(want) && have !== null,
  );
  if (stuck.length > 0) {
    const fields = stuck.map(({ field }) => field).join(", ");
    return {
      ...refuse(`AWS cannot change ${fields} in place`, `put ${fields} back, or remove it yourself and run again`),
      differences,
    };
  }
  const why = [there.state?.why, ...ownedIn(resource, there)].filter((part) => part !== undefined).join("; ");
  const told = why !== "" && { why };
  if (there.state?.is === "failed" || differences.length > 0) return { action: "update", differences, ...told };
  return { action: "keep", differences: [], ...told };
}

/** What of a thing is somebody else's, and what they made of it: `image owned by the pipeline: …`. */
export const ownedIn = <Aws>({ owners }: Resource<Aws>, { spec }: Live): string[] =>
  Object.entries(owners)
    .filter(([field]) => spec[field] !== undefined)
    .map(([field, owner]) => `${field} owned by ${owner}: ${spec[field]}`);

function remove<Aws>(
  resource: Resource<Aws>,
  live: Live | undefined,
  foreign: string | undefined,
  survey: Survey,
  rules: Rules,
): Decision | undefined {
  if (!live || !isWritable(resource.kind)) return undefined;
  const down = rules.direction === "down";
  if (foreign) return down ? keep(foreign) : undefined;
  if (live.state?.is === "going") return down ? { action: "delete", differences: [], why: live.state.why } : undefined;
  const owner = adoptedOwner(resource, survey);
  if ((live.adopted || owner) && !rules.deleteAdopted) {
    return owner
      ? keep(`it is part of ${owner}, which was there before`)
      : { action: "release", differences: [], why: "it was there before" };
  }
  if (resource.kind.kept && !rules.deleteData) return down ? keep(resource.kind.kept) : undefined;
  return { action: "delete", differences: [] };
}

/** Why a thing that is there is not ours; a part is whose its owner is. */
function notOurs<Aws>(resource: Resource<Aws>, survey: Survey, rules: Rules): string | undefined {
  const owner = ownerOf(resource);
  const stack = survey.get(owner ?? resource.id)?.live?.spec.stack;
  if (stack === undefined || stack === rules.stack) return undefined;
  const subject = owner === undefined ? "it" : `it is part of ${owner}, which`;
  return stack === null ? `${subject} was there before and carries no owner's tag` : `${subject} belongs to ${stack}`;
}

function adoptedOwner<Aws>(resource: Resource<Aws>, survey: Survey): string | undefined {
  const owner = ownerOf(resource);
  return owner !== undefined && survey.get(owner)?.live?.adopted ? owner : undefined;
}

/** A run of one step relies on what the others have made: lookups, and resources of other steps. */
function prerequisite<Aws>(
  resource: Resource<Aws>,
  scope: Scope<Aws>,
  survey: Survey,
  rules: Rules,
): Decision | undefined {
  if (rules.direction === "down" || !resource.wanted) return undefined;
  const needs = referencesIn(resource.spec);
  for (const other of [...scope.others.filter(({ id }) => needs.has(id)), ...(resource.view ? [resource] : [])]) {
    const found = survey.get(other.id);
    if (!found || isThere(found.live)) continue;
    const thing = `the ${other.kind.type.split(":")[1]} ${other.name}`;
    if (found.error) return unread(thing, found.error);
    const home = scope.stepOf(other.id);
    if (home) {
      return refuse(
        `step ${scope.alone?.number} needs ${thing}, which step ${home.number} makes`,
        `run \`ecomctl step ${home.number}\`, or \`ecomctl up\``,
      );
    }
    return refuse(`${thing} is not there`, other.kind.missing ?? "make it, and run the command again");
  }
  return undefined;
}

/** Drift of what a run reads without being allowed to change it. */
export function driftElsewhere<Aws>(scope: Scope<Aws>, survey: Survey, rules: Rules): Change<Aws>[] {
  return scope.others.flatMap((resource) => {
    const home = scope.stepOf(resource.id);
    if (!home) return [];
    const differences = differencesOf(resource, survey, rules).filter(({ want }) => isSettled(want));
    return differences.length > 0 ? [{ action: "leave", differences, resource, step: home.number }] : [];
  });
}

const isSettled = (want: unknown) => referencesIn(want).size === 0;
const keep = (why: string): Decision => ({ action: "keep", differences: [], why });
const unread = (thing: string, error: Error): Decision =>
  error instanceof Problem
    ? refuse(`${error.message}: ${error.why}`, error.next)
    : refuse(`${thing} could not be read: ${error.message}`, "mend that, and run the command again");
const refuse = (why: string, next: string): Decision => ({ action: "refuse", differences: [], why, next });
