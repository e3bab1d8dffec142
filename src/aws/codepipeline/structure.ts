import type { ActionDeclaration, PipelineDeclaration, StageDeclaration } from "@aws-sdk/client-codepipeline";
import { canonical } from "../../engine/compare.ts";

/** A pipeline from a Git host to ECS, in flat words. */
export type PipelineWords = {
  readonly role: string;
  /** Where artifacts go: the bucket's real name. */
  readonly bucket: string;
  /** QUEUED: executions deploy one after the other, in the order of their commits. */
  readonly mode: string;
  /** ARN of the connection. */
  readonly connection: string;
  /** `owner/name` */
  readonly repository: string;
  readonly branch: string;
  /** Whether each push starts an execution. */
  readonly onPush: boolean;
  /** The CodeBuild project. */
  readonly project: string;
  /** The ECS cluster. */
  readonly cluster: string;
  /** Which services are deployed, in which order; those of the same `order` at the same time. */
  readonly deploys: readonly Deploy[];
  /** Minutes until a deployment counts as failed. */
  readonly timeout: number;
  /** Stages and actions that are none of these, as text: only somebody else puts them there. */
  readonly others: readonly string[];
};

export type Deploy = {
  readonly service: string;
  /** The file in the build's artifact that names container and image. */
  readonly file: string;
  readonly order: number;
};

const SOURCE = "SourceOutput";
const BUILD = "BuildOutput";
const providers = { Source: "CodeStarSourceConnection", Build: "CodeBuild", Deploy: "ECS" } as const;
type Part = keyof typeof providers;

/** The whole of a pipeline as CreatePipeline and UpdatePipeline take it. */
export function declarationOf(name: string, want: PipelineWords): PipelineDeclaration {
  return {
    name,
    roleArn: want.role,
    pipelineType: "V2",
    executionMode: want.mode as "QUEUED",
    artifactStore: { type: "S3", location: want.bucket },
    stages: [
      stage("Source", [
        {
          ...action("Source", "Source", {
            ConnectionArn: want.connection,
            FullRepositoryId: want.repository,
            BranchName: want.branch,
            DetectChanges: String(want.onPush),
            OutputArtifactFormat: "CODE_ZIP",
          }),
          outputArtifacts: [{ name: SOURCE }],
        },
      ]),
      stage("Build", [
        {
          ...action("Build", "Build", { ProjectName: want.project }),
          inputArtifacts: [{ name: SOURCE }],
          outputArtifacts: [{ name: BUILD }],
        },
      ]),
      stage(
        "Deploy",
        want.deploys.map(({ service, file, order }) => ({
          ...action("Deploy", service, {
            ClusterName: want.cluster,
            ServiceName: service,
            FileName: file,
            DeploymentTimeout: String(want.timeout),
          }),
          runOrder: order,
          inputArtifacts: [{ name: BUILD }],
        })),
      ),
    ],
  };
}

const stage = (name: string, actions: ActionDeclaration[]): StageDeclaration => ({ name, actions });

const action = (category: Part, name: string, configuration: Record<string, string>): ActionDeclaration => ({
  name,
  actionTypeId: { category, owner: "AWS", provider: providers[category], version: "1" },
  runOrder: 1,
  configuration,
});

/** A pipeline as AWS tells it in our words. What has no word of ours stands among `others`. */
export function wordsIn(it: PipelineDeclaration): Partial<PipelineWords> {
  const all = (it.stages ?? []).flatMap(({ name = "", actions = [] }) =>
    actions.map((action) => ({ stage: name, action })),
  );
  const ours = (part: Part) =>
    all.filter(({ stage, action }) => stage === part && action.actionTypeId?.provider === providers[part]);
  const [source] = ours("Source");
  const [build] = ours("Build");
  const deploys = ours("Deploy");
  const known = new Set([source, build, ...deploys].map((each) => each?.action));
  const from: Record<string, string> = source?.action.configuration ?? {};
  const first: Record<string, string> = deploys[0]?.action.configuration ?? {};
  return {
    role: it.roleArn,
    bucket: it.artifactStore?.location,
    mode: it.executionMode ?? "SUPERSEDED",
    connection: from.ConnectionArn,
    repository: from.FullRepositoryId,
    branch: from.BranchName,
    onPush: from.DetectChanges !== "false",
    project: build?.action.configuration?.ProjectName,
    cluster: first.ClusterName,
    deploys: deploys.map(({ action: { configuration, runOrder } }) => ({
      service: configuration?.ServiceName ?? "",
      file: configuration?.FileName ?? "imagedefinitions.json",
      order: runOrder ?? 1,
      // One that goes to another cluster, or waits for another time, differs.
      ...(configuration?.ClusterName !== first.ClusterName && { cluster: configuration?.ClusterName }),
      ...(configuration?.DeploymentTimeout !== first.DeploymentTimeout && {
        timeout: configuration?.DeploymentTimeout,
      }),
    })),
    timeout: Number(first.DeploymentTimeout ?? 60),
    others: [
      ...all
        .filter(({ action }) => !known.has(action))
        .map(({ stage, action: { name, actionTypeId } }) => `${stage}/${name} (${actionTypeId?.provider})`),
      ...(it.stages ?? []).flatMap((stage) => conditionsOf(stage)),
    ],
  };
}

const conditionsOf = ({ name, beforeEntry, onSuccess, onFailure, blockers = [] }: StageDeclaration): string[] =>
  Object.entries({ beforeEntry, onSuccess, onFailure, blockers: blockers.length > 0 ? blockers : undefined })
    .filter(([, value]) => value !== undefined)
    .map(([when, value]) => `${name} ${when} ${JSON.stringify(canonical(value))}`);
