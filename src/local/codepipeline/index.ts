import type { CodePipeline } from "@aws-sdk/client-codepipeline";
import { type Emulated, emulate, type Local, type Need } from "../service.ts";
import { closeEngines, engineOf } from "./engines.ts";
import { executions } from "./executions.ts";
import { pipelines } from "./pipelines.ts";
import { type CodePipelineState, codePipelineKeeper } from "./state.ts";
import { watch } from "./watch.ts";

const watching = new WeakMap<Local, { stop: AbortController; over: Promise<void> }>();

/** The pipeline's ARN is what permissions are about; what concerns a stage or an action, theirs below it. */
function needs(operation: string, input: Record<string, unknown>, region: string, account: string): Need[] {
  const { pipeline, pipelineName, name, stageName, resourceArn } = input;
  const declared: unknown =
    typeof pipeline === "object" && pipeline !== null ? Reflect.get(pipeline, "name") : undefined;
  const whose = declared ?? pipelineName ?? name;
  const arn = `arn:aws:codepipeline:${region}:${account}:${[whose, stageName].filter(Boolean).join("/")}`;
  return [{ action: `codepipeline:${operation}`, resource: whose === undefined ? String(resourceArn ?? "*") : arn }];
}

/** CodePipeline: pipelines from a repository on this machine to ECS, which really run. */
export const codepipeline: Emulated<CodePipeline, CodePipelineState> = emulate<CodePipeline, CodePipelineState>({
  ...codePipelineKeeper,
  load: () => import("@aws-sdk/client-codepipeline"),
  needs: (operation, input, { region, account }) => needs(operation, input, region, account),
  handlers: { ...pipelines, ...executions },
  start(local) {
    for (const region of local.regions(codePipelineKeeper)) engineOf(local, region).resume();
    const stop = new AbortController();
    watching.set(local, { stop, over: watch(local, stop.signal) });
  },
  async stop(local) {
    const found = watching.get(local);
    found?.stop.abort(new Error("the local AWS stops"));
    await Promise.all([found?.over, closeEngines(local)]);
    watching.delete(local);
  },
});
