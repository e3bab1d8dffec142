import { originOf } from "../../images/origin.ts";
import { manifestTypes } from "../../images/registry.ts";
import type { Inputs } from "../../images/tag.ts";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { allPages } from "../pages.ts";
import { pushImage } from "./image-source.ts";

export type ImageSpec = {
  /** The repository's name. */
  readonly repository: string;
  /** The hash of all inputs. */
  readonly tag: string;
  /** The service's folder: `services/web-server`. */
  readonly source: string;
  /** What it is made from, `base` and `platform` among it: name → hash or value. */
  readonly inputs: Inputs;
};

/**
 * The image a repository has of its service: the one with the wanted tag, else the newest, so that what changed since
 * can be told. Creating it builds and pushes it.
 */
export const image = defineKind<ImageSpec, "tag" | "digest">({
  type: "ecr:image",
  outputs: ["tag", "digest"],
  partOf: "repository",

  async read(aws, name, want) {
    const repositoryName = repositoryOf(name, want);
    const found =
      (await manifestBy(aws, repositoryName, { imageTag: want.tag })) ?? (await newest(aws, repositoryName));
    if (!found) return undefined;
    const { tag, digest, manifest } = found;
    const { source, inputs } = await originOf(manifest, (digest) => blobOf(aws, repositoryName, digest));
    return { spec: { repository: repositoryName, tag, source, inputs }, outputs: { tag, digest } };
  },

  create: (aws, _name, want) => pushImage(aws, want),

  async update(aws, _name, want, have) {
    // The tag is on another image: an immutable tag is not moved, but taken off.
    if (have.spec.tag === want.tag) {
      await aws.ecr.batchDeleteImage({ repositoryName: want.repository, imageIds: [{ imageTag: want.tag }] });
    }
    await pushImage(aws, want);
  },

  async delete(aws, name, have) {
    const repositoryName = repositoryOf(name, have.spec);
    // An index goes before the images it refers to.
    for (let round = 0; round < 2; round++) {
      const imageIds = await imagesIn(aws, repositoryName);
      for (let first = 0; first < imageIds.length; first += 100) {
        await aws.ecr.batchDeleteImage({ repositoryName, imageIds: imageIds.slice(first, first + 100) });
      }
    }
  },
});

/** An image bears the name of its repository, unless its spec says another. */
const repositoryOf = (name: string, { repository = name }: Partial<ImageSpec>): string => repository;

interface Found {
  readonly tag: string;
  readonly digest: string;
  readonly manifest: string;
}
type ImageId = { imageTag?: string; imageDigest?: string };

const ABSENT = ["RepositoryNotFound", "ImageNotFound"];

async function manifestBy(aws: Aws, repositoryName: string, imageId: ImageId): Promise<Found | undefined> {
  const answer = await unlessAbsent(
    aws.ecr.batchGetImage({ repositoryName, imageIds: [imageId], acceptedMediaTypes: [...manifestTypes] }),
    ...ABSENT,
  );
  const found = answer?.images?.[0];
  const { imageTag = "", imageDigest } = { ...imageId, ...found?.imageId };
  return found?.imageManifest && imageDigest
    ? { tag: imageTag, digest: imageDigest, manifest: found.imageManifest }
    : undefined;
}

/** The tagged image that was pushed last. */
async function newest(aws: Aws, repositoryName: string): Promise<Found | undefined> {
  const images = await allPages(async (nextToken) => {
    const filter = { tagStatus: "TAGGED" as const };
    const page = await unlessAbsent(aws.ecr.describeImages({ repositoryName, filter, nextToken }), ...ABSENT);
    return { items: page?.imageDetails, next: page?.nextToken };
  });
  const pushed = ({ imagePushedAt }: { imagePushedAt?: Date }) => imagePushedAt?.getTime() ?? 0;
  const last = images.sort((a, b) => pushed(b) - pushed(a))[0];
  return last && manifestBy(aws, repositoryName, { imageDigest: last.imageDigest, imageTag: last.imageTags?.[0] });
}

const imagesIn = (aws: Aws, repositoryName: string): Promise<{ imageDigest?: string }[]> =>
  allPages(async (nextToken) => {
    const page = await unlessAbsent(aws.ecr.listImages({ repositoryName, nextToken }), ...ABSENT);
    return { items: page?.imageIds?.map(({ imageDigest }) => ({ imageDigest })), next: page?.nextToken };
  });

/** A small blob as text: the configuration of an image. */
async function blobOf(aws: Aws, repositoryName: string, layerDigest: string): Promise<string | undefined> {
  const { downloadUrl } = await aws.ecr.getDownloadUrlForLayer({ repositoryName, layerDigest });
  if (!downloadUrl) return undefined;
  const response = await fetch(downloadUrl, { signal: AbortSignal.timeout(30_000) });
  return response.ok ? response.text() : undefined;
}
