import type { ECR, Repository } from "@aws-sdk/client-ecr";
import { page } from "../page.ts";
import { type Call, type Handlers, Refusal } from "../service.ts";
import { blobsOf } from "./blobs.ts";
import { lifecyclePolicy } from "./lifecycle.ts";
import { type EcrRepository, type EcrState, knownBlobs, repositoryIn, uriOf } from "./state.ts";

type C = Call<EcrState>;

const arnOf = ({ region, account }: C, name: string) => `arn:aws:ecr:${region}:${account}:repository/${name}`;

const told = (call: C, repository: EcrRepository): Repository => ({
  repositoryArn: arnOf(call, repository.name),
  registryId: call.account,
  repositoryName: repository.name,
  repositoryUri: uriOf(call.local, repository.name),
  createdAt: new Date(repository.createdAt),
  imageTagMutability: repository.mutability,
  ...(repository.exclusions.length > 0 ? { imageTagMutabilityExclusionFilters: repository.exclusions } : {}),
  imageScanningConfiguration: { scanOnPush: repository.scanOnPush },
  encryptionConfiguration: repository.encryption,
});

function byArn({ state, account }: C, arn: string | undefined): EcrRepository {
  return repositoryIn(state, arn?.split(":repository/")[1] ?? arn, account);
}

/** Which tags may move; filters and an `_WITH_EXCLUSION` mutability come together or not at all. */
function mutability(input: {
  imageTagMutability?: EcrRepository["mutability"];
  imageTagMutabilityExclusionFilters?: { filter?: string }[];
}): Pick<EcrRepository, "mutability" | "exclusions"> {
  const { imageTagMutability = "MUTABLE", imageTagMutabilityExclusionFilters: filters = [] } = input;
  if (imageTagMutability.endsWith("_WITH_EXCLUSION") !== filters.length > 0) {
    throw new Refusal(
      "InvalidParameterException",
      "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'exclusion filters are given with, and only with, a mutability WITH_EXCLUSION'",
    );
  }
  const exclusions = filters.map(({ filter = "" }) => ({ filterType: "WILDCARD" as const, filter }));
  return { mutability: imageTagMutability, exclusions };
}

/** Repositories: what they are called, how they treat tags, what expires, who may use them. */
export const repositories: Handlers<ECR, EcrState> = {
  CreateRepository(input, call) {
    const name = input.repositoryName ?? "";
    if (call.state.repositories[name]) {
      throw new Refusal(
        "RepositoryAlreadyExistsException",
        `The repository with name '${name}' already exists in the registry with id '${call.account}'`,
      );
    }
    const { encryptionType = "AES256", kmsKey } = input.encryptionConfiguration ?? {};
    const repository: EcrRepository = {
      name,
      createdAt: call.local.clock.now(),
      ...mutability(input),
      scanOnPush: input.imageScanningConfiguration?.scanOnPush ?? false,
      encryption: { encryptionType, ...(kmsKey === undefined ? {} : { kmsKey }) },
      tags: Object.fromEntries((input.tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value])),
      images: {},
      layers: {},
    };
    call.state.repositories[name] = repository;
    return { repository: told(call, repository) };
  },

  DescribeRepositories({ repositoryNames, maxResults = 100, nextToken }, call) {
    if (repositoryNames) {
      return { repositories: repositoryNames.map((name) => told(call, repositoryIn(call.state, name, call.account))) };
    }
    const { items, next } = page(Object.values(call.state.repositories), ({ name }) => name, maxResults, nextToken);
    return { repositories: items.map((repository) => told(call, repository)), nextToken: next };
  },

  DeleteRepository({ repositoryName = "", force }, call) {
    const repository = repositoryIn(call.state, repositoryName, call.account);
    if (!force && Object.keys(repository.images).length > 0) {
      throw new Refusal(
        "RepositoryNotEmptyException",
        `The repository with name '${repositoryName}' in registry with id '${call.account}' cannot be deleted because it still contains images`,
      );
    }
    delete call.state.repositories[repositoryName];
    blobsOf(call.local).keepOnly(knownBlobs(call.local));
    return { repository: told(call, repository) };
  },

  PutImageTagMutability(input, { state, account }) {
    const repository = repositoryIn(state, input.repositoryName, account);
    Object.assign(repository, mutability(input));
    return {
      registryId: account,
      repositoryName: repository.name,
      imageTagMutability: repository.mutability,
      ...(repository.exclusions.length > 0 ? { imageTagMutabilityExclusionFilters: repository.exclusions } : {}),
    };
  },

  PutImageScanningConfiguration({ repositoryName, imageScanningConfiguration }, { state, account }) {
    const repository = repositoryIn(state, repositoryName, account);
    repository.scanOnPush = imageScanningConfiguration?.scanOnPush ?? false;
    return { registryId: account, repositoryName, imageScanningConfiguration: { scanOnPush: repository.scanOnPush } };
  },

  PutLifecyclePolicy({ repositoryName, lifecyclePolicyText = "" }, { state, account }) {
    const repository = repositoryIn(state, repositoryName, account);
    repository.lifecycle = lifecyclePolicy(lifecyclePolicyText);
    return { registryId: account, repositoryName, lifecyclePolicyText };
  },

  GetLifecyclePolicy: ({ repositoryName }, call) => lifecycle(call, repositoryName),

  DeleteLifecyclePolicy({ repositoryName }, call) {
    const removed = lifecycle(call, repositoryName);
    delete repositoryIn(call.state, repositoryName, call.account).lifecycle;
    return removed;
  },

  SetRepositoryPolicy({ repositoryName, policyText = "" }, { state, account }) {
    repositoryIn(state, repositoryName, account).policy = policyText;
    return { registryId: account, repositoryName, policyText };
  },

  GetRepositoryPolicy: ({ repositoryName }, call) => policy(call, repositoryName),

  DeleteRepositoryPolicy({ repositoryName }, call) {
    const removed = policy(call, repositoryName);
    delete repositoryIn(call.state, repositoryName, call.account).policy;
    return removed;
  },

  TagResource({ resourceArn, tags = [] }, call) {
    const repository = byArn(call, resourceArn);
    for (const { Key = "", Value = "" } of tags) repository.tags[Key] = Value;
  },

  UntagResource({ resourceArn, tagKeys = [] }, call) {
    const repository = byArn(call, resourceArn);
    for (const key of tagKeys) delete repository.tags[key];
  },

  ListTagsForResource: ({ resourceArn }, call) => ({
    tags: Object.entries(byArn(call, resourceArn).tags).map(([Key, Value]) => ({ Key, Value })),
  }),

  DescribeRegistry: (_, { account }) => ({ registryId: account, replicationConfiguration: { rules: [] } }),
};

function lifecycle({ state, account }: C, repositoryName: string | undefined) {
  const { lifecycle: lifecyclePolicyText } = repositoryIn(state, repositoryName, account);
  if (lifecyclePolicyText === undefined) {
    throw new Refusal(
      "LifecyclePolicyNotFoundException",
      `Lifecycle policy does not exist for the repository with name '${repositoryName}' in the registry with id '${account}'`,
    );
  }
  return { registryId: account, repositoryName, lifecyclePolicyText };
}

function policy({ state, account }: C, repositoryName: string | undefined) {
  const { policy: policyText } = repositoryIn(state, repositoryName, account);
  if (policyText === undefined) {
    throw new Refusal(
      "RepositoryPolicyNotFoundException",
      `Repository policy does not exist for the repository with name '${repositoryName}' in the registry with id '${account}'`,
    );
  }
  return { registryId: account, repositoryName, policyText };
}
