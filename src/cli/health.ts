import type { Aws } from "../aws/clients.ts";
import { ownerOf, scopeOf } from "../engine/graph.ts";
import { differencesOf, ownedIn, type Rules } from "../engine/plan.ts";
import { asError } from "../engine/problem.ts";
import { isWritable, type Live, type Resource } from "../engine/resource.ts";
import type { Survey } from "../engine/survey.ts";
import { addressOf } from "./address.ts";
import { look, type Session } from "./session.ts";
import { explain } from "./show/error.ts";
import { isWell, type ResourceStatus, type Status } from "./show/status.ts";

/** Looks at every resource of the platform, and starts and changes nothing. */
export async function examine(session: Session): Promise<Status> {
  const { aws, shop, platform } = session;
  const { steps, lookups } = platform;
  const found = await look(session, scopeOf(steps, lookups));
  const rules: Rules = { direction: "up", stack: shop.stack };
  const told = await Promise.all(
    steps.map(async ({ number, title, off, resources }) => {
      const told = await Promise.all(resources.map((each) => statusOf(each, found, rules, aws)));
      const there = told.filter((each) => each !== undefined);
      return { step: number, title, ...(off !== undefined && { off }), resources: there };
    }),
  );
  const url = await addressOf(session, found);
  const healthy = told.every(({ resources }) => resources.every(isWell));
  return { healthy, ...(url !== undefined && { url }), steps: told };
}

/** One resource; undefined when it is neither there nor wanted. */
async function statusOf(
  resource: Resource<Aws>,
  survey: Survey,
  rules: Rules,
  aws: Aws | undefined,
): Promise<ResourceStatus | undefined> {
  const { id, wanted } = resource;
  const { live, error } = survey.get(id) ?? {};
  if (error) return { id, state: "failed", why: `it could not be read: ${explain(error).why}`, outputs: {} };
  if (!live || live.state?.is === "going" || live.state?.is === "begun") {
    return wanted ? { id, state: "missing", ...(live?.state && { why: live.state.why }), outputs: {} } : undefined;
  }
  const { outputs } = live;
  const owner = survey.get(ownerOf(resource) ?? id)?.live?.spec.stack;
  if (owner !== undefined && owner !== rules.stack) {
    const why = owner === null ? "it carries no owner's tag" : `it belongs to ${owner}`;
    return wanted ? { id, state: "foreign", why, outputs } : undefined;
  }
  // What is kept is no drift: `down` says how it goes.
  if (!wanted && isWritable(resource.kind) && resource.kind.kept) return undefined;
  if (!wanted) return { id, state: "drifted", why: "it is turned off in ecomctl.json, and still there", outputs };
  const health = aws && (await healthOf(resource, live, aws));
  const more = { outputs, ...(health && { health }) };
  if (live.state) return { id, state: live.state.is, why: live.state.why, ...more };
  const differences = differencesOf(resource, survey, rules);
  const owned = ownedIn(resource, live).join("; ");
  const told = { id, ...(owned !== "" && { why: owned }), ...more };
  return differences.length > 0 ? { ...told, state: "drifted", differences } : { ...told, state: "here" };
}

async function healthOf({ kind, name }: Resource<Aws>, live: Live, aws: Aws) {
  if (!isWritable(kind) || !kind.health) return undefined;
  try {
    return await kind.health(aws, name, live);
  } catch (thrown) {
    return { healthy: false, why: explain(asError(thrown)).why };
  }
}
