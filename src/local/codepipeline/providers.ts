import type { ActionTypeId } from "@aws-sdk/client-codepipeline";

/** What AWS demands of an action of one provider. */
export interface Provider {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** How many artifacts go in and come out, from and to. */
  readonly inputs: readonly [number, number];
  readonly outputs: readonly [number, number];
}

const build: Provider = {
  required: ["ProjectName"],
  optional: ["PrimarySource", "BatchEnabled", "BuildspecOverride", "CombineArtifacts", "EnvironmentVariables"],
  inputs: [1, 5],
  outputs: [0, 5],
};

const providers: Readonly<Record<string, Provider>> = {
  "Source/AWS/CodeStarSourceConnection/1": {
    required: ["ConnectionArn", "FullRepositoryId", "BranchName"],
    optional: ["OutputArtifactFormat", "DetectChanges"],
    inputs: [0, 0],
    outputs: [1, 1],
  },
  "Build/AWS/CodeBuild/1": build,
  "Test/AWS/CodeBuild/1": build,
  "Deploy/AWS/ECS/1": {
    required: ["ClusterName", "ServiceName"],
    optional: ["FileName", "DeploymentTimeout"],
    inputs: [1, 1],
    outputs: [0, 0],
  },
};

/** The provider of an action type, of those that this machine has. */
export const providerOf = (type: ActionTypeId | undefined): Provider | undefined =>
  providers[[type?.category, type?.owner, type?.provider, type?.version].join("/")];
