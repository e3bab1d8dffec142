import type { CodeBuild, Project } from "@aws-sdk/client-codebuild";
import type { CodePipeline, PipelineDeclaration, Tag } from "@aws-sdk/client-codepipeline";
import { type AnyService, emulate, Refusal } from "../../src/local/service.ts";

/** CodeBuild's records, with the defaults that AWS adds when it tells them. */
const codebuild = emulate<CodeBuild, { projects: Record<string, Project> }>({
  id: "codebuild",
  initial: () => ({ projects: {} }),
  load: () => import("@aws-sdk/client-codebuild"),
  handlers: {
    CreateProject: (input, { state, region, account }) => {
      const { name = "" } = input;
      if (state.projects[name]) throw new Refusal("ResourceAlreadyExistsException", `Project already exists: ${name}`);
      const arn = `arn:aws:codebuild:${region}:${account}:project/${name}`;
      state.projects[name] = { cache: { type: "NO_CACHE" }, queuedTimeoutInMinutes: 480, ...input, arn };
      return { project: state.projects[name] };
    },
    UpdateProject: ({ name = "", ...input }, { state }) => {
      const project = state.projects[name];
      if (!project) throw new Refusal("ResourceNotFoundException", `Project cannot be found: ${name}`);
      Object.assign(project, input);
      return { project };
    },
    BatchGetProjects: ({ names = [] }, { state }) => ({
      projects: names.flatMap((name) => state.projects[name] ?? []),
      projectsNotFound: names.filter((name) => !state.projects[name]),
    }),
    DeleteProject: ({ name = "" }, { state }) => {
      delete state.projects[name];
      return {};
    },
    ListBuildsForProject: () => ({ ids: [] }),
  },
});

interface Line {
  it: PipelineDeclaration;
  tags: Tag[];
  /** Status of each execution, the newest first. */
  runs: ("InProgress" | "Stopped")[];
}

const find = (pipelines: Record<string, Line>, name = ""): Line => {
  const line = pipelines[name.split(":").at(-1) ?? ""];
  if (!line) throw new Refusal("PipelineNotFoundException", `The account does not have a pipeline with name '${name}'`);
  return line;
};

/** CodePipeline's records; an execution begins with the pipeline, and never ends by itself. */
const codepipeline = emulate<CodePipeline, { pipelines: Record<string, Line> }>({
  id: "codepipeline",
  initial: () => ({ pipelines: {} }),
  load: () => import("@aws-sdk/client-codepipeline"),
  handlers: {
    CreatePipeline: ({ pipeline, tags = [] }, { state }) => {
      const name = pipeline?.name ?? "";
      if (state.pipelines[name]) throw new Refusal("PipelineNameInUseException", "A pipeline with that name exists");
      if (pipeline) state.pipelines[name] = { it: { ...pipeline, version: 1 }, tags, runs: ["InProgress"] };
      return { pipeline, tags };
    },
    UpdatePipeline: ({ pipeline }, { state }) => {
      const line = find(state.pipelines, pipeline?.name);
      if (pipeline) line.it = { ...pipeline, version: (line.it.version ?? 0) + 1 };
      return { pipeline: line.it };
    },
    GetPipeline: ({ name }, { state, region, account }) => ({
      pipeline: find(state.pipelines, name).it,
      metadata: { pipelineArn: `arn:aws:codepipeline:${region}:${account}:${name}` },
    }),
    DeletePipeline: ({ name = "" }, { state }) => {
      delete state.pipelines[name];
    },
    ListPipelineExecutions: ({ pipelineName }, { state }) => ({
      pipelineExecutionSummaries: find(state.pipelines, pipelineName).runs.map((status, at) => ({
        pipelineExecutionId: `00000000-0000-0000-0000-00000000000${at}`,
        status,
      })),
    }),
    StopPipelineExecution: ({ pipelineName, pipelineExecutionId = "" }, { state }) => {
      find(state.pipelines, pipelineName).runs[Number(pipelineExecutionId.at(-1))] = "Stopped";
      return { pipelineExecutionId };
    },
    ListTagsForResource: ({ resourceArn }, { state }) => {
      const line = state.pipelines[resourceArn?.split(":").at(-1) ?? ""];
      if (!line) throw new Refusal("ResourceNotFoundException", "The resource was specified in an invalid format");
      return { tags: line.tags };
    },
    TagResource: ({ resourceArn, tags = [] }, { state }) => {
      const line = find(state.pipelines, resourceArn);
      line.tags = [...line.tags.filter(({ key }) => tags.every((tag) => tag.key !== key)), ...tags];
      return {};
    },
  },
});

/** Records of CodeBuild and CodePipeline that run nothing: what their kinds write is read back. */
export const codeServices: readonly AnyService[] = [codebuild, codepipeline];
