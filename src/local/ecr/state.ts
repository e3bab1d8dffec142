import { type Keeper, type Local, Refusal } from "../service.ts";

/** An image: the manifest itself and the tags that point to it. */
export interface EcrImage {
  readonly manifest: string;
  readonly mediaType: string;
  readonly pushedAt: number;
  tags: string[];
}

export type Mutability = "MUTABLE" | "IMMUTABLE" | "IMMUTABLE_WITH_EXCLUSION" | "MUTABLE_WITH_EXCLUSION";

/** A repository with its images by digest, and the sizes in bytes of the blobs that were pushed to it. */
export interface EcrRepository {
  readonly name: string;
  readonly createdAt: number;
  mutability: Mutability;
  exclusions: { filterType: "WILDCARD"; filter: string }[];
  scanOnPush: boolean;
  readonly encryption: { encryptionType: "AES256" | "KMS" | "KMS_DSSE"; kmsKey?: string };
  tags: Record<string, string>;
  lifecycle?: string;
  policy?: string;
  images: Record<string, EcrImage>;
  layers: Record<string, number>;
}

/** What ECR keeps in one region. The blobs themselves are files. */
export interface EcrState {
  repositories: Record<string, EcrRepository>;
}

/** ECR's place in the store. */
export const keeper: Keeper<EcrState> = { id: "ecr", initial: () => ({ repositories: {} }) };

/** The repository of that name. Throws RepositoryNotFoundException. */
export function repositoryIn(state: EcrState, name: string | undefined, account: string): EcrRepository {
  const found = name === undefined ? undefined : state.repositories[name];
  if (!found) {
    throw new Refusal(
      "RepositoryNotFoundException",
      `The repository with name '${name}' does not exist in the registry with id '${account}'`,
    );
  }
  return found;
}

/** Where docker finds a repository: host and port of the local AWS and the name. */
export const uriOf = (local: Local, name: string): string => `${new URL(local.url).host}/${name}`;

/** Every blob that some repository of any region has. */
export function knownBlobs(local: Local): Set<string> {
  const states = local.regions(keeper).map((region) => local.state(keeper, region));
  const repositories = states.flatMap((state) => Object.values(state.repositories));
  return new Set(repositories.flatMap((repository) => Object.keys(repository.layers)));
}
