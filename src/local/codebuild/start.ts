import { randomUUID } from "node:crypto";
import type { EnvironmentVariable, SourceType } from "@aws-sdk/client-codebuild";
import type { Local } from "../service.ts";
import {
  type BuildRecord,
  type CodeBuildState,
  codeBuildKeeper,
  codeBuildState,
  invalid,
  type Place,
  projectNamed,
} from "./state.ts";

/** How a build is to differ from what its project says. */
export interface StartOptions {
  readonly project: string | undefined;
  /** Who starts it: `codepipeline/NAME`, or a user. */
  readonly initiator: string;
  readonly from?: Place;
  readonly to?: Place;
  /** What is built, in the words of whoever brought it here: a commit. */
  readonly version?: string;
  readonly buildspec?: string;
  readonly variables?: readonly EnvironmentVariable[];
  readonly minutes?: number;
  readonly token?: string;
  readonly sourceType?: SourceType;
  readonly sourceLocation?: string;
}

const KEPT = 200;

/** Puts a build on record, to be run. Throws ResourceNotFoundException, InvalidInputException. */
export function recordBuild(local: Local, region: string, options: StartOptions): BuildRecord {
  const state = codeBuildState(local, region);
  const project = projectNamed(state, options.project);
  const type = options.sourceType ?? project.source?.type;
  if (type === "CODEPIPELINE" && !options.from)
    throw invalid("Cannot start a build of a project whose source type is CODEPIPELINE: its pipeline starts it");
  const running = Object.values(state.builds).filter(
    (each) => each.projectName === project.name && each.buildStatus === "IN_PROGRESS",
  );
  if (running.length >= (project.concurrentBuildLimit ?? Number.POSITIVE_INFINITY))
    throw invalid(`Cannot have more than ${project.concurrentBuildLimit} builds in queue for the project`);

  state.numbers[project.name] = (state.numbers[project.name] ?? 0) + 1;
  const uuid = randomUUID();
  const id = `${project.name}:${uuid}`;
  const now = local.clock.now();
  const { status, groupName = `/aws/codebuild/${project.name}`, streamName } = project.logsConfig?.cloudWatchLogs ?? {};
  const stream = streamName ? `${streamName}/${uuid}` : uuid;
  const version = options.from ? `arn:aws:s3:::${options.from.bucket}/${options.from.key}` : options.version;
  const record: BuildRecord = {
    id,
    arn: `arn:aws:codebuild:${region}:${local.account}:build/${id}`,
    buildNumber: state.numbers[project.name],
    projectName: project.name,
    startTime: now,
    currentPhase: "SUBMITTED",
    buildStatus: "IN_PROGRESS",
    buildComplete: false,
    sourceVersion: version,
    resolvedSourceVersion: options.version,
    phases: [],
    source: {
      ...project.source,
      type,
      ...(options.buildspec !== undefined && { buildspec: options.buildspec }),
      ...(options.sourceLocation !== undefined && { location: options.sourceLocation }),
    },
    secondarySources: [],
    artifacts: { location: options.to && `arn:aws:s3:::${options.to.bucket}/${options.to.key}` },
    secondaryArtifacts: [],
    cache: project.cache,
    environment: {
      type: "LINUX_CONTAINER",
      image: "",
      computeType: "BUILD_GENERAL1_SMALL",
      ...project.environment,
      environmentVariables: merged(project.environment?.environmentVariables ?? [], options.variables ?? []),
    },
    serviceRole: project.serviceRole,
    ...(status !== "DISABLED" && {
      logs: {
        groupName,
        streamName: stream,
        cloudWatchLogsArn: `arn:aws:logs:${region}:${local.account}:log-group:${groupName}:log-stream:${stream}`,
        deepLink: `https://console.aws.amazon.com/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${encodeURIComponent(groupName)}/log-events/${encodeURIComponent(stream)}`,
        cloudWatchLogs: project.logsConfig?.cloudWatchLogs,
        s3Logs: project.logsConfig?.s3Logs,
      },
    }),
    timeoutInMinutes: options.minutes ?? project.timeoutInMinutes,
    queuedTimeoutInMinutes: project.queuedTimeoutInMinutes,
    initiator: options.initiator,
    encryptionKey: project.encryptionKey,
    from: options.from,
    to: options.to,
    token: options.token,
  };
  state.builds[id] = record;
  forget(state);
  local.changed(codeBuildKeeper, region);
  return record;
}

const merged = (own: readonly EnvironmentVariable[], more: readonly EnvironmentVariable[]): EnvironmentVariable[] => [
  ...own.filter(({ name }) => more.every((each) => each.name !== name)),
  ...more,
];

/** The oldest builds that have ended are forgotten: AWS keeps them for a year, this machine so many. */
function forget(state: CodeBuildState): void {
  const ended = Object.values(state.builds).filter(({ buildComplete }) => buildComplete);
  for (const { id } of ended.slice(0, Math.max(0, ended.length - KEPT))) delete state.builds[id];
}
