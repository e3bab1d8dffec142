import type { ActionDeclaration, PipelineDeclaration, StageDeclaration } from "@aws-sdk/client-codepipeline";
import { assumable } from "../iam/authorize.ts";
import { type Local, Refusal } from "../service.ts";
import { providerOf } from "./providers.ts";
import type { Action, Declaration, Stage } from "./state.ts";

const structure = (message: string) => new Refusal("InvalidStructureException", message);
const wrongStage = (message: string) => new Refusal("InvalidStageDeclarationException", message);
const wrongAction = (message: string) => new Refusal("InvalidActionDeclarationException", message);

/** A pipeline as AWS keeps what it is told, with its defaults. Throws the refusals of CreatePipeline and UpdatePipeline. */
export function declared(
  local: Local,
  region: string,
  input: PipelineDeclaration | undefined,
  version: number,
): Declaration {
  const { name = "", roleArn = "", stages = [], pipelineType = "V1", executionMode = "SUPERSEDED" } = input ?? {};
  const kept = stages.map(stageForm);
  checkStore(input);
  checkStages(kept);
  checkActions(kept);
  if (pipelineType === "V1" && (executionMode !== "SUPERSEDED" || input?.triggers || input?.variables))
    throw structure("Pipeline type V1 does not support execution modes, triggers or variables");
  checkTriggers(input, kept);
  checkRole(local, roleArn, `arn:aws:codepipeline:${region}:${local.account}:${name}`);
  return { ...input, name, roleArn, version, stages: kept, pipelineType, executionMode };
}

const stageForm = ({ name = "", actions = [], ...rest }: StageDeclaration): Stage => ({
  ...rest,
  name,
  actions: actions.map(actionForm),
});

const actionForm = (action: ActionDeclaration): Action => ({
  ...action,
  name: action.name ?? "",
  runOrder: action.runOrder ?? 1,
  configuration: action.configuration ?? {},
  outputArtifacts: action.outputArtifacts ?? [],
  inputArtifacts: action.inputArtifacts ?? [],
});

function checkStore({ artifactStore, artifactStores }: PipelineDeclaration = {} as PipelineDeclaration): void {
  if ((artifactStore === undefined) === (artifactStores === undefined))
    throw structure("Pipeline should contain either artifactStore or artifactStores, and not both");
}

function checkStages(stages: readonly Stage[]): void {
  if (stages.length < 2)
    throw structure(`Pipeline has ${stages.length} stage(s). There should be a minimum of 2 stages in a pipeline`);
  const names = stages.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw structure(`Stage names must be unique. Stage name '${twice}' is used more than once`);
  for (const [index, stage] of stages.entries()) {
    if (stage.actions.length === 0) throw wrongStage(`Stage ${stage.name} should have at least one action`);
    const sources = stage.actions.filter(({ actionTypeId }) => actionTypeId?.category === "Source");
    if (index === 0 && sources.length < stage.actions.length)
      throw structure("Pipeline should start with a stage that only contains source actions");
    if (index > 0 && sources.length > 0)
      throw structure(`Source action ${sources[0]?.name} is only allowed in the first stage of a pipeline`);
    if (stage.beforeEntry || stage.onSuccess || (stage.onFailure && stage.onFailure.result !== "FAIL"))
      throw wrongStage(`Stage ${stage.name} has conditions, which are not available on this machine`);
    const own = stage.actions.map(({ name }) => name);
    const again = own.find((name, at) => own.indexOf(name) !== at);
    if (again !== undefined)
      throw wrongStage(
        `Action names must be unique within a stage. Action name '${again}' is used more than once in stage ${stage.name}`,
      );
  }
}

function checkActions(stages: readonly Stage[]): void {
  const before = new Set<string>();
  for (const { actions } of stages) {
    for (const action of [...actions].sort((a, b) => (a.runOrder ?? 1) - (b.runOrder ?? 1))) {
      checkAction(action);
      for (const { name = "" } of action.inputArtifacts ?? []) {
        if (!before.has(name))
          throw wrongAction(
            `Input Artifact Bundle ${name} in action ${action.name} is not declared as Output Artifact Bundle in any of the preceding actions`,
          );
      }
      for (const { name = "" } of action.outputArtifacts ?? []) {
        if (before.has(name))
          throw wrongAction(
            `Output Artifact Bundle name must be unique within a pipeline. ${name} is used more than once`,
          );
        before.add(name);
      }
    }
  }
}

function checkAction({
  name,
  actionTypeId,
  configuration = {},
  inputArtifacts = [],
  outputArtifacts = [],
}: Action): void {
  const provider = providerOf(actionTypeId);
  const type = actionTypeId;
  if (!provider)
    throw wrongAction(
      `Following actionType isn't available in the region: ActionType (Category: '${type?.category}', Provider: '${type?.provider}', Owner: '${type?.owner}', Version: '${type?.version}') in action '${name}'`,
    );
  for (const key of provider.required) {
    if (!configuration[key])
      throw wrongAction(`Action configuration for action '${name}' is missing required configuration '${key}'`);
  }
  const known = [...provider.required, ...provider.optional];
  const stranger = Object.keys(configuration).find((key) => !known.includes(key));
  if (stranger !== undefined)
    throw wrongAction(`Action configuration for action '${name}' contains unknown configuration '${stranger}'`);
  const count = (what: string, there: number, [from, to]: readonly [number, number]) => {
    if (there < from || there > to)
      throw wrongAction(
        `Action ${name} has ${there} ${what} artifacts, which is not within the range for provider ${type?.provider} (minimum ${from}, maximum ${to})`,
      );
  };
  count("input", inputArtifacts.length, provider.inputs);
  count("output", outputArtifacts.length, provider.outputs);
  const { DeploymentTimeout: minutes } = configuration;
  if (minutes !== undefined && !(/^\d+$/.test(minutes) && Number(minutes) >= 1 && Number(minutes) <= 60))
    throw wrongAction(
      `Action configuration for action '${name}' has an invalid DeploymentTimeout: it is 1 to 60 minutes`,
    );
}

function checkTriggers(input: PipelineDeclaration | undefined, stages: readonly Stage[]): void {
  const sources = stages[0]?.actions.map(({ name }) => name) ?? [];
  for (const { gitConfiguration } of input?.triggers ?? []) {
    if (!sources.includes(gitConfiguration?.sourceActionName ?? ""))
      throw structure(`The trigger's source action ${gitConfiguration?.sourceActionName} is not in the pipeline`);
  }
}

function checkRole(local: Local, roleArn: string, arn: string): void {
  const own = /^arn:[^:]+:iam::(\d{12}):role\//.exec(roleArn)?.[1] === local.account;
  const name = roleArn.split("/").at(-1) ?? "";
  if (!own || !assumable(local, name, "codepipeline.amazonaws.com", { "aws:SourceArn": arn }).allowed)
    throw structure(`CodePipeline is not authorized to perform AssumeRole on role ${roleArn}`);
}
