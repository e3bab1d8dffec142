import { writeFile } from "node:fs/promises";
import { resolve as inFolder } from "node:path";
import type { Aws } from "../aws/clients.ts";
import { image } from "../aws/ecr/image.ts";
import { resolve } from "../engine/reference.ts";
import { images } from "../steps/4-images.ts";
import { definitionsFile } from "../steps/9-pipeline.ts";
import type { Options } from "./options.ts";
import type { Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Builds and pushes the images that are missing, and does nothing else: no repository is made, and nobody is asked whose
 * it is, for a build in a pipeline may do no more. With `imageDefinitions`, writes for each container the file by which
 * the pipeline deploys it.
 */
export async function buildOnly(
  aws: Aws,
  { shop }: Session,
  { imageDefinitions, json }: Options,
  terminal: Terminal,
): Promise<number> {
  const { web, search, order } = images({ ...shop, imageOwner: "us" });
  const registry = await registryOf(aws);
  await Promise.all(
    [web, search, order].map(async ({ image: { name, spec } }) => {
      const want = resolve(spec, () => undefined);
      const found = await image.kind.read(aws, name, want);
      const there = found?.outputs.tag === want.tag;
      if (!there) await image.kind.create(aws, name, { ...want, stack: shop.stack });
      const imageUri = `${registry}/${want.repository}:${want.tag}`;
      if (imageDefinitions)
        await writeFile(inFolder(definitionsFile(name)), `${JSON.stringify([{ name, imageUri }])}\n`);
      if (json) terminal.out(JSON.stringify({ event: "image", name, imageUri, built: !there }));
      else terminal.out(`${name}: ${there ? "is there already" : "built and pushed"}: ${imageUri}`);
    }),
  );
  return 0;
}

/** The host of the account's registry, as images are called by. */
async function registryOf(aws: Aws): Promise<string> {
  const { authorizationData } = await aws.ecr.getAuthorizationToken({});
  return (authorizationData?.[0]?.proxyEndpoint ?? "").replace(/^https?:\/\//, "");
}
