import { dirname } from "node:path";
import type { Local } from "../service.ts";
import type { Buildspec } from "./buildspec.ts";
import { PREFIX } from "./credentials.ts";
import type { BuildRecord } from "./state.ts";

/** Where a build finds its files. */
export interface Folders {
  /** The build's own, with all others in it. */
  readonly home: string;
  readonly source: string;
}

/** What the commands of a build find in their environment; of this machine's own, PATH and HOME alone. */
export function environmentOf(
  local: Local,
  region: string,
  build: BuildRecord,
  spec: Buildspec,
  { source }: Folders,
): Record<string, string> {
  const uuid = build.id.split(":")[1] ?? "";
  const { groupName = "", streamName = "" } = build.logs ?? {};
  const ofProject = (build.environment?.environmentVariables ?? []).map(({ name = "", value = "" }) => [name, value]);
  return {
    HOME: process.env.HOME ?? "/",
    // `node` is the one that runs this.
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin"}`,
    LANG: "C.UTF-8",
    ...spec.variables,
    ...Object.fromEntries(ofProject),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: local.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${local.url}${PREFIX}${uuid}`,
    AWS_EC2_METADATA_DISABLED: "true",
    // Whoever builds here is not to be sent elsewhere by files of this machine's user.
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    CODEBUILD_BUILD_ARN: build.arn,
    CODEBUILD_BUILD_ID: build.id,
    CODEBUILD_BUILD_IMAGE: build.environment?.image ?? "",
    CODEBUILD_BUILD_NUMBER: String(build.buildNumber),
    CODEBUILD_BUILD_SUCCEEDING: "1",
    CODEBUILD_INITIATOR: build.initiator ?? "",
    CODEBUILD_KMS_KEY_ID: build.encryptionKey ?? "",
    CODEBUILD_LOG_PATH: streamName,
    CODEBUILD_LOG_GROUP: groupName,
    CODEBUILD_PROJECT_ARN: build.arn.replace(/:build\/.*$/, `:project/${build.projectName}`),
    CODEBUILD_RESOLVED_SOURCE_VERSION: build.resolvedSourceVersion ?? "",
    CODEBUILD_SOURCE_REPO_URL: build.source?.location ?? "",
    CODEBUILD_SOURCE_VERSION: build.sourceVersion ?? "",
    CODEBUILD_SRC_DIR: source,
    CODEBUILD_START_TIME: String(build.startTime),
  };
}
