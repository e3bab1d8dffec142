import type { CreateProjectCommandInput, Project } from "@aws-sdk/client-codebuild";
import type { Want } from "../../engine/resource.ts";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagListLower } from "../tags.ts";

export type ProjectSpec = {
  /** Its path in the source. */
  readonly buildspec: string;
  readonly image: string;
  /** `BUILD_GENERAL1_SMALL` */
  readonly compute: string;
  /** Whether builds may run a container engine. */
  readonly privileged: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly serviceRole: string;
  readonly logGroup: string;
  /** Minutes. */
  readonly timeout: number;
};

/** A CodeBuild project that builds what a pipeline gives it. */
export const project = defineKind<ProjectSpec, "arn">({
  type: "codebuild:project",
  outputs: ["arn"],
  check: (name) =>
    /^[A-Za-z0-9][\w-]{1,149}$/.test(name)
      ? undefined
      : "a build project's name has 2 to 150 letters, digits, hyphens and underscores, beginning with a letter or digit",

  async read(aws, name) {
    const it = await find(aws, name);
    if (!it?.arn) return undefined;
    const { environment, logsConfig } = it;
    const { stack, adopted } = ownerIn(it.tags);
    const variables = environment?.environmentVariables ?? [];
    return {
      spec: {
        buildspec: it.source?.buildspec ?? "",
        image: environment?.image,
        compute: environment?.computeType,
        privileged: environment?.privilegedMode ?? false,
        environment: Object.fromEntries(variables.map(({ name = "", value = "", type }) => [name, worth(value, type)])),
        serviceRole: it.serviceRole,
        logGroup: (logsConfig?.cloudWatchLogs?.status === "ENABLED" && logsConfig.cloudWatchLogs.groupName) || "",
        timeout: it.timeoutInMinutes,
        stack,
      },
      adopted,
      outputs: { arn: it.arn },
    };
  },

  async create(aws, name, want) {
    await aws.codebuild.createProject(inputOf(name, want));
  },

  // It replaces what it is given, whole.
  async update(aws, name, want) {
    const ours = tagListLower(want);
    const others = (await find(aws, name))?.tags?.filter(({ key }) => ours.every((tag) => tag.key !== key)) ?? [];
    await aws.codebuild.updateProject({ ...inputOf(name, want), tags: [...others, ...ours] });
  },

  async delete(aws, name) {
    const { ids = [] } = await aws.codebuild.listBuildsForProject({ projectName: name, sortOrder: "DESCENDING" });
    const { builds = [] } = ids.length > 0 ? await aws.codebuild.batchGetBuilds({ ids: ids.slice(0, 100) }) : {};
    for (const { id, buildStatus } of builds) {
      if (buildStatus === "IN_PROGRESS") await unlessAbsent(aws.codebuild.stopBuild({ id }), "ResourceNotFound");
    }
    await aws.codebuild.deleteProject({ name });
  },

  async release(aws, name) {
    const tags = (await find(aws, name))?.tags?.filter(({ key = "" }) => !tagKeys.includes(key));
    await aws.codebuild.updateProject({ name, tags });
  },
});

const find = async (aws: Aws, name: string): Promise<Project | undefined> =>
  (await aws.codebuild.batchGetProjects({ names: [name] })).projects?.[0];

/** A secret's place is no plain value. */
const worth = (value: string, type: string | undefined) =>
  type === undefined || type === "PLAINTEXT" ? value : `${type}:${value}`;

/** Source and artifacts are the pipeline's: CodeBuild refuses any other for one of the two alone. */
const inputOf = (name: string, want: Want<ProjectSpec>): CreateProjectCommandInput => ({
  name,
  source: { type: "CODEPIPELINE", buildspec: want.buildspec },
  artifacts: { type: "CODEPIPELINE" },
  environment: {
    type: "LINUX_CONTAINER",
    image: want.image,
    computeType: want.compute as "BUILD_GENERAL1_SMALL",
    privilegedMode: want.privileged,
    environmentVariables: Object.entries(want.environment).map(([name, value]) => ({ name, value, type: "PLAINTEXT" })),
  },
  serviceRole: want.serviceRole,
  logsConfig: { cloudWatchLogs: { status: "ENABLED", groupName: want.logGroup } },
  timeoutInMinutes: want.timeout,
  tags: tagListLower(want),
});
