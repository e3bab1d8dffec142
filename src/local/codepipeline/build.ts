import type { EnvironmentVariable } from "@aws-sdk/client-codebuild";
import { endOfBuild, startBuild } from "../codebuild/index.ts";
import { codeBuildState, type PhaseRecord } from "../codebuild/state.ts";
import { Refusal } from "../service.ts";
import { Interrupted, type Work } from "./action.ts";
import { ActionFailure } from "./role.ts";

/** Runs a build of a CodeBuild project, and waits for its end. Throws ActionFailure. */
export async function build(work: Work): Promise<void> {
  const { local, region, execution, record, configuration, role } = work;
  const { ProjectName = "", PrimarySource } = configuration;
  const arn = `arn:aws:codebuild:${region}:${local.account}:project/${ProjectName}`;
  role.demand("codebuild:StartBuild", arn);
  role.demand("codebuild:BatchGetBuilds", arn);
  const from = work.inputs.find(({ name }) => name === PrimarySource) ?? work.inputs[0];
  const begun = begin(() =>
    startBuild(local, region, {
      project: ProjectName,
      initiator: `codepipeline/${execution.pipeline}`,
      from: from?.place,
      to: work.outputs[0]?.place,
      version: execution.revisions.find(({ artifact }) => artifact === from?.name)?.id,
      variables: variablesIn(configuration.EnvironmentVariables),
    }),
  );
  const id = encodeURIComponent(begun.id);
  Object.assign(record, {
    externalId: begun.id,
    externalUrl: `https://${region}.console.aws.amazon.com/codebuild/home?region=${region}#/builds/${id}/view/new`,
  });
  work.save();

  await Promise.race([endOfBuild(local, begun.id), aborted(work.signal)]);
  const ended = codeBuildState(local, region).builds[begun.id] ?? begun;
  if (!ended.buildComplete) throw new Interrupted();
  record.variables = ended.exported ?? {};
  if (ended.buildStatus === "SUCCEEDED") return;
  throw new ActionFailure("JobFailed", `Build terminated with state: ${ended.buildStatus}${phaseOf(ended.phases)}`);
}

function phaseOf(phases: readonly PhaseRecord[]): string {
  const failed = phases.find(({ phaseStatus }) => phaseStatus !== undefined && phaseStatus !== "SUCCEEDED");
  const { statusCode = "", message = "" } = failed?.contexts?.[0] ?? {};
  return failed ? `. Phase: ${failed.phaseType}, Code: ${statusCode}, Message: ${message}` : "";
}

function begin<Build>(start: () => Build): Build {
  try {
    return start();
  } catch (error) {
    if (error instanceof Refusal)
      throw new ActionFailure("ConfigurationError", `Error calling startBuild: ${error.message}`);
    throw error;
  }
}

function variablesIn(text: string | undefined): EnvironmentVariable[] {
  if (text === undefined) return [];
  try {
    const told: unknown = JSON.parse(text);
    if (Array.isArray(told)) return told.map(({ name, value, type }) => ({ name, value, type: type ?? "PLAINTEXT" }));
  } catch {
    // Said below.
  }
  throw new ActionFailure(
    "ConfigurationError",
    "Action configuration EnvironmentVariables is not a JSON list of variables",
  );
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
