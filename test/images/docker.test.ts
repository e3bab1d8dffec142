import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECR } from "@aws-sdk/client-ecr";
import { expect, onTestFinished, test } from "vitest";
import { buildImage, type Destination } from "../../src/images/build.ts";
import { dockerBuilder, type Engine } from "../../src/images/docker.ts";
import type { Source } from "../../src/images/source.ts";
import { ecr as ecrService } from "../../src/local/ecr/index.ts";
import { startLocal } from "../../src/local/server.ts";
import { put, service } from "./fixture.ts";

process.env.AWS_EC2_METADATA_DISABLED = "true";
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

/** An engine that writes down how it was called, and does what little the builder waits for. */
const program = `#!${process.execPath}
const { appendFileSync, readFileSync, writeFileSync } = require("node:fs");
const args = process.argv.slice(2);
const input = args[0] === "login" ? readFileSync(0, "utf8") : "";
const { DOCKER_CONFIG: config, DOCKER_HOST: host } = process.env;
appendFileSync(__filename + ".log", JSON.stringify({ args, input, config, host }) + "\\n");
if (args[0] === "build") writeFileSync(args[args.indexOf("--iidfile") + 1], "sha256:built\\n");
if (args[0] === "context") console.log("unix:///engine.sock");
if (args[0] === process.env.FAILS) { console.error("no space left on device"); process.exit(7); }
`;

interface Called {
  readonly args: readonly string[];
  readonly input: string;
  readonly config?: string;
  readonly host?: string;
}

async function engineIn(source: Source, fails = ""): Promise<Engine & { calls(): Promise<Called[]> }> {
  await put(source, "engine/docker.cjs", program);
  const file = join(source.root, "engine/docker.cjs");
  await chmod(file, 0o755);
  const calls = async () =>
    (await readFile(`${file}.log`, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Called);
  return { program: file, env: { PATH: process.env.PATH, FAILS: fails }, calls };
}

/** A registry that has the image already: what is pushed by the engine above never arrives. */
async function registryWith(source: Source): Promise<Destination> {
  const dir = await mkdtemp(join(tmpdir(), "ecomctl-engine-"));
  const local = await startLocal({ dir, port: 0, services: [ecrService] });
  const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };
  const ecr = new ECR({ endpoint: local.url, region: "us-east-1", credentials });
  onTestFinished(async () => {
    ecr.destroy();
    await local.stop();
    await rm(dir, { recursive: true, force: true });
  });
  await ecr.createRepository({ repositoryName: "web-server" });
  const { authorizationData } = await ecr.getAuthorizationToken({});
  const token = Buffer.from(authorizationData?.[0]?.authorizationToken ?? "", "base64").toString();
  const login = { username: "AWS", password: token.slice("AWS:".length) };
  const to = { registry: local.url, repository: "web-server", tag: "one", login };
  await (await buildImage({ source, base: "scratch", platform: "linux/amd64" })).push(to);
  return to;
}

test("an engine builds from the bundle and pushes with a login of its own, the password through a pipe", async () => {
  const source = await service();
  const to = await registryWith(source);
  const engine = await engineIn(source);
  const built = await dockerBuilder(engine)({ source, base: "node:20", platform: "linux/arm64" });
  expect(await built.push(to)).toEqual({ digest: expect.stringMatching(/^sha256:/) });

  const [build, context, login, tag, push] = await engine.calls();
  const host = new URL(to.registry).host;
  expect(build?.args).toEqual(
    expect.arrayContaining(["--platform", "linux/arm64", "--build-arg", "BASE_IMAGE=node:20"]),
  );
  expect(build?.args.find((arg) => arg.startsWith("ecomctl.inputs="))).toContain('"base":"node:20"');
  expect(build?.args.at(-1)).toBe(join(source.root, "services/web-server"));
  expect(existsSync(join(source.root, "services/web-server/dist/server.mjs"))).toBe(true);
  expect(context?.args[0]).toBe("context");
  expect(login).toMatchObject({
    args: ["login", "--username", "AWS", "--password-stdin", host],
    input: to.login?.password,
    host: "unix:///engine.sock",
  });
  expect(tag?.args).toEqual(["tag", "sha256:built", `${host}/web-server:one`]);
  expect(push?.args).toEqual(["push", `${host}/web-server:one`]);
  expect(new Set([login, tag, push].map((call) => call?.config)).size).toBe(1);
  expect(existsSync(push?.config ?? "")).toBe(false);
});

test("an engine that fails is quoted", async () => {
  const source = await service();
  const engine = await engineIn(source, "build");
  await expect(dockerBuilder(engine)({ source, base: "node:20", platform: "linux/amd64" })).rejects.toMatchObject({
    code: "EngineFailed",
    message: expect.stringMatching(/build ended with 7: no space left on device/),
  });
});

test("an engine that is not there is named", async () => {
  const source = await service();
  const engine = { program: "/nowhere/docker", env: {} };
  await expect(dockerBuilder(engine)({ source, base: "node:20", platform: "linux/amd64" })).rejects.toMatchObject({
    code: "EngineFailed",
    message: "/nowhere/docker cannot be started",
  });
});
