import type { CodePipeline, Tag } from "@aws-sdk/client-codepipeline";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { declared } from "./declare.ts";
import { engineOf } from "./engines.ts";
import { type CodePipelineState, type PipelineRecord, pipelineNamed } from "./state.ts";
import { seeHeads } from "./watch.ts";

const MOST = 1000;

function tagged(state: CodePipelineState, arn: string | undefined): PipelineRecord {
  if (!/^arn:aws[^:]*:codepipeline:[^:]+:\d{12}:.+$/.test(arn ?? ""))
    throw new Refusal("InvalidArnException", `The ARN ${arn} is not valid`);
  const found = Object.values(state.pipelines).find((each) => each.arn === arn);
  if (!found) throw new Refusal("ResourceNotFoundException", `The resource ${arn} was not found`);
  return found;
}

function merged(have: readonly Tag[], more: readonly Tag[]): Tag[] {
  const all = [...have.filter(({ key }) => more.every((tag) => tag.key !== key)), ...more];
  if (all.some(({ key = "" }) => /^aws:/i.test(key)))
    throw new Refusal("InvalidTagsException", "Tag keys that begin with aws: are reserved");
  if (all.length > 50) throw new Refusal("TooManyTagsException", "A pipeline has at most 50 tags");
  return all;
}

/** Pipelines, their stages' doors, and their tags. */
export const pipelines: Handlers<CodePipeline, CodePipelineState> = {
  CreatePipeline: (input, { state, local, region, account, caller }) => {
    const name = input.pipeline?.name ?? "";
    if (state.pipelines[name])
      throw new Refusal(
        "PipelineNameInUseException",
        `A pipeline with the name '${name}' already exists in account '${account}'`,
      );
    if (Object.keys(state.pipelines).length >= MOST)
      throw new Refusal("LimitExceededException", `The account has reached its limit of ${MOST} pipelines`);
    const declaration = declared(local, region, input.pipeline, 1);
    const now = local.clock.now();
    const record: PipelineRecord = {
      arn: `arn:aws:codepipeline:${region}:${account}:${name}`,
      created: now,
      updated: now,
      declaration,
      versions: {},
      tags: merged([], input.tags ?? []),
      closed: {},
      heads: {},
    };
    state.pipelines[name] = record;
    seeHeads(local, record);
    engineOf(local, region).start(declaration, { type: "CreatePipeline", detail: caller.arn });
    return { pipeline: declaration, tags: record.tags };
  },

  GetPipeline: ({ name, version }, { state, account }) => {
    const record = pipelineNamed(state, name, account);
    const { arn, created, updated, declaration, versions } = record;
    const pipeline = version === undefined || version === declaration.version ? declaration : versions[version];
    if (!pipeline)
      throw new Refusal("PipelineVersionNotFoundException", `The pipeline '${name}' has no version ${version}`);
    return { pipeline, metadata: { pipelineArn: arn, created: new Date(created), updated: new Date(updated) } };
  },

  // It starts nothing, and what is under way goes on as it began.
  UpdatePipeline: ({ pipeline }, { state, local, region, account }) => {
    const record = pipelineNamed(state, pipeline?.name, account);
    const declaration = declared(local, region, pipeline, record.declaration.version + 1);
    record.versions[record.declaration.version] = record.declaration;
    record.declaration = declaration;
    record.updated = local.clock.now();
    seeHeads(local, record);
    return { pipeline: declaration };
  },

  // Deleting what is not there is no error.
  DeletePipeline: ({ name = "" }, { state, local, region }) => {
    if (!state.pipelines[name]) return;
    delete state.pipelines[name];
    engineOf(local, region).forget(name);
  },

  ListPipelines: ({ maxResults = 1000, nextToken }, { state }) => {
    const all = Object.values(state.pipelines);
    const { items, next } = page(all, ({ declaration }) => declaration.name, maxResults, nextToken);
    return {
      pipelines: items.map(({ declaration, created, updated }) => ({
        name: declaration.name,
        version: declaration.version,
        pipelineType: declaration.pipelineType,
        executionMode: declaration.executionMode,
        created: new Date(created),
        updated: new Date(updated),
      })),
      nextToken: next,
    };
  },

  DisableStageTransition: ({ pipelineName, stageName = "", reason = "" }, { state, local, account, caller }) => {
    const record = pipelineNamed(state, pipelineName, account);
    checkStage(record, stageName);
    record.closed[stageName] = { reason, by: caller.arn, at: local.clock.now() };
  },

  EnableStageTransition: ({ pipelineName, stageName = "" }, { state, local, region, account }) => {
    const record = pipelineNamed(state, pipelineName, account);
    checkStage(record, stageName);
    delete record.closed[stageName];
    engineOf(local, region).wake();
  },

  TagResource: ({ resourceArn, tags = [] }, { state }) => {
    const record = tagged(state, resourceArn);
    record.tags = merged(record.tags, tags);
    return {};
  },

  UntagResource: ({ resourceArn, tagKeys = [] }, { state }) => {
    const record = tagged(state, resourceArn);
    record.tags = record.tags.filter(({ key = "" }) => !tagKeys.includes(key));
    return {};
  },

  ListTagsForResource: ({ resourceArn, maxResults = 100, nextToken }, { state }) => {
    const { items, next } = page(tagged(state, resourceArn).tags, ({ key = "" }) => key, maxResults, nextToken);
    return { tags: items, nextToken: next };
  },
};

function checkStage({ declaration }: PipelineRecord, stage: string): void {
  if (declaration.stages.every(({ name }) => name !== stage))
    throw new Refusal("StageNotFoundException", `The pipeline '${declaration.name}' has no stage '${stage}'`);
}
