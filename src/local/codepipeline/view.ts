import type {
  ActionExecutionDetail,
  ActionState,
  GetPipelineStateOutput,
  PipelineExecution,
  PipelineExecutionSummary,
  StageExecution,
  StageState,
} from "@aws-sdk/client-codepipeline";
import type { Action, ActionRecord, ExecutionRecord, PipelineRecord, Place, Stage } from "./state.ts";

/** An execution in ListPipelineExecutions. */
export const summaryOf = (it: ExecutionRecord): PipelineExecutionSummary => ({
  pipelineExecutionId: it.id,
  status: it.status,
  startTime: new Date(it.startedAt),
  lastUpdateTime: new Date(it.updatedAt),
  sourceRevisions: it.revisions.map(({ action, id, summary, url }) => ({
    actionName: action,
    revisionId: id,
    revisionSummary: summary,
    revisionUrl: url,
  })),
  trigger: { triggerType: it.trigger.type, triggerDetail: it.trigger.detail },
  ...(it.stopped && { stopTrigger: { reason: it.stopped.reason } }),
  executionMode: it.declaration.executionMode,
  executionType: "STANDARD",
});

/** An execution in GetPipelineExecution. */
export const executionOf = (it: ExecutionRecord): PipelineExecution => ({
  pipelineName: it.pipeline,
  pipelineVersion: it.declaration.version,
  pipelineExecutionId: it.id,
  status: it.status,
  artifactRevisions: it.revisions.map(({ artifact, id, summary, url, at }) => ({
    name: artifact,
    revisionId: id,
    revisionSummary: summary,
    revisionUrl: url,
    created: new Date(at),
  })),
  variables: [],
  trigger: { triggerType: it.trigger.type, triggerDetail: it.trigger.detail },
  executionMode: it.declaration.executionMode,
  executionType: "STANDARD",
});

const listed = (places: Readonly<Record<string, Place>>) =>
  Object.entries(places).map(([name, s3location]) => ({ name, s3location }));

/** An action of an execution in ListActionExecutions. */
export function actionOf(execution: ExecutionRecord, record: ActionRecord, region: string): ActionExecutionDetail {
  const declared = execution.declaration.stages
    .find(({ name }) => name === record.stage)
    ?.actions.find(({ name }) => name === record.action);
  return {
    pipelineExecutionId: execution.id,
    actionExecutionId: record.id,
    pipelineVersion: execution.declaration.version,
    stageName: record.stage,
    actionName: record.action,
    startTime: new Date(record.startedAt),
    lastUpdateTime: new Date(record.updatedAt),
    status: record.status,
    input: {
      actionTypeId: declared?.actionTypeId,
      configuration: declared?.configuration,
      resolvedConfiguration: record.configuration,
      roleArn: declared?.roleArn,
      region: declared?.region ?? region,
      inputArtifacts: listed(record.inputs),
      namespace: declared?.namespace,
    },
    output: {
      outputArtifacts: listed(record.outputs),
      executionResult: {
        externalExecutionId: record.externalId,
        externalExecutionSummary: record.summary,
        externalExecutionUrl: record.externalUrl,
        errorDetails: record.error,
      },
      outputVariables: record.variables,
    },
  };
}

/** GetPipelineState: each stage with the last execution that was in it. `all`: the newest execution first. */
export function stateOf(pipeline: PipelineRecord, all: readonly ExecutionRecord[]): GetPipelineStateOutput {
  const { declaration } = pipeline;
  return {
    pipelineName: declaration.name,
    pipelineVersion: declaration.version,
    stageStates: declaration.stages.map((stage) => stageOf(pipeline, stage, all)),
    created: new Date(pipeline.created),
    updated: new Date(pipeline.updated),
  };
}

function stageOf(pipeline: PipelineRecord, stage: Stage, all: readonly ExecutionRecord[]): StageState {
  const inside = all.filter((each) => each.actions.some((record) => record.stage === stage.name));
  const inbound = all.filter(
    (each) => each.waiting && each.declaration.stages[each.stage]?.name === stage.name && each.status === "InProgress",
  );
  const closed = pipeline.closed[stage.name];
  const [latest] = inside;
  return {
    stageName: stage.name,
    inboundExecutions: inbound.map((each) => ({ pipelineExecutionId: each.id, status: "InProgress" as const })),
    ...(inbound[0] && { inboundExecution: { pipelineExecutionId: inbound[0].id, status: "InProgress" as const } }),
    inboundTransitionState: closed
      ? {
          enabled: false,
          disabledReason: closed.reason,
          lastChangedBy: closed.by,
          lastChangedAt: new Date(closed.at),
        }
      : { enabled: true },
    actionStates: stage.actions.map((action) => actionState(stage, action, inside)),
    ...(latest && { latestExecution: stageExecution(latest, stage) }),
  };
}

function stageExecution(execution: ExecutionRecord, stage: Stage): StageExecution {
  const status = stageStatus(execution, stage);
  return { pipelineExecutionId: execution.id, status, type: "STANDARD" };
}

/** How a stage of an execution stands. */
export function stageStatus(execution: ExecutionRecord, stage: Stage): NonNullable<StageExecution["status"]> {
  const { declaration, status, waiting } = execution;
  const at = declaration.stages[execution.stage]?.name;
  if (at !== stage.name) return "Succeeded";
  if (status === "Stopping" || status === "Stopped" || status === "Failed" || status === "Succeeded") return status;
  return waiting && latestOf(execution, stage.name).some((each) => each.status === "Failed") ? "Failed" : "InProgress";
}

function latestOf(execution: ExecutionRecord, stage: string): ActionRecord[] {
  const byAction = new Map(execution.actions.filter((each) => each.stage === stage).map((each) => [each.action, each]));
  return [...byAction.values()];
}

function actionState(stage: Stage, action: Action, inside: readonly ExecutionRecord[]): ActionState {
  const found = inside.flatMap((execution) => {
    const record = execution.actions.findLast((each) => each.stage === stage.name && each.action === action.name);
    return record ? [{ execution, record }] : [];
  })[0];
  const { ConnectionArn, ProjectName, ClusterName, ServiceName } = action.configuration ?? {};
  const entity = ConnectionArn
    ? "https://console.aws.amazon.com/codesuite/settings/connections"
    : ProjectName
      ? `https://console.aws.amazon.com/codebuild/home#/projects/${ProjectName}/view`
      : `https://console.aws.amazon.com/ecs/v2/clusters/${ClusterName}/services/${ServiceName}`;
  if (!found) return { actionName: action.name, entityUrl: entity };
  const { execution, record } = found;
  const revision = execution.revisions.find((each) => each.action === action.name);
  return {
    actionName: action.name,
    entityUrl: entity,
    ...(revision && {
      currentRevision: { revisionId: revision.id, revisionChangeId: revision.id, created: new Date(revision.at) },
      revisionUrl: revision.url,
    }),
    latestExecution: {
      actionExecutionId: record.id,
      status: record.status,
      summary: record.summary,
      lastStatusChange: new Date(record.updatedAt),
      externalExecutionId: record.externalId,
      externalExecutionUrl: record.externalUrl,
      errorDetails: record.error,
    },
  };
}
