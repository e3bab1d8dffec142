import type { ActionState, PipelineExecutionSummary, StageState } from "@aws-sdk/client-codepipeline";
import type { Health } from "../../engine/resource.ts";
import type { Aws } from "../clients.ts";

/** The last execution of a pipeline in one line: how it ended, of which commit, and of a failed one where and why. */
export async function lastRun(aws: Aws, name: string): Promise<Health> {
  const { pipelineExecutionSummaries = [] } = await aws.codepipeline.listPipelineExecutions({
    pipelineName: name,
    maxResults: 1,
  });
  const [last] = pipelineExecutionSummaries;
  if (!last) return { healthy: true, why: "it has not run yet" };
  const what = `last run ${last.status}${commitOf(last)}`;
  if (last.status === "Succeeded") return { healthy: true, why: what };
  const { stageStates = [] } = await aws.codepipeline.getPipelineState({ name });
  if (last.status !== "Failed") return { healthy: true, why: [what, underWay(stageStates)].filter(Boolean).join(": ") };
  return { healthy: false, why: [what, failureIn(stageStates, last)].filter(Boolean).join(": ") };
}

/** `, commit 0a1b2c3 "the message's first line"` */
function commitOf({ sourceRevisions = [] }: PipelineExecutionSummary): string {
  const [source] = sourceRevisions;
  if (!source?.revisionId) return "";
  const message = messageIn(source.revisionSummary);
  return `, commit ${source.revisionId.slice(0, 7)}${message ? ` "${message}"` : ""}`;
}

/** A Git host's summary is JSON around the commit's message. */
function messageIn(summary = ""): string {
  let text = summary;
  try {
    const told: unknown = JSON.parse(summary);
    if (typeof told === "object" && told !== null) text = String(Reflect.get(told, "CommitMessage") ?? "");
  } catch {
    // It is the message itself.
  }
  return text.split("\n")[0]?.trim() ?? "";
}

const actionsOf = (stages: readonly StageState[]): { stage: string; action: ActionState }[] =>
  stages.flatMap(({ stageName = "", actionStates = [] }) =>
    actionStates.map((action) => ({ stage: stageName, action })),
  );

function underWay(stages: readonly StageState[]): string | undefined {
  const at = actionsOf(stages).find(({ action }) => action.latestExecution?.status === "InProgress");
  return at && `${at.stage}/${at.action.actionName} is at work`;
}

function failureIn(stages: readonly StageState[], { pipelineExecutionId, statusSummary }: PipelineExecutionSummary) {
  const failed = stages.filter(({ latestExecution }) => latestExecution?.pipelineExecutionId === pipelineExecutionId);
  const at = actionsOf(failed.length > 0 ? failed : stages).find(
    ({ action }) => action.latestExecution?.status === "Failed",
  );
  if (!at) return statusSummary;
  const { errorDetails, summary, externalExecutionUrl } = at.action.latestExecution ?? {};
  const why = errorDetails?.message ?? summary ?? "AWS does not say why";
  return `${at.stage}/${at.action.actionName} failed: ${why}${externalExecutionUrl ? ` (${externalExecutionUrl})` : ""}`;
}
