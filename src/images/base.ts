import type { blob } from "./layer.ts";
import { ImageProblem } from "./problem.ts";
import { type ImageReference, parseReference } from "./reference.ts";
import { media, openRegistry, type Registry } from "./registry.ts";
import type { Login } from "./request.ts";

/** A piece of an image, as a manifest lists it. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** The parts of an image's configuration that matter here; a base's other words are carried along. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly config?: { readonly Env?: readonly string[]; readonly Labels?: Readonly<Record<string, string>> };
  readonly rootfs: { readonly type: "layers"; readonly diff_ids: readonly string[] };
  readonly history?: readonly object[];
}

/** What a service's layer is put upon. */
export interface Base {
  readonly layers: readonly Descriptor[];
  readonly config: ImageConfig;
  /** Where the layers can be fetched; undefined for an empty base. */
  readonly from?: { readonly registry: Registry; readonly place: ImageReference };
}

interface Index {
  readonly manifests: readonly (Descriptor & { readonly platform?: { os: string; architecture: string } })[];
}
interface ImageManifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** Layers under both of their names; anything else (a foreign layer, a wasm module) is no base for a service. */
const layerTypes = new Map([
  ["application/vnd.docker.image.rootfs.diff.tar.gzip", media.layer],
  [media.layer, media.layer],
  ["application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.oci.image.layer.v1.tar+zstd"],
]);

/** Logins by the origin of their registry; public registries need none. */
export type Logins = Readonly<Record<string, Login>>;

/** Finds the base image for `os/architecture`, by tag or digest; `scratch` is empty and asks nobody. */
export async function findBase(reference: string, platform: string, logins: Logins = {}): Promise<Base> {
  const [os = "", architecture = ""] = platform.split("/");
  if (reference === "scratch") {
    return { layers: [], config: { architecture, os, rootfs: { type: "layers", diff_ids: [] } } };
  }
  const place = parseReference(reference);
  const registry = openRegistry(place.registry, logins[place.registry]);
  const unusable = (why: string): never => {
    throw new ImageProblem("BaseUnusable", `the base ${reference} ${why}`, "choose another base image, or platform");
  };
  let found = await registry.manifest(place.repository, place.version);
  if (found.mediaType === media.index || found.mediaType === media.dockerIndex) {
    const { manifests } = JSON.parse(found.data.toString()) as Index;
    const fits = manifests.find(({ platform: on }) => on?.os === os && on.architecture === architecture);
    if (!fits) return unusable(`has no image for ${platform}`);
    found = await registry.manifest(place.repository, fits.digest);
  }
  if (found.mediaType !== media.manifest && found.mediaType !== media.dockerManifest) {
    return unusable(`is described as ${found.mediaType || "nothing"}, which is no image`);
  }
  const manifest = JSON.parse(found.data.toString()) as ImageManifest;
  const config = await registry.blob(place.repository, manifest.config.digest);
  const told = JSON.parse(config.toString()) as ImageConfig;
  if (told.os !== os || told.architecture !== architecture) return unusable(`is for ${told.os}/${told.architecture}`);
  const layers = manifest.layers.map((layer) => ({
    digest: layer.digest,
    size: layer.size,
    mediaType: layerTypes.get(layer.mediaType) ?? unusable(`has a layer of type ${layer.mediaType}`),
  }));
  return { layers, config: told, from: { registry, place } };
}

/** Describes a blob in a manifest. */
export const descriptor = (mediaType: string, { digest, data }: ReturnType<typeof blob>): Descriptor => ({
  mediaType,
  digest,
  size: data.length,
});
