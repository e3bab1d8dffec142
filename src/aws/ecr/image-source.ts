import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Problem } from "../../engine/problem.ts";
import { buildImage } from "../../images/build.ts";
import { ImageProblem } from "../../images/problem.ts";
import { baseImage, packageRoot } from "../../images/source.ts";
import { changedInputs, contentTag, describeInputs } from "../../images/tag.ts";
import type { Aws } from "../clients.ts";
import type { ImageSpec } from "./image.ts";

const sourceIn = (folder: string) => ({ root: sourceRoot(), service: folder.replace(/^services\//, "") });

/** The services of the repository that one works in, where it has its own (as `init` copies them), else those that ecomctl carries. */
function sourceRoot(): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "services", "base-image"))) return folder;
    if (dirname(folder) === folder) return packageRoot();
  }
}

/**
 * The words of an image's spec that follow from its source, read from the disk. `base` is the one all services have,
 * unless another is given; `platform` is `os/architecture`. Throws a Problem.
 */
export function madeFrom(
  folder: string,
  { platform, base }: { platform: string; base?: string },
): Pick<ImageSpec, "source" | "inputs" | "tag"> {
  const source = sourceIn(folder);
  try {
    const inputs = describeInputs(source, { base: base ?? baseImage(source.root), platform });
    return { source: folder, inputs, tag: contentTag(inputs) };
  } catch (error) {
    throw asProblem(error);
  }
}

/** Builds the image and pushes it, with a login made for this push. Throws a Problem. */
export async function pushImage(aws: Aws, { repository, tag, source, inputs }: ImageSpec): Promise<void> {
  const { authorizationData } = await aws.ecr.getAuthorizationToken({});
  const { authorizationToken = "", proxyEndpoint = "" } = authorizationData?.[0] ?? {};
  const [username = "", ...password] = Buffer.from(authorizationToken, "base64").toString().split(":");
  const login = { username, password: password.join(":") };
  const { base = "scratch", platform = "linux/amd64" } = inputs;
  const changed = changedInputs(inputs, madeFrom(source, { platform, base }).inputs);
  if (changed.length > 0) {
    const why = `${changed.join(", ")} changed since the plan was made, and the tag is a hash of it`;
    throw new Problem("image-sources-changed", `the image of ${source} was not built`, why, "run the command again");
  }
  try {
    const built = await buildImage({ source: sourceIn(source), base, platform, logins: { [proxyEndpoint]: login } });
    await built.push({ registry: proxyEndpoint, repository, tag, login });
  } catch (error) {
    throw asProblem(error);
  }
}

/** What goes wrong with images, in the words of all our problems. */
function asProblem(error: unknown): unknown {
  if (!(error instanceof ImageProblem)) return error;
  const code = error.code.replace(/(?<!^)[A-Z]/g, "-$&").toLowerCase();
  return new Problem(`image-${code}`, "the image cannot be made", error.message, error.remedy, error);
}
