import type { CodePipeline } from "@aws-sdk/client-codepipeline";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { engineOf } from "./engines.ts";
import {
  type CodePipelineState,
  type ExecutionRecord,
  executionNamed,
  executionsOf,
  isUnderWay,
  pipelineNamed,
} from "./state.ts";
import { actionOf, executionOf, stageStatus, stateOf, summaryOf } from "./view.ts";

const position = ({ number }: ExecutionRecord) => String(number).padStart(12, "0");

/** What runs through pipelines: started, stopped, looked at. */
export const executions: Handlers<CodePipeline, CodePipelineState> = {
  StartPipelineExecution: ({ name, clientRequestToken: token, sourceRevisions = [] }, call) => {
    const { state, local, region, account, caller } = call;
    const { declaration } = pipelineNamed(state, name, account);
    const again = executionsOf(state, declaration.name).find((each) => token !== undefined && each.token === token);
    if (again) return { pipelineExecutionId: again.id };
    const commits = Object.fromEntries(
      sourceRevisions.map(({ actionName = "", revisionValue = "" }) => [actionName, revisionValue]),
    );
    const started = engineOf(local, region).start(declaration, {
      type: "StartPipelineExecution",
      detail: caller.arn,
      token,
      commits,
    });
    return { pipelineExecutionId: started.id };
  },

  StopPipelineExecution: ({ pipelineName, pipelineExecutionId, abandon = false, reason = "" }, call) => {
    const { state, local, region, account } = call;
    const pipeline = pipelineNamed(state, pipelineName, account).declaration.name;
    const found = state.executions[pipelineExecutionId ?? ""];
    if (found?.pipeline !== pipeline || !isUnderWay(found))
      throw new Refusal(
        "PipelineExecutionNotStoppableException",
        `Pipeline Execution with id '${pipelineExecutionId}' is in a terminal state or does not exist for pipeline '${pipeline}'`,
      );
    if (found.stopped && (found.stopped.abandon || !abandon))
      throw new Refusal(
        "DuplicatedStopRequestException",
        `Stop was already requested for pipeline execution '${pipelineExecutionId}'`,
      );
    engineOf(local, region).stop(found, reason, abandon);
    return { pipelineExecutionId };
  },

  RetryStageExecution: ({ pipelineName, stageName, pipelineExecutionId, retryMode }, call) => {
    const { state, local, region, account } = call;
    const { declaration } = pipelineNamed(state, pipelineName, account);
    if (declaration.stages.every(({ name }) => name !== stageName))
      throw new Refusal("StageNotFoundException", `The pipeline '${pipelineName}' has no stage '${stageName}'`);
    const all = executionsOf(state, declaration.name);
    const found = all.find(({ id }) => id === pipelineExecutionId);
    const latest = all.find((each) => each.actions.some(({ stage }) => stage === stageName));
    if (!found || latest !== found)
      throw new Refusal(
        "NotLatestPipelineExecutionException",
        `The pipeline execution '${pipelineExecutionId}' is not the latest in stage '${stageName}'`,
      );
    const index = found.declaration.stages.findIndex(({ name }) => name === stageName);
    const stage = found.declaration.stages[index];
    const status = stage && stageStatus(found, stage);
    if (isUnderWay(found) || (status !== "Failed" && status !== "Stopped"))
      throw new Refusal(
        "StageNotRetryableException",
        `The stage '${stageName}' cannot be retried: it did not fail, or is at work`,
      );
    engineOf(local, region).retry(found, index, retryMode === "ALL_ACTIONS");
    return { pipelineExecutionId };
  },

  GetPipelineState: ({ name }, { state, account }) => {
    const pipeline = pipelineNamed(state, name, account);
    return stateOf(pipeline, executionsOf(state, pipeline.declaration.name));
  },

  GetPipelineExecution: ({ pipelineName, pipelineExecutionId }, { state, account }) => {
    const { declaration } = pipelineNamed(state, pipelineName, account);
    return { pipelineExecution: executionOf(executionNamed(state, declaration.name, pipelineExecutionId)) };
  },

  ListPipelineExecutions: ({ pipelineName, maxResults = 100, nextToken, filter }, { state, account }) => {
    const { declaration } = pipelineNamed(state, pipelineName, account);
    const stage = filter?.succeededInStage?.stageName;
    const found = executionsOf(state, declaration.name).filter(
      (each) => stage === undefined || succeededIn(each, stage),
    );
    const { items, next } = page(found, position, maxResults, nextToken, true);
    return { pipelineExecutionSummaries: items.map(summaryOf), nextToken: next };
  },

  ListActionExecutions: ({ pipelineName, maxResults = 100, nextToken, filter }, { state, account, region }) => {
    const { declaration } = pipelineNamed(state, pipelineName, account);
    const only = filter?.pipelineExecutionId ?? filter?.latestInPipelineExecution?.pipelineExecutionId;
    if (only !== undefined) executionNamed(state, declaration.name, only);
    const all = executionsOf(state, declaration.name)
      .filter(({ id }) => only === undefined || id === only)
      .flatMap((execution) => execution.actions.map((record, index) => ({ execution, record, index })));
    const key = ({ execution, index }: (typeof all)[number]) =>
      `${position(execution)} ${String(index).padStart(6, "0")}`;
    const { items, next } = page(all, key, maxResults, nextToken, true);
    return {
      actionExecutionDetails: items.map(({ execution, record }) => actionOf(execution, record, region)),
      nextToken: next,
    };
  },
};

function succeededIn(execution: ExecutionRecord, name: string): boolean {
  const stage = execution.declaration.stages.find((each) => each.name === name);
  const entered = execution.actions.some((each) => each.stage === name);
  return stage !== undefined && entered && stageStatus(execution, stage) === "Succeeded";
}
