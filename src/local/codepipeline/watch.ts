import { changedPaths, headOf, headsOf, repositoryFolder } from "../git/repository.ts";
import { like } from "../like.ts";
import type { Local } from "../service.ts";
import { engineOf } from "./engines.ts";
import { isAvailable } from "./source.ts";
import { type Action, codePipelineKeeper, codePipelineState, type PipelineRecord } from "./state.ts";

/** How often repositories are looked at, in milliseconds: nobody waits longer for a push to be noticed. */
const EVERY = 1000;

interface Filter {
  readonly includes?: readonly string[];
  readonly excludes?: readonly string[];
}

/** Looks for commits until the signal is aborted, and starts the executions that they are to start. */
export async function watch(local: Local, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const region of local.regions(codePipelineKeeper)) {
      for (const pipeline of Object.values(codePipelineState(local, region).pipelines)) {
        try {
          await look(local, region, pipeline);
        } catch (error) {
          local.warn(`codepipeline: ${pipeline.arn}: ${error instanceof Error ? error.stack : error}`);
        }
      }
    }
    await local.clock.sleep(EVERY, signal).catch(() => undefined);
  }
}

/** Takes the commits that are there for seen: they start nothing. */
export function seeHeads(local: Local, pipeline: PipelineRecord): void {
  pipeline.heads = Object.assign({}, ...sources(pipeline).map((action) => headsIn(local, pipeline, action)));
}

const sources = ({ declaration }: PipelineRecord): Action[] => declaration.stages[0]?.actions ?? [];

const triggersOf = ({ declaration }: PipelineRecord, action: Pick<Action, "name">) =>
  (declaration.triggers ?? [])
    .map(({ gitConfiguration }) => gitConfiguration)
    .filter((each) => each?.sourceActionName === action.name);

/** Branches that an action is about, with their newest commits, by `action branch`. */
function headsIn(local: Local, pipeline: PipelineRecord, { name, configuration = {} }: Action): Record<string, string> {
  const folder = repositoryFolder(local, configuration.FullRepositoryId ?? "");
  const branch = configuration.BranchName ?? "";
  const one = headOf(folder, branch);
  const many = triggersOf(pipeline, { name }).length > 0;
  const heads = many ? headsOf(folder) : one === undefined ? {} : { [branch]: one };
  return Object.fromEntries(Object.entries(heads).map(([each, id]) => [`${name} ${each}`, id]));
}

async function look(local: Local, region: string, pipeline: PipelineRecord): Promise<void> {
  for (const action of sources(pipeline)) {
    const heads = headsIn(local, pipeline, action);
    for (const [key, id] of Object.entries(heads)) {
      const before = pipeline.heads[key];
      if (id === before) continue;
      pipeline.heads[key] = id;
      local.changed(codePipelineKeeper, region);
      const branch = key.slice(action.name.length + 1);
      if (await isWanted(local, pipeline, action, branch, before, id)) {
        const detail = action.configuration?.ConnectionArn ?? "";
        const commits = { [action.name]: id };
        engineOf(local, region).start(pipeline.declaration, { type: "WebhookV2", detail, commits });
      }
    }
  }
}

/** Whether a push starts an execution: by the pipeline's triggers, or, where it has none, by DetectChanges. */
async function isWanted(
  local: Local,
  pipeline: PipelineRecord,
  action: Action,
  branch: string,
  before: string | undefined,
  id: string,
): Promise<boolean> {
  const { ConnectionArn = "", FullRepositoryId = "", DetectChanges = "true" } = action.configuration ?? {};
  if (!isAvailable(local, ConnectionArn)) return false;
  const triggers = triggersOf(pipeline, action);
  if (triggers.length === 0) return DetectChanges !== "false";
  const pushes = triggers.flatMap((each) => each?.push ?? []).filter((push) => !push.tags);
  const paths = pushes.some(({ filePaths }) => filePaths)
    ? await changedPaths(repositoryFolder(local, FullRepositoryId), before, id)
    : [];
  return pushes.some(({ branches, filePaths }) => {
    const byPath = !filePaths || paths.some((path) => passes(filePaths, path));
    return passes(branches ?? {}, branch) && byPath;
  });
}

const passes = ({ includes = ["*"], excludes = [] }: Filter, text: string): boolean =>
  includes.some((pattern) => like(pattern.replaceAll("**", "*"), text)) &&
  !excludes.some((pattern) => like(pattern.replaceAll("**", "*"), text));
