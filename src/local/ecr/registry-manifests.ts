import { Refusal } from "../service.ts";
import { isDigest } from "./blobs.ts";
import { digestOf, putImage } from "./manifest.ts";
import { type EcrImage, type EcrRepository, keeper } from "./state.ts";
import { RegistryError, send, type Visit } from "./visit.ts";

/** A manifest is read into memory: ECR refuses larger ones, too. */
const manifestLimit = 4 * 1024 * 1024;

/** Manifests by tag or digest, and the list of tags. */
export const manifestRoutes: Readonly<Record<string, (visit: Visit) => void | Promise<void>>> = {
  "GET manifests": manifest,
  "HEAD manifests": manifest,
  "PUT manifests": putManifest,
  "DELETE manifests": deleteManifest,
  "GET tags": ({ response, repository, reference }) => {
    if (reference !== "list") throw new RegistryError(404, "UNSUPPORTED", "The operation is unsupported.");
    const tags = Object.values(repository.images).flatMap((image) => image.tags);
    send(response, 200, {}, { name: repository.name, tags: tags.sort() });
  },
};

function manifest({ request, response, repository, reference }: Visit): void {
  const [digest, image] = found(repository, reference);
  const headers = {
    "content-type": image.mediaType,
    "docker-content-digest": digest,
    "content-length": Buffer.byteLength(image.manifest),
  };
  response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : image.manifest);
}

async function putManifest({ request, response, local, region, repository, reference }: Visit): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if (chunks.reduce((sum, { length }) => sum + length, 0) > manifestLimit) {
      throw new RegistryError(413, "MANIFEST_INVALID", "the manifest is too large");
    }
  }
  const text = Buffer.concat(chunks).toString();
  const mediaType = request.headers["content-type"]?.split(";")[0]?.trim();
  const where = isDigest(reference) ? { digest: reference } : { tag: reference };
  let digest = digestOf(text);
  try {
    digest = putImage(repository, { manifest: text, mediaType, ...where }, local.clock.now(), local.account);
  } catch (error) {
    // Pushing the same image to the same place again is no error over HTTP, unless its tag is immutable.
    if (!(error instanceof Refusal) || error.name !== "ImageAlreadyExistsException") throw error;
  }
  local.changed(keeper, region);
  send(response, 201, { location: `/v2/${repository.name}/manifests/${digest}`, "docker-content-digest": digest });
}

function deleteManifest({ response, local, region, repository, reference }: Visit): void {
  const [digest, image] = found(repository, reference);
  if (isDigest(reference) || image.tags.length === 1) delete repository.images[digest];
  else image.tags = image.tags.filter((tag) => tag !== reference);
  local.changed(keeper, region);
  send(response, 202);
}

function found({ images, name }: EcrRepository, reference: string): [digest: string, image: EcrImage] {
  const pair = Object.entries(images).find(([digest, { tags }]) => digest === reference || tags.includes(reference));
  if (pair) return pair;
  throw new RegistryError(404, "MANIFEST_UNKNOWN", `Requested image not found: ${name}, ${reference}`);
}
