import type {
  CodeBuild,
  CreateProjectInput,
  ProjectArtifacts,
  ProjectSource,
  UpdateProjectInput,
} from "@aws-sdk/client-codebuild";
import { assumable } from "../iam/authorize.ts";
import { page } from "../page.ts";
import { type Call, type Handlers, Refusal } from "../service.ts";
import { bare, type CodeBuildState, invalid, type ProjectRecord, projectNamed, shownProject } from "./state.ts";

const PAGE = 100;

type Input = Partial<CreateProjectInput> & UpdateProjectInput;

/** What AWS adds to what it is told, and refuses of it. */
function checked(
  call: Call<CodeBuildState>,
  arn: string,
  input: Input,
  before?: ProjectRecord,
): Partial<ProjectRecord> {
  const source = input.source ?? before?.source;
  const artifacts = input.artifacts ?? before?.artifacts;
  checkEnds(source, artifacts);
  if (input.badgeEnabled && source?.type === "CODEPIPELINE")
    throw invalid("Build badges are not supported for CodePipeline source");
  if (input.serviceRole !== undefined) checkRole(call, arn, input.serviceRole);
  checkVariables(input.environment?.environmentVariables?.map(({ name }) => name ?? "") ?? []);
  const { environment } = input;
  return {
    description: input.description ?? before?.description,
    ...(input.source && { source: { insecureSsl: false, ...input.source } }),
    ...(input.artifacts && { artifacts: artifactsOf(input.artifacts, input.name ?? "") }),
    ...(input.serviceRole !== undefined && { serviceRole: input.serviceRole }),
    ...(environment && {
      environment: {
        privilegedMode: false,
        imagePullCredentialsType: "CODEBUILD",
        ...environment,
        environmentVariables: (environment.environmentVariables ?? []).map((each) => ({
          ...each,
          type: each.type ?? "PLAINTEXT",
        })),
      },
    }),
    ...(input.logsConfig && {
      logsConfig: {
        s3Logs: { status: "DISABLED", encryptionDisabled: false },
        cloudWatchLogs: { status: "ENABLED" },
        ...input.logsConfig,
      },
    }),
    cache: input.cache ?? before?.cache ?? { type: "NO_CACHE" },
    timeoutInMinutes: input.timeoutInMinutes ?? before?.timeoutInMinutes ?? 60,
    queuedTimeoutInMinutes: input.queuedTimeoutInMinutes ?? before?.queuedTimeoutInMinutes ?? 480,
    encryptionKey:
      input.encryptionKey ?? before?.encryptionKey ?? `arn:aws:kms:${call.region}:${call.account}:alias/aws/s3`,
    tags: input.tags ?? before?.tags ?? [],
    badge: { badgeEnabled: input.badgeEnabled ?? before?.badge?.badgeEnabled ?? false },
    secondarySources: input.secondarySources ?? before?.secondarySources ?? [],
    secondarySourceVersions: input.secondarySourceVersions ?? before?.secondarySourceVersions ?? [],
    secondaryArtifacts: input.secondaryArtifacts ?? before?.secondaryArtifacts ?? [],
    sourceVersion: input.sourceVersion ?? before?.sourceVersion,
    concurrentBuildLimit: input.concurrentBuildLimit ?? before?.concurrentBuildLimit,
    vpcConfig: input.vpcConfig ?? before?.vpcConfig,
    projectVisibility: "PRIVATE",
  };
}

function checkEnds(source: ProjectSource | undefined, artifacts: ProjectArtifacts | undefined): void {
  if ((source?.type === "CODEPIPELINE") !== (artifacts?.type === "CODEPIPELINE"))
    throw invalid(
      "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE",
    );
  if (source?.type === "NO_SOURCE" && !source.buildspec)
    throw invalid("Invalid project source: buildspec must be provided when source type is NO_SOURCE");
  const needsPlace = source?.type !== "CODEPIPELINE" && source?.type !== "NO_SOURCE";
  if (needsPlace && !source?.location) throw invalid("Invalid project source: location must be a valid string");
  if (artifacts?.type === "S3" && !artifacts.location)
    throw invalid("Invalid artifacts: location must be a valid S3 bucket name");
}

function artifactsOf(artifacts: ProjectArtifacts, name: string): ProjectArtifacts {
  if (artifacts.type === "NO_ARTIFACTS") return artifacts;
  return { name, packaging: "NONE", encryptionDisabled: false, ...artifacts };
}

function checkRole(call: Call<CodeBuildState>, arn: string, role: string): void {
  const name = role.split("/").at(-1) ?? "";
  const known = /^arn:[^:]+:iam::(\d{12}):role\//.exec(role)?.[1] === call.account;
  if (!known || !assumable(call.local, name, "codebuild.amazonaws.com", { "aws:SourceArn": arn }).allowed)
    throw invalid(`CodeBuild is not authorized to perform: sts:AssumeRole on ${role}`);
}

function checkVariables(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw invalid(`Invalid environment variables: the variable ${twice} is defined more than once`);
}

const arnOf = ({ region, account }: Call<CodeBuildState>, name: string) =>
  `arn:aws:codebuild:${region}:${account}:project/${name}`;

/** Build projects. */
export const projects: Handlers<CodeBuild, CodeBuildState> = {
  CreateProject: (input, call) => {
    const { state, local } = call;
    const { name = "", serviceRole = "" } = input;
    const arn = arnOf(call, name);
    if (state.projects[name]) throw new Refusal("ResourceAlreadyExistsException", `Project already exists: ${arn}`);
    const now = local.clock.now();
    const rest = checked(call, arn, { ...input, logsConfig: input.logsConfig ?? {} });
    state.projects[name] = { ...rest, name, arn, serviceRole, created: now, lastModified: now };
    return { project: shownProject(state.projects[name]) };
  },

  UpdateProject: (input, call) => {
    const before = projectNamed(call.state, input.name);
    const changes = checked(call, before.arn, { ...input, name: before.name }, before);
    Object.assign(before, changes, { lastModified: call.local.clock.now() });
    return { project: shownProject(before) };
  },

  BatchGetProjects: ({ names = [] }, { state }) => {
    if (names.length > 100) throw invalid("Invalid input: at most 100 projects can be asked for at once");
    const there = (name: string) => state.projects[bare(name)];
    return {
      projects: names.flatMap((name) => there(name) ?? []).map(shownProject),
      projectsNotFound: names.filter((name) => !there(name)),
    };
  },

  ListProjects: ({ nextToken, sortBy, sortOrder }, { state }) => {
    const time = (each: ProjectRecord) => (sortBy === "CREATED_TIME" ? each.created : each.lastModified);
    const key = (each: ProjectRecord) =>
      sortBy === undefined || sortBy === "NAME" ? each.name : `${String(time(each)).padStart(15, "0")} ${each.name}`;
    const { items, next } = page(Object.values(state.projects), key, PAGE, nextToken, sortOrder === "DESCENDING");
    return { projects: items.map(({ name }) => name), nextToken: next };
  },

  // Deleting what is not there is no error, and the builds of a project stay on record.
  DeleteProject: ({ name }, { state }) => {
    delete state.projects[bare(name)];
    return {};
  },
};
