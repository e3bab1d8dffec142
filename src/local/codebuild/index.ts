import type { CodeBuild } from "@aws-sdk/client-codebuild";
import { page } from "../page.ts";
import { type Emulated, emulate, type Handlers, type Local, type Need } from "../service.ts";
import { answerBuild, PREFIX } from "./credentials.ts";
import { projects } from "./projects.ts";
import { cleared, endLeftBuilds, runBuild } from "./run.ts";
import { recordBuild, type StartOptions } from "./start.ts";
import {
  type BuildRecord,
  bare,
  buildNamed,
  type CodeBuildState,
  codeBuildKeeper,
  codeBuildState,
  invalid,
  projectNamed,
  shownBuild,
} from "./state.ts";

const PAGE = 100;

interface Running {
  readonly stop: AbortController;
  readonly over: Promise<void>;
}
const running = new WeakMap<Local, Map<string, Running>>();

function runningIn(local: Local): Map<string, Running> {
  const found = running.get(local) ?? new Map<string, Running>();
  running.set(local, found);
  return found;
}

/** Starts a build, for those who are asked by StartBuild or by a pipeline. Throws as StartBuild does. */
export function startBuild(local: Local, region: string, options: StartOptions): BuildRecord {
  const build = recordBuild(local, region, options);
  const stop = new AbortController();
  const over = runBuild(local, region, build, stop.signal)
    .catch((error) => local.warn(`codebuild: ${build.id}: ${error instanceof Error ? error.stack : error}`))
    .finally(() => runningIn(local).delete(build.id));
  runningIn(local).set(build.id, { stop, over });
  return build;
}

/** Resolves when a build has ended, or the local AWS stops. */
export async function endOfBuild(local: Local, id: string): Promise<void> {
  await runningIn(local).get(id)?.over;
}

/** Stops a build if it runs. */
export function stopBuild(local: Local, id: string): void {
  runningIn(local).get(id)?.stop.abort("STOPPED");
}

const newestFirst = (order: string | undefined) => order !== "ASCENDING";
const position = (build: BuildRecord) => `${String(build.startTime).padStart(15, "0")} ${build.id}`;

const builds: Handlers<CodeBuild, CodeBuildState> = {
  StartBuild: (input, { state, local, region, caller }) => {
    const again = Object.values(state.builds).find(
      ({ token }) => token !== undefined && token === input.idempotencyToken,
    );
    if (again) return { build: shownBuild(again) };
    const build = startBuild(local, region, {
      project: input.projectName,
      initiator: caller.arn.split("/").slice(-2).join("/"),
      version: input.sourceVersion,
      buildspec: input.buildspecOverride,
      variables: input.environmentVariablesOverride,
      minutes: input.timeoutInMinutesOverride,
      token: input.idempotencyToken,
      sourceType: input.sourceTypeOverride,
      sourceLocation: input.sourceLocationOverride,
    });
    return { build: shownBuild(build) };
  },

  StopBuild: async ({ id }, { state, local }) => {
    const build = buildNamed(state, id);
    stopBuild(local, build.id);
    await endOfBuild(local, build.id);
    return { build: shownBuild(build) };
  },

  BatchGetBuilds: ({ ids = [] }, { state }) => {
    if (ids.length > 100) throw invalid("Invalid input: at most 100 builds can be asked for at once");
    const there = (id: string) => state.builds[bare(id)];
    return {
      builds: ids.flatMap((id) => there(id) ?? []).map(shownBuild),
      buildsNotFound: ids.filter((id) => !there(id)),
    };
  },

  ListBuilds: ({ nextToken, sortOrder }, { state }) => {
    const { items, next } = page(Object.values(state.builds), position, PAGE, nextToken, newestFirst(sortOrder));
    return { ids: items.map(({ id }) => id), nextToken: next };
  },

  ListBuildsForProject: ({ projectName, nextToken, sortOrder }, { state }) => {
    const { name } = projectNamed(state, projectName);
    const found = Object.values(state.builds).filter((each) => each.projectName === name);
    const { items, next } = page(found, position, PAGE, nextToken, newestFirst(sortOrder));
    return { ids: items.map(({ id }) => id), nextToken: next };
  },
};

/** A project's ARN is what CodeBuild's permissions are about; that of a build belongs to its project. */
function needs(operation: string, input: Record<string, unknown>, region: string, account: string): Need[] {
  const { name, names, projectName, id, ids } = input;
  const ofBuilds = [...(Array.isArray(ids) ? ids : []), ...(id === undefined ? [] : [id])].map(
    (each) => bare(String(each)).split(":")[0],
  );
  const all = [...(Array.isArray(names) ? names : []), ...ofBuilds, ...[name, projectName].filter(Boolean)];
  const action = `codebuild:${operation}`;
  if (all.length === 0) return [{ action, resource: "*" }];
  return all.map((each) => ({
    action,
    resource: `arn:aws:codebuild:${region}:${account}:project/${bare(String(each))}`,
  }));
}

/** CodeBuild: projects, and builds that really run, their commands as processes of this machine. */
export const codebuild: Emulated<CodeBuild, CodeBuildState> = emulate<CodeBuild, CodeBuildState>({
  ...codeBuildKeeper,
  load: () => import("@aws-sdk/client-codebuild"),
  needs: (operation, input, { region, account }) => needs(operation, input, region, account),
  http: { prefix: PREFIX, handle: answerBuild },
  handlers: { ...projects, ...builds },
  // A build does not outlive the machine that it ran on.
  async start(local) {
    await endLeftBuilds(local);
    for (const region of local.regions(codeBuildKeeper))
      for (const build of Object.values(codeBuildState(local, region).builds)) interrupt(local, region, build);
  },
  async stop(local) {
    const all = [...runningIn(local).values()];
    for (const { stop } of all) stop.abort("the local AWS stops");
    await Promise.all(all.map(({ over }) => over));
    await cleared(local);
  },
});

function interrupt(local: Local, region: string, build: BuildRecord): void {
  if (build.buildComplete) return;
  const now = local.clock.now();
  const last = build.phases.at(-1);
  const context = { statusCode: "INTERNAL_SERVICE_ERROR", message: "the local AWS was stopped while the build ran" };
  if (last) Object.assign(last, { phaseStatus: "FAULT", endTime: now, contexts: [context] });
  build.phases.push({ phaseType: "COMPLETED", startTime: now });
  Object.assign(build, { currentPhase: "COMPLETED", buildStatus: "FAULT", buildComplete: true, endTime: now });
  local.changed(codeBuildKeeper, region);
}
