import { randomBytes, randomUUID } from "node:crypto";
import type { ActionTypeId } from "@aws-sdk/client-codepipeline";
import { assumable } from "../iam/authorize.ts";
import type { Local } from "../service.ts";
import { Interrupted, type Work } from "./action.ts";
import { build } from "./build.ts";
import { deploy } from "./deploy.ts";
import { ActionFailure, roleOf } from "./role.ts";
import { fetchSource } from "./source.ts";
import type { Action, ActionRecord, ExecutionRecord, Place, Stage } from "./state.ts";

/** How an action ends. Interrupted: the local AWS stops, or its execution was abandoned. */
export type Result = "done" | "failed" | "interrupted";

/** One action of one execution. */
export interface Turn {
  readonly local: Local;
  readonly region: string;
  readonly execution: ExecutionRecord;
  readonly stage: Stage;
  readonly action: Action;
  readonly signal: AbortSignal;
  save(): void;
}

const works = (type: ActionTypeId | undefined): ((work: Work) => Promise<void>) =>
  type?.provider === "ECS" ? deploy : type?.provider === "CodeBuild" ? build : fetchSource;

/** Does an action, or what a restart left of it, unless it has succeeded already. */
export async function act(turn: Turn): Promise<Result> {
  const { execution, stage, action, signal, save } = turn;
  const last = execution.actions.findLast((each) => each.stage === stage.name && each.action === action.name);
  const isOld = last !== undefined && execution.actions.indexOf(last) < execution.redoFrom;
  if (last?.status === "Succeeded" && !isOld) return "done";
  const record = last?.status === "InProgress" ? last : begin(turn);
  save();
  const given = new AbortController();
  const left = new Promise<"interrupted">((resolve) => {
    const leave = () => {
      given.abort();
      resolve("interrupted");
    };
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
  });
  const settle = (status: ActionRecord["status"]) => {
    Object.assign(record, { status, updatedAt: turn.local.clock.now() });
    save();
  };
  const error = await Promise.race([perform(turn, record, given.signal), left]);
  if (error === "interrupted") {
    if (execution.stopped) settle("Abandoned");
    return error;
  }
  if (error) record.error = error;
  else if (action.namespace !== undefined) execution.variables[action.namespace] = record.variables;
  settle(error ? "Failed" : "Succeeded");
  return error ? "failed" : "done";
}

/** Resolves with the error of an action that failed. */
async function perform(turn: Turn, record: ActionRecord, signal: AbortSignal) {
  const { local, region, execution, action, save } = turn;
  const roleArn = action.roleArn ?? execution.declaration.roleArn;
  const role = roleOf(local, roleArn);
  const arn = `arn:aws:codepipeline:${region}:${local.account}:${execution.pipeline}`;
  const listed = (places: Record<string, Place>) => Object.entries(places).map(([name, place]) => ({ name, place }));
  const inputs = listed(record.inputs);
  const outputs = listed(record.outputs);
  const { configuration } = record;
  try {
    if (!assumable(local, role.name, "codepipeline.amazonaws.com", { "aws:SourceArn": arn }).allowed)
      throw new ActionFailure(
        "PermissionError",
        `CodePipeline is not authorized to perform AssumeRole on role ${roleArn}`,
      );
    const work = { local, region, execution, action, record, configuration, role, inputs, outputs, signal, save };
    await works(action.actionTypeId)(work);
    return undefined;
  } catch (error) {
    if (error instanceof Interrupted) return "interrupted" as const;
    if (error instanceof ActionFailure) return { code: error.code, message: error.message };
    local.warn(`codepipeline: ${action.name}: ${error instanceof Error ? error.stack : error}`);
    return { code: "JobFailed", message: error instanceof Error ? error.message : String(error) };
  }
}

/** Puts an action on record, and gives its artifacts their places. */
function begin({ local, region, execution, stage, action }: Turn): ActionRecord {
  const now = local.clock.now();
  const record: ActionRecord = {
    id: randomUUID(),
    stage: stage.name,
    action: action.name,
    status: "InProgress",
    startedAt: now,
    updatedAt: now,
    configuration: resolved(execution, action.configuration ?? {}),
    inputs: {},
    outputs: {},
    variables: {},
  };
  for (const { name = "" } of action.inputArtifacts ?? []) {
    const place = execution.artifacts[name];
    if (place) record.inputs[name] = place;
  }
  for (const { name = "" } of action.outputArtifacts ?? []) {
    record.outputs[name] = placeFor(execution, action.region ?? region, name);
    execution.artifacts[name] = record.outputs[name];
  }
  execution.actions.push(record);
  return record;
}

/** AWS cuts the names of pipeline and artifact, and adds seven characters of its own. */
function placeFor({ declaration, pipeline }: ExecutionRecord, region: string, artifact: string): Place {
  const bucket = (declaration.artifactStore ?? declaration.artifactStores?.[region])?.location ?? "";
  const key = [pipeline.slice(0, 20), artifact.slice(0, 10), randomBytes(6).toString("hex").slice(0, 7)];
  return { bucket, key: key.join("/") };
}

/** `#{namespace.name}` in an action's configuration, filled in. */
function resolved(execution: ExecutionRecord, configuration: Record<string, string>): Record<string, string> {
  const known: Record<string, Record<string, string>> = {
    ...execution.variables,
    codepipeline: { PipelineExecutionId: execution.id },
  };
  const fill = (text: string) =>
    text.replace(/#\{([\w.@-]+?)\.([\w@-]+)\}/g, (whole, space: string, name: string) => known[space]?.[name] ?? whole);
  return Object.fromEntries(Object.entries(configuration).map(([name, text]) => [name, fill(text)]));
}
