import { type Blob, blob } from "./layer.ts";
import { ImageProblem } from "./problem.ts";
import { type Login, type Send, sender } from "./request.ts";

/** OCI's media types; registries and engines have understood them since 2018, ECR among them. */
export const media = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
} as const;

/** A manifest as a registry keeps it; its digest is the image's. */
export interface Manifest extends Blob {
  readonly mediaType: string;
}

/** A registry by its HTTP API (distribution specification 1.1). All methods throw `ImageProblem`. */
export interface Registry {
  manifest(repository: string, version: string): Promise<Manifest>;
  /** The digest behind a tag, if there is one. */
  digest(repository: string, version: string): Promise<string | undefined>;
  putManifest(repository: string, version: string, manifest: Manifest): Promise<void>;
  has(repository: string, digest: string): Promise<boolean>;
  blob(repository: string, digest: string): Promise<Buffer>;
  upload(repository: string, data: Blob): Promise<void>;
  /** Takes over a blob from a neighbouring repository; false if the registry would rather have the bytes. */
  mount(repository: string, digest: string, from: string): Promise<boolean>;
}

/** The manifests an image may have, whoever built it. */
export const manifestTypes: readonly string[] = [media.manifest, media.index, media.dockerManifest, media.dockerIndex];
const accept = manifestTypes.join(", ");

/** Opens a registry by its origin, e.g. `https://000000000000.dkr.ecr.us-east-1.amazonaws.com`. */
export function openRegistry(origin: string, login?: Login): Registry {
  const send = sender(origin, login);
  return {
    async manifest(repository, version) {
      const response = await send(`/v2/${repository}/manifests/${version}`, { headers: { accept } });
      const found = blob(Buffer.from(await response.arrayBuffer()));
      if (version.startsWith("sha256:")) same(version, found.digest);
      return { ...found, mediaType: response.headers.get("content-type")?.split(";")[0] ?? "" };
    },
    async digest(repository, version) {
      const path = `/v2/${repository}/manifests/${version}`;
      const response = await send(path, { method: "HEAD", headers: { accept }, accepts: [404] });
      if (!response.ok) return undefined;
      return response.headers.get("docker-content-digest") ?? (await this.manifest(repository, version)).digest;
    },
    async putManifest(repository, version, { data, mediaType }) {
      const path = `/v2/${repository}/manifests/${version}`;
      await drop(await send(path, { method: "PUT", body: data, headers: { "content-type": mediaType } }));
    },
    async has(repository, digest) {
      const response = await send(`/v2/${repository}/blobs/${digest}`, {
        method: "HEAD",
        accepts: [302, 307, 404],
      });
      return response.status !== 404;
    },
    async blob(repository, digest) {
      const response = await send(`/v2/${repository}/blobs/${digest}`);
      const found = blob(Buffer.from(await response.arrayBuffer()));
      same(digest, found.digest);
      return found.data;
    },
    upload: (repository, data) => upload(send, repository, data),
    async mount(repository, digest, from) {
      const query = new URLSearchParams({ mount: digest, from });
      const response = await send(`/v2/${repository}/blobs/uploads/?${query}`, { method: "POST" });
      await drop(response);
      return response.status === 201;
    },
  };
}

/** POST for a place, then all bytes in one PUT. */
async function upload(send: Send, repository: string, { data, digest }: Blob): Promise<void> {
  const begun = await send(`/v2/${repository}/blobs/uploads/`, { method: "POST" });
  await drop(begun);
  const location = begun.headers.get("location");
  if (location === null) {
    throw new ImageProblem("RegistryRefused", `${repository}: the registry gave no place to upload to`, "try again");
  }
  const place = new URL(location, begun.url);
  place.searchParams.set("digest", digest);
  const headers = { "content-type": "application/octet-stream" };
  await drop(await send(place.href, { method: "PUT", body: data, headers }));
}

/** Reads what nobody needs, so that the connection is free for the next request. */
const drop = async (response: Response): Promise<void> => void (await response.arrayBuffer());

function same(wanted: string, got: string): void {
  if (wanted === got) return;
  throw new ImageProblem(
    "DigestMismatch",
    `the registry answered ${got} when asked for ${wanted}`,
    "run the command again; if it stays, something between here and the registry changes its answers",
  );
}
