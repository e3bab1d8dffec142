import { type Base, descriptor, findBase, type Logins } from "./base.ts";
import { bundle } from "./bundle.ts";
import { parseDockerfile, type Recipe } from "./dockerfile.ts";
import { type Blob, blob, type Layer, layer } from "./layer.ts";
import { push } from "./push.ts";
import { type Manifest, media } from "./registry.ts";
import type { Login } from "./request.ts";
import { folderOf, readSource, type Source } from "./source.ts";
import { canonical, describeInputs, type Inputs, type Target } from "./tag.ts";

/** What is built, and for what. */
export interface BuildInput extends Target {
  readonly source: Source;
  /** For a base in a registry that is not public, such as one's own ECR. */
  readonly logins?: Logins;
}

/** Where a built image goes. */
export interface Destination {
  /** The registry's origin; `http:` is for this machine only. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly login?: Login;
}

/** What a push did. */
export interface Pushed {
  readonly digest: string;
  /** How many blobs had to travel; an engine does not tell. */
  readonly uploaded?: number;
}

/** An image that is ready to be pushed. */
export interface BuiltImage {
  push(to: Destination): Promise<Pushed>;
}

/** Builds the image of a service: without a container engine (`buildImage`), or with one (`dockerBuilder`). */
export type Builder = (input: BuildInput) => Promise<BuiltImage>;

/** The labels by which an image tells what it was made from. */
export const labels = { inputs: "ecomctl.inputs", source: "ecomctl.source" } as const;

/** An image as bytes: what a registry is given. */
export interface Assembled {
  readonly manifest: Manifest;
  readonly config: Blob;
  readonly layer: Layer;
  readonly base: Base;
}

/** Reads the service's Dockerfile for a base. */
export const recipeOf = ({ source, base }: Pick<BuildInput, "source" | "base">): Recipe =>
  parseDockerfile(readSource(source, `${folderOf(source)}/Dockerfile`).toString(), { BASE_IMAGE: base });

/** What the image tells about itself. */
export const labelsOf = (source: Source, inputs: Inputs): Readonly<Record<string, string>> => ({
  [labels.source]: folderOf(source),
  [labels.inputs]: canonical(inputs),
});

/** Puts the bundle on its base, as the Dockerfile says. The same inputs and base give the same digest. */
export function assemble(
  recipe: Recipe,
  base: Base,
  server: Buffer,
  told: Readonly<Record<string, string>>,
): Assembled {
  const top = layer([{ path: recipe.bundleAt, data: server }]);
  const below = base.config.config;
  const config = blob(
    json({
      ...base.config,
      created: "1970-01-01T00:00:00Z",
      config: {
        ...below,
        User: recipe.user,
        WorkingDir: recipe.workdir,
        ExposedPorts: Object.fromEntries(recipe.ports.map((port) => [`${port}/tcp`, {}])),
        Env: merged(below?.Env ?? [], recipe.env),
        Cmd: recipe.command,
        Labels: { ...below?.Labels, ...told },
      },
      rootfs: { type: "layers", diff_ids: [...base.config.rootfs.diff_ids, top.diffId] },
      history: [
        ...(base.config.history ?? []),
        { created: "1970-01-01T00:00:00Z", created_by: `COPY ${recipe.bundleAt}` },
      ],
    }),
  );
  const manifest = blob(
    json({
      schemaVersion: 2,
      mediaType: media.manifest,
      config: descriptor(media.config, config),
      layers: [...base.layers, descriptor(media.layer, top)],
      annotations: told,
    }),
  );
  return { manifest: { ...manifest, mediaType: media.manifest }, config, layer: top, base };
}

/** Builds with nothing but this program: bundle, one layer, base by reference. Throws `ImageProblem`. */
export const buildImage: Builder = async (input) => {
  const recipe = recipeOf(input);
  const [base, server] = await Promise.all([findBase(recipe.base, input.platform, input.logins), bundle(input.source)]);
  const told = labelsOf(input.source, describeInputs(input.source, input));
  const image = assemble(recipe, base, server, told);
  return { push: (to) => push(image, to) };
};

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));

/** Environment of the base with the service's on top. */
function merged(below: readonly string[], above: readonly string[]): string[] {
  const values = new Map([...below, ...above].map((pair) => [pair.slice(0, pair.indexOf("=")), pair]));
  return [...values.values()];
}
