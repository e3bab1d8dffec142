import type {
  ActionDeclaration,
  ActionExecutionStatus,
  PipelineDeclaration,
  PipelineExecutionStatus,
  StageDeclaration,
  Tag,
  TriggerType,
} from "@aws-sdk/client-codepipeline";
import { type Keeper, type Local, Refusal } from "../service.ts";

/** A stage or an action that certainly has a name. */
export type Action = ActionDeclaration & { name: string };
export type Stage = Omit<StageDeclaration, "name" | "actions"> & { name: string; actions: Action[] };
/** A pipeline as it is read back: whatever AWS adds is there. */
export type Declaration = Omit<PipelineDeclaration, "stages"> & {
  name: string;
  roleArn: string;
  version: number;
  stages: Stage[];
};

export interface PipelineRecord {
  readonly arn: string;
  readonly created: number;
  updated: number;
  declaration: Declaration;
  /** Earlier versions, by number. */
  versions: Record<number, Declaration>;
  tags: Tag[];
  /** Stages that nothing may enter. */
  closed: Record<string, { reason: string; by: string; at: number }>;
  /** The commits that were last seen, by `action branch`. */
  heads: Record<string, string>;
}

export interface Place {
  bucket: string;
  key: string;
}

/** What a source action brought. */
export interface Revision {
  action: string;
  artifact: string;
  id: string;
  summary: string;
  url: string;
  at: number;
}

export interface ActionRecord {
  readonly id: string;
  readonly stage: string;
  readonly action: string;
  status: ActionExecutionStatus;
  readonly startedAt: number;
  updatedAt: number;
  summary?: string;
  externalId?: string;
  externalUrl?: string;
  error?: { code: string; message: string };
  configuration: Record<string, string>;
  inputs: Record<string, Place>;
  outputs: Record<string, Place>;
  variables: Record<string, string>;
  /** What a deployment put to work, so that it is not deployed again after a restart. */
  target?: string;
}

export interface ExecutionRecord {
  readonly id: string;
  readonly pipeline: string;
  /** Executions of a pipeline are told apart, and kept in order, by it. */
  readonly number: number;
  /** The structure with which it began: later ones are not its own. */
  readonly declaration: Declaration;
  status: PipelineExecutionStatus;
  readonly startedAt: number;
  updatedAt: number;
  readonly trigger: { type: TriggerType; detail: string };
  readonly token?: string;
  /** Commits that it was started for, by action; of others it takes the newest. */
  readonly commits: Record<string, string>;
  /** Which of its stages it is in, or waits for. */
  stage: number;
  waiting: boolean;
  /** Actions that succeeded before this one of `actions` are done again: their stage is retried whole. */
  redoFrom: number;
  actions: ActionRecord[];
  artifacts: Record<string, Place>;
  revisions: Revision[];
  /** By namespace. */
  variables: Record<string, Record<string, string>>;
  stopped?: { reason: string; abandon: boolean };
}

/** Pipelines by name, executions by id in the order of their beginning. */
export interface CodePipelineState {
  pipelines: Record<string, PipelineRecord>;
  executions: Record<string, ExecutionRecord>;
  last: number;
}

/** Where the state of CodePipeline is kept. */
export const codePipelineKeeper: Keeper<CodePipelineState> = {
  id: "codepipeline",
  initial: () => ({ pipelines: {}, executions: {}, last: 0 }),
};

/** The state of a region. */
export const codePipelineState = (local: Local, region: string): CodePipelineState =>
  local.state(codePipelineKeeper, region);

/** @throws PipelineNotFoundException */
export function pipelineNamed(state: CodePipelineState, name: string | undefined, account: string): PipelineRecord {
  const found = Object.hasOwn(state.pipelines, name ?? "") ? state.pipelines[name ?? ""] : undefined;
  if (!found)
    throw new Refusal("PipelineNotFoundException", `Account '${account}' does not have a pipeline with name '${name}'`);
  return found;
}

/** @throws PipelineExecutionNotFoundException */
export function executionNamed(state: CodePipelineState, pipeline: string, id: string | undefined): ExecutionRecord {
  const found = state.executions[id ?? ""];
  if (found?.pipeline !== pipeline)
    throw new Refusal(
      "PipelineExecutionNotFoundException",
      `The pipeline execution '${id}' could not be found for pipeline '${pipeline}'`,
    );
  return found;
}

/** Executions of a pipeline, the newest first. */
export const executionsOf = (state: CodePipelineState, pipeline: string): ExecutionRecord[] =>
  Object.values(state.executions)
    .filter((each) => each.pipeline === pipeline)
    .sort((a, b) => b.number - a.number);

/** Whether an execution still has something before it. */
export const isUnderWay = ({ status }: ExecutionRecord): boolean => status === "InProgress" || status === "Stopping";
