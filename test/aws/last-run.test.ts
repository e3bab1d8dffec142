import {
  CodePipelineClient,
  DeletePipelineCommand,
  GetPipelineStateCommand,
  ListPipelineExecutionsCommand,
  type PipelineExecutionSummary,
  type StageState,
  StopPipelineExecutionCommand,
} from "@aws-sdk/client-codepipeline";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, expect, it } from "vitest";
import { connect } from "../../src/aws/clients.ts";
import { lastRun } from "../../src/aws/codepipeline/last-run.ts";
import { pipeline } from "../../src/aws/codepipeline/pipeline.ts";

const client = mockClient(CodePipelineClient);
afterEach(() => client.reset());

const aws = connect({ region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } });
const told = (run: PipelineExecutionSummary | undefined, stageStates: StageState[] = []) => {
  client.on(ListPipelineExecutionsCommand).resolves({ pipelineExecutionSummaries: run ? [run] : [], $metadata: {} });
  client.on(GetPipelineStateCommand).resolves({ stageStates, $metadata: {} });
  return lastRun(aws, "line");
};
const summary = JSON.stringify({ ProviderType: "GitHub", CommitMessage: "A new word\n\nat length" });
const sourceRevisions = [{ actionName: "Source", revisionId: "0a1b2c3d4e", revisionSummary: summary }];

it("is well before it has run", async () => {
  expect(await told(undefined)).toEqual({ healthy: true, why: "it has not run yet" });
});

it("that succeeded is told with its commit", async () => {
  expect(await told({ status: "Succeeded", sourceRevisions })).toEqual({
    healthy: true,
    why: 'last run Succeeded, commit 0a1b2c3 "A new word"',
  });
});

it("that is under way is told with where it is", async () => {
  const states = [
    { stageName: "Build", actionStates: [{ actionName: "Build", latestExecution: { status: "InProgress" as const } }] },
  ];
  expect(await told({ status: "InProgress" }, states)).toEqual({
    healthy: true,
    why: "last run InProgress: Build/Build is at work",
  });
});

it("that failed is told with what failed in that very run, and why", async () => {
  const failed = (id: string, message: string): StageState => ({
    stageName: id,
    latestExecution: { pipelineExecutionId: id, status: "Failed" },
    actionStates: [
      {
        actionName: "Build",
        latestExecution: { status: "Failed", errorDetails: { message }, externalExecutionUrl: "https://build" },
      },
    ],
  });
  const states = [failed("before", "an old story"), failed("now", "exit status 1")];
  expect(await told({ status: "Failed", pipelineExecutionId: "now" }, states)).toEqual({
    healthy: false,
    why: "last run Failed: now/Build failed: exit status 1 (https://build)",
  });
});

it("is stopped before the pipeline goes, whoever is quicker", async () => {
  const $metadata = {};
  client.on(ListPipelineExecutionsCommand).resolves({
    pipelineExecutionSummaries: [
      { pipelineExecutionId: "2", status: "InProgress" },
      { pipelineExecutionId: "1", status: "InProgress" },
      { pipelineExecutionId: "0", status: "Succeeded" },
    ],
    $metadata,
  });
  const ended = Object.assign(new Error("it has ended"), { name: "PipelineExecutionNotStoppableException" });
  client.on(StopPipelineExecutionCommand).resolves({ $metadata });
  client.on(StopPipelineExecutionCommand, { pipelineExecutionId: "1" }).rejects(ended);
  client.on(DeletePipelineCommand).resolves({ $metadata });
  await pipeline.kind.delete(aws, "line", { spec: {}, outputs: {} });
  expect(client.calls().map(({ args: [command] }) => command.input)).toMatchObject([
    { pipelineName: "line" },
    { pipelineExecutionId: "2", abandon: true },
    { pipelineExecutionId: "1", abandon: true },
    { name: "line" },
  ]);
});
