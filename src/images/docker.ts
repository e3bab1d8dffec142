import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Builder, type Destination, labelsOf, recipeOf } from "./build.ts";
import { bundle } from "./bundle.ts";
import { ImageProblem } from "./problem.ts";
import { openRegistry } from "./registry.ts";
import { folderOf } from "./source.ts";
import { describeInputs } from "./tag.ts";

/** How the engine's program is called, and with what environment. */
export interface Engine {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Run {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/**
 * Builds with a container engine that speaks Docker's command line. The bundle is made before, so the Dockerfile is
 * the same one that the built-in builder reads. Throws `EngineFailed` with the engine's last words.
 */
export function dockerBuilder(engine: Engine = { program: "docker", env: process.env }): Builder {
  return async (input) => {
    const { source, platform } = input;
    recipeOf(input);
    await bundle(source);
    const told = Object.entries(labelsOf(source, describeInputs(source, input)));
    const folder = join(source.root, folderOf(source));
    const id = await withFolder(async (temporary) => {
      const idFile = join(temporary, "image");
      const args = ["build", "--platform", platform, "--build-arg", `BASE_IMAGE=${input.base}`, "--iidfile", idFile];
      for (const [name, value] of told) args.push("--label", `${name}=${value}`);
      // An attestation would make an index of the image, with an entry for no platform at all.
      await run(engine, [...args, folder], { env: { BUILDX_NO_DEFAULT_ATTESTATIONS: "1" } });
      return readFile(idFile, "utf8");
    });
    return { push: (to) => push(engine, id.trim(), to) };
  };
}

async function push(engine: Engine, id: string, to: Destination) {
  const host = new URL(to.registry).host;
  const name = `${host}/${to.repository}:${to.tag}`;
  // A login of our own: the person's own logins, and the helper that keeps them, are not touched.
  await withFolder(async (config) => {
    const endpoint = await run(engine, ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], {});
    const env = { DOCKER_CONFIG: config, DOCKER_HOST: endpoint.trim() };
    if (to.login) {
      const { username, password } = to.login;
      await run(engine, ["login", "--username", username, "--password-stdin", host], { env, input: password });
    }
    await run(engine, ["tag", id, name], { env });
    await run(engine, ["push", name], { env });
  });
  const digest = await openRegistry(to.registry, to.login).digest(to.repository, to.tag);
  if (digest === undefined) throw failed(`${name} is not in the registry after its push`);
  return { digest };
}

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "ecomctl-docker-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the engine and answers its output; the input goes through a pipe and never onto the command line. */
function run(engine: Engine, args: readonly string[], { env, input }: Run): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(engine.program, args, { env: { ...engine.env, ...env }, stdio: "pipe" });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err = (err + text).slice(-2000);
    });
    child.on("error", (cause) => reject(failed(`${engine.program} cannot be started`, cause)));
    child.on("close", (code) => {
      if (code === 0) resolve(out);
      else reject(failed(`${engine.program} ${args[0]} ended with ${code}: ${err.trim()}`));
    });
    // An engine that ends before it read its input breaks the pipe; its exit code tells why.
    child.stdin.on("error", () => undefined).end(input);
  });
}

const failed = (message: string, cause?: unknown): ImageProblem =>
  new ImageProblem(
    "EngineFailed",
    message,
    "check that the engine runs (`docker info`), or use the built-in builder",
    cause,
  );
