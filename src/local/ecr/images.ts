import type { ECR, ImageDetail, ImageFailure, ImageIdentifier } from "@aws-sdk/client-ecr";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { manifestOf, putImage, sizeOf } from "./manifest.ts";
import { type EcrRepository, type EcrState, repositoryIn } from "./state.ts";

/** Finds by digest, by tag, or by both; undefined if there is none or they disagree. */
function digestFor({ images }: EcrRepository, { imageDigest, imageTag }: ImageIdentifier): string | undefined {
  const [digest] =
    Object.entries(images).find(([, { tags }]) => imageTag !== undefined && tags.includes(imageTag)) ?? [];
  if (imageTag === undefined) return imageDigest !== undefined && images[imageDigest] ? imageDigest : undefined;
  return imageDigest === undefined || imageDigest === digest ? digest : undefined;
}

function failure(repository: EcrRepository, imageId: ImageIdentifier): ImageFailure {
  const { imageDigest, imageTag } = imageId;
  if (imageDigest === undefined && imageTag === undefined) {
    return {
      imageId,
      failureCode: "MissingDigestAndTag",
      failureReason: "Invalid request parameters: both tag and digest cannot be null",
    };
  }
  const both = imageDigest !== undefined && imageTag !== undefined;
  return both && digestFor(repository, { imageTag })
    ? {
        imageId,
        failureCode: "ImageTagDoesNotMatchDigest",
        failureReason: "Requested image tag does not match the digest",
      }
    : { imageId, failureCode: "ImageNotFound", failureReason: "Requested image not found" };
}

function detail(repository: EcrRepository, digest: string, account: string): ImageDetail | undefined {
  const image = repository.images[digest];
  return (
    image && {
      registryId: account,
      repositoryName: repository.name,
      imageDigest: digest,
      ...(image.tags.length > 0 ? { imageTags: image.tags } : {}),
      imageSizeInBytes: sizeOf(repository, image),
      imagePushedAt: new Date(image.pushedAt),
      imageManifestMediaType: image.mediaType,
      artifactMediaType: manifestOf(image).config?.mediaType,
      imageStatus: "ACTIVE",
    }
  );
}

/** Digests in the order of their names, without or with tags as the filter says. */
const chosen = ({ images }: EcrRepository, tagStatus: string = "ANY"): string[] =>
  Object.keys(images).filter(
    (digest) => tagStatus === "ANY" || (tagStatus === "TAGGED") === (images[digest]?.tags.length ?? 0) > 0,
  );

/** Images: put by their manifest, found by tag or digest, deleted by either. */
export const images: Handlers<ECR, EcrState> = {
  PutImage(input, { state, account, local }) {
    const repository = repositoryIn(state, input.repositoryName, account);
    const push = {
      manifest: input.imageManifest ?? "",
      mediaType: input.imageManifestMediaType,
      tag: input.imageTag,
      digest: input.imageDigest,
    };
    const imageDigest = putImage(repository, push, local.clock.now(), account);
    const { manifest, mediaType } = repository.images[imageDigest] ?? {};
    return {
      image: {
        registryId: account,
        repositoryName: repository.name,
        imageId: { imageDigest, imageTag: input.imageTag },
        imageManifest: manifest,
        imageManifestMediaType: mediaType,
      },
    };
  },

  BatchGetImage({ repositoryName, imageIds = [] }, { state, account }) {
    const repository = repositoryIn(state, repositoryName, account);
    const found = imageIds.flatMap((imageId) => {
      const imageDigest = digestFor(repository, imageId);
      const image = imageDigest === undefined ? undefined : repository.images[imageDigest];
      if (!image) return [];
      return [
        {
          registryId: account,
          repositoryName,
          imageId: { ...imageId, imageDigest },
          imageManifest: image.manifest,
          imageManifestMediaType: image.mediaType,
        },
      ];
    });
    const missed = imageIds.filter((imageId) => digestFor(repository, imageId) === undefined);
    return { images: found, failures: missed.map((imageId) => failure(repository, imageId)) };
  },

  BatchDeleteImage({ repositoryName, imageIds = [] }, { state, account }) {
    const repository = repositoryIn(state, repositoryName, account);
    const gone: ImageIdentifier[] = [];
    const failures: ImageFailure[] = [];
    for (const imageId of imageIds) {
      const digest = digestFor(repository, imageId);
      const image = digest === undefined ? undefined : repository.images[digest];
      if (digest === undefined || !image) {
        failures.push(failure(repository, imageId));
        continue;
      }
      const holder = Object.values(repository.images).some((other) =>
        manifestOf(other).manifests?.some((part) => part.digest === digest),
      );
      const lastTag = image.tags.length === 1 && image.tags[0] === imageId.imageTag;
      const whole = imageId.imageTag === undefined || lastTag;
      if (holder && whole) {
        failures.push({
          imageId,
          failureCode: "ImageReferencedByManifestList",
          failureReason: `Requested image referenced by manifest list: [${digest}]`,
        });
        continue;
      }
      // By its digest an image goes with all its tags; by a tag only the tag goes, and the image with its last one.
      const tags = imageId.imageTag === undefined ? image.tags : [imageId.imageTag];
      gone.push(...(tags.length > 0 ? tags : [undefined]).map((imageTag) => ({ imageDigest: digest, imageTag })));
      if (whole) delete repository.images[digest];
      else image.tags = image.tags.filter((tag) => tag !== imageId.imageTag);
    }
    return { imageIds: gone, failures };
  },

  DescribeImages({ repositoryName, imageIds, filter, maxResults = 100, nextToken }, { state, account }) {
    const repository = repositoryIn(state, repositoryName, account);
    const describe = (digest: string) => detail(repository, digest, account) ?? [];
    if (imageIds) {
      const digests = imageIds.map((imageId) => {
        const digest = digestFor(repository, imageId);
        if (digest !== undefined) return digest;
        throw new Refusal(
          "ImageNotFoundException",
          `The image with imageId {imageDigest:'${imageId.imageDigest ?? null}', imageTag:'${imageId.imageTag ?? null}'} does not exist within the repository with name '${repositoryName}' in the registry with id '${account}'`,
        );
      });
      return { imageDetails: [...new Set(digests)].flatMap(describe) };
    }
    const { items, next } = page(chosen(repository, filter?.tagStatus), String, maxResults, nextToken);
    return { imageDetails: items.flatMap(describe), nextToken: next };
  },

  ListImages({ repositoryName, filter, maxResults = 100, nextToken }, { state, account }) {
    const repository = repositoryIn(state, repositoryName, account);
    const ids = chosen(repository, filter?.tagStatus).flatMap((imageDigest): ImageIdentifier[] => {
      const tags = repository.images[imageDigest]?.tags ?? [];
      return tags.length > 0 ? tags.map((imageTag) => ({ imageDigest, imageTag })) : [{ imageDigest }];
    });
    const key = ({ imageDigest, imageTag = "" }: ImageIdentifier) => `${imageDigest} ${imageTag}`;
    const { items, next } = page(ids, key, maxResults, nextToken);
    return { imageIds: items, nextToken: next };
  },
};
