import { createHash } from "node:crypto";
import { like } from "../like.ts";
import { Refusal } from "../service.ts";
import type { EcrImage, EcrRepository } from "./state.ts";

interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
}

/** What a manifest says: an image's configuration and layers, or the manifests of an index. */
export interface Manifest {
  readonly schemaVersion?: number;
  readonly mediaType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

/** What is pushed: a manifest under a tag, a digest, or both. */
export interface Push {
  readonly manifest: string;
  readonly mediaType?: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** `sha256:…` of bytes. */
export const digestOf = (data: string | Uint8Array): string =>
  `sha256:${createHash("sha256").update(data).digest("hex")}`;

/** Reads a manifest that was accepted before. */
export const manifestOf = (image: EcrImage): Manifest => JSON.parse(image.manifest) as Manifest;

/** Bytes of an image as ECR counts them: its layers as they are stored; of an index, its largest image. */
export function sizeOf(repository: EcrRepository, image: EcrImage): number {
  const { layers, manifests } = manifestOf(image);
  if (layers) return layers.reduce((sum, layer) => sum + layer.size, 0);
  const images = (manifests ?? []).flatMap(({ digest }) => repository.images[digest] ?? []);
  return Math.max(0, ...images.map((one) => sizeOf(repository, one)));
}

/**
 * Puts an image into a repository, and moves its tag to it. Refuses as ECR does: pieces that are not there, a digest
 * that is another, an image that is there already, a tag that must not move (not even to the same image).
 */
export function putImage(repository: EcrRepository, push: Push, now: number, account: string): string {
  const digest = digestOf(push.manifest);
  if (push.digest !== undefined && push.digest !== digest) {
    throw new Refusal(
      "ImageDigestDoesNotMatchException",
      `The specified image digest '${push.digest}' does not match the digest '${digest}' of the manifest`,
    );
  }
  const manifest = parse(push.manifest);
  const mediaType = push.mediaType ?? manifest.mediaType;
  if (mediaType === undefined) throw invalid("the manifest does not contain a mediaType, and none was given");
  pieces(repository, manifest);
  const holder = Object.values(repository.images).find(({ tags }) => push.tag !== undefined && tags.includes(push.tag));
  if (push.tag !== undefined && holder && isImmutable(repository, push.tag)) {
    throw new Refusal(
      "ImageTagAlreadyExistsException",
      `The image tag '${push.tag}' already exists in the '${repository.name}' repository and cannot be overwritten because the repository is immutable.`,
    );
  }
  const image = repository.images[digest];
  if (image && (push.tag === undefined || image === holder)) {
    throw new Refusal(
      "ImageAlreadyExistsException",
      `Image with digest '${digest}' and tag '${push.tag ?? null}' already exists in the repository with name '${repository.name}' in registry with id '${account}'`,
    );
  }
  if (holder && push.tag !== undefined) holder.tags = holder.tags.filter((tag) => tag !== push.tag);
  const tags = [...(image?.tags ?? []), ...(push.tag === undefined ? [] : [push.tag])];
  repository.images[digest] = { manifest: push.manifest, mediaType, pushedAt: image?.pushedAt ?? now, tags };
  return digest;
}

function parse(text: string): Manifest {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw invalid("the manifest is not JSON");
  }
  const read = (typeof manifest === "object" && manifest !== null ? manifest : {}) as Manifest;
  const image = Array.isArray(read.layers) && typeof read.config?.digest === "string";
  if (read.schemaVersion !== 2 || (!image && !Array.isArray(read.manifests))) {
    throw invalid("the manifest is neither an image's nor an index of schema version 2");
  }
  return read;
}

const invalid = (why: string): Refusal =>
  new Refusal(
    "InvalidParameterException",
    `Invalid parameter at 'ImageManifest' failed to satisfy constraint: '${why}'`,
  );

function pieces(repository: EcrRepository, { config, layers = [], manifests = [] }: Manifest): void {
  const absent = [...(config ? [config] : []), ...layers].filter(({ digest }) => !(digest in repository.layers));
  if (absent.length > 0) {
    throw new Refusal(
      "LayersNotFoundException",
      `Layers with digests '[${absent.map(({ digest }) => digest).join(", ")}]' required for pushing image into repository with name '${repository.name}' do not exist`,
    );
  }
  const unknown = manifests.filter(({ digest }) => !(digest in repository.images));
  if (unknown.length > 0) {
    throw new Refusal(
      "ReferencedImagesNotFoundException",
      `Images with digests '[${unknown.map(({ digest }) => digest).join(", ")}]' required for pushing image into repository with name '${repository.name}' do not exist`,
    );
  }
}

/** Whether a tag of this repository must stay where it is. */
export function isImmutable({ mutability, exclusions }: EcrRepository, tag: string): boolean {
  const excluded = exclusions.some(({ filter }) => like(filter, tag));
  return mutability.startsWith("IMMUTABLE")
    ? !(mutability.endsWith("EXCLUSION") && excluded)
    : mutability.endsWith("EXCLUSION") && excluded;
}
