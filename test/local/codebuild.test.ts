import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { type Build, CodeBuild, type CreateProjectCommandInput } from "@aws-sdk/client-codebuild";
import { IAM } from "@aws-sdk/client-iam";
import { S3 } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BadBuildspec, readBuildspec } from "../../src/local/codebuild/buildspec.ts";
import { codebuild, endOfBuild, startBuild } from "../../src/local/codebuild/index.ts";
import { BadYaml, parseYaml } from "../../src/local/codebuild/yaml.ts";
import { iam } from "../../src/local/iam/index.ts";
import { logs } from "../../src/local/logs/index.ts";
import { s3 } from "../../src/local/s3/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { unzip, zip } from "../../src/local/zip.ts";

const region = "us-east-1";
const role = "arn:aws:iam::000000000000:role/build";
const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
const services = [iam, logs, s3, codebuild];

let dir: string;
let local: LocalServer;
let build: CodeBuild;
let log: CloudWatchLogs;
let files: S3;

function connect() {
  const options = { endpoint: local.url, region, credentials, maxAttempts: 1 };
  build = new CodeBuild(options);
  log = new CloudWatchLogs(options);
  files = new S3({ ...options, forcePathStyle: true });
  return options;
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-build-"));
  local = await startLocal({ dir, port: 0, services });
  const people = new IAM(connect());
  const allowed = (Action: string[]) => [{ Effect: "Allow", Action, Resource: "*" }];
  await people.createRole({
    RoleName: "build",
    AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "codebuild.amazonaws.com" }, Action: "sts:AssumeRole" }],
    }),
  });
  await people.putRolePolicy({
    RoleName: "build",
    PolicyName: "work",
    PolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: allowed(["logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:PutObject"]),
    }),
  });
  await files.createBucket({ Bucket: "artifacts" });
  await log.createLogGroup({ logGroupName: "/aws/codebuild/shop" });
});
afterEach(async () => {
  await local.stop();
  rmSync(dir, { recursive: true, force: true });
});

const project = (more: Partial<CreateProjectCommandInput> = {}): CreateProjectCommandInput => ({
  name: "shop",
  source: { type: "CODEPIPELINE", buildspec: "buildspec.yml" },
  artifacts: { type: "CODEPIPELINE" },
  environment: {
    type: "LINUX_CONTAINER",
    image: "aws/codebuild/amazonlinux-x86_64-standard:5.0",
    computeType: "BUILD_GENERAL1_SMALL",
    environmentVariables: [{ name: "WHERE", value: "here" }],
  },
  serviceRole: role,
  ...more,
});

/** Builds a source as a pipeline does. */
async function run(source: Record<string, string>): Promise<Build> {
  const entries = Object.entries(source).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  await files.putObject({ Bucket: "artifacts", Key: "source.zip", Body: zip(entries) });
  const from = { bucket: "artifacts", key: "source.zip" };
  const to = { bucket: "artifacts", key: "built.zip" };
  const initiator = "codepipeline/shop";
  const { id } = startBuild(local.local, region, { project: "shop", initiator, from, to, version: "c0ffee" });
  await endOfBuild(local.local, id);
  const { builds: [done] = [] } = await build.batchGetBuilds({ ids: [id] });
  if (!done) throw new Error("the build is lost");
  return done;
}

const phases = (done: Build) =>
  Object.fromEntries((done.phases ?? []).map(({ phaseType, phaseStatus }) => [phaseType, phaseStatus]));

async function linesOf(done: Build): Promise<string> {
  const { groupName: logGroupName, streamName: logStreamName } = done.logs ?? {};
  const { events = [] } = await log.getLogEvents({ logGroupName, logStreamName, startFromHead: true });
  return events.map(({ message }) => message).join("\n");
}

async function built(): Promise<Record<string, string>> {
  const { Body } = await files.getObject({ Bucket: "artifacts", Key: "built.zip" });
  const entries = unzip(Buffer.from((await Body?.transformToByteArray()) ?? []));
  return Object.fromEntries(entries.map(({ path, bytes }) => [path, bytes.toString()]));
}

describe("projects", () => {
  test("are read back with AWS's defaults, updated field by field, and deleted twice without complaint", async () => {
    const { project: made } = await build.createProject(project());
    expect(made).toMatchObject({
      arn: "arn:aws:codebuild:us-east-1:000000000000:project/shop",
      cache: { type: "NO_CACHE" },
      timeoutInMinutes: 60,
      queuedTimeoutInMinutes: 480,
      encryptionKey: "arn:aws:kms:us-east-1:000000000000:alias/aws/s3",
      badge: { badgeEnabled: false },
      source: { insecureSsl: false },
      artifacts: { name: "shop", packaging: "NONE", encryptionDisabled: false },
      environment: {
        privilegedMode: false,
        environmentVariables: [{ name: "WHERE", value: "here", type: "PLAINTEXT" }],
      },
      logsConfig: { cloudWatchLogs: { status: "ENABLED" } },
    });
    await build.updateProject({ name: "shop", timeoutInMinutes: 5, tags: [{ key: "a", value: "b" }] });
    const { projects, projectsNotFound } = await build.batchGetProjects({ names: ["shop", "other"] });
    expect(projects).toMatchObject([{ timeoutInMinutes: 5, source: { type: "CODEPIPELINE" }, tags: [{ key: "a" }] }]);
    expect(projectsNotFound).toEqual(["other"]);
    expect((await build.listProjects({})).projects).toEqual(["shop"]);
    await build.deleteProject({ name: "shop" });
    await build.deleteProject({ name: "shop" });
    expect((await build.listProjects({})).projects).toEqual([]);
  });

  test("are refused in AWS's words", async () => {
    await build.createProject(project());
    await expect(build.createProject(project())).rejects.toMatchObject({ name: "ResourceAlreadyExistsException" });
    await expect(
      build.createProject(project({ name: "b2", artifacts: { type: "NO_ARTIFACTS" } })),
    ).rejects.toMatchObject({
      name: "InvalidInputException",
      message: "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE",
    });
    await expect(
      build.createProject(project({ name: "b3", serviceRole: "arn:aws:iam::000000000000:role/nobody" })),
    ).rejects.toMatchObject({
      name: "InvalidInputException",
      message: "CodeBuild is not authorized to perform: sts:AssumeRole on arn:aws:iam::000000000000:role/nobody",
    });
    await expect(build.createProject(project({ name: "b4", badgeEnabled: true }))).rejects.toMatchObject({
      message: "Build badges are not supported for CodePipeline source",
    });
    await expect(build.updateProject({ name: "nobody" })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await expect(build.startBuild({ projectName: "shop" })).rejects.toMatchObject({ name: "InvalidInputException" });
    await expect(build.createProject(project({ name: "-" }))).rejects.toMatchObject({ name: "InvalidInputException" });
  });
});

describe("builds", () => {
  test("run their phases in one shell and leave what the buildspec calls artifacts", async () => {
    await build.createProject(project());
    const done = await run({
      "buildspec.yml": `
version: 0.2
env:
  variables:
    WORD: hello
phases:
  install:
    runtime-versions:
      nodejs: 20
  pre_build:
    commands:
      - TAG=$(echo $CODEBUILD_RESOLVED_SOURCE_VERSION | cut -c1-3)
      - cd out
  build:
    commands:
      - printf '%s %s %s' "$WORD" "$TAG" "$WHERE" > said.txt
      - |
        # several lines
        for i in 1 2; do
          echo $i > n$i.json
        done
artifacts:
  files: ["out/*.txt", out/**/*.json]
  discard-paths: yes
`,
      "out/here": "",
    });
    expect(done).toMatchObject({
      buildStatus: "SUCCEEDED",
      buildComplete: true,
      initiator: "codepipeline/shop",
      buildNumber: 1,
    });
    expect(phases(done)).toMatchObject({
      DOWNLOAD_SOURCE: "SUCCEEDED",
      BUILD: "SUCCEEDED",
      UPLOAD_ARTIFACTS: "SUCCEEDED",
    });
    expect(await built()).toEqual({ "said.txt": "hello c0f here", "n1.json": "1\n", "n2.json": "2\n" });
    await vi.waitFor(() => expect(readdirSync(join(dir, "codebuild"))).toEqual([]), { timeout: 10_000 });
  });

  test("that fail say which command did, run post_build all the same, and deliver nothing", async () => {
    await build.createProject(project());
    const done = await run({
      "buildspec.yml": `
version: 0.2
phases:
  build:
    commands:
      - echo testing; exit 3
      - echo never
    finally:
      - echo cleaned up
  post_build:
    commands:
      - echo "succeeding $CODEBUILD_BUILD_SUCCEEDING"
artifacts:
  files: "**/*"
`,
    });
    expect(done.buildStatus).toBe("FAILED");
    expect(phases(done)).toMatchObject({ BUILD: "FAILED", POST_BUILD: "SUCCEEDED" });
    const failed = done.phases?.find(({ phaseType }) => phaseType === "BUILD");
    expect(failed?.contexts).toEqual([
      {
        statusCode: "COMMAND_EXECUTION_ERROR",
        message: "Error while executing command: echo testing; exit 3. Reason: exit status 3",
      },
    ]);
    const text = await linesOf(done);
    expect(text).toMatch(/testing[\s\S]*cleaned up[\s\S]*succeeding 0/);
    expect(text).not.toMatch(/^never$/m);
    await expect(built()).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  test("have the environment of their role, and PATH and HOME alone of this machine's", async () => {
    process.env.ECOMCTL_TEST_SECRET = "leaked";
    await build.createProject(project());
    const done = await run({
      "buildspec.yml": `
version: 0.2
phases:
  build:
    commands:
      - env > env.txt
      - node -e 'fetch(process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI).then((r) => r.text()).then(console.log)' > keys.json
artifacts:
  files: [env.txt, keys.json]
`,
    }).finally(() => {
      delete process.env.ECOMCTL_TEST_SECRET;
    });
    expect(done.buildStatus).toBe("SUCCEEDED");
    const { "env.txt": env = "", "keys.json": keys = "" } = await built();
    expect(env).toContain(`AWS_ENDPOINT_URL=${local.url}`);
    expect(env).toContain(`CODEBUILD_BUILD_ID=${done.id}`);
    expect(env).not.toContain("leaked");
    expect(JSON.parse(keys)).toMatchObject({ RoleArn: role, AccessKeyId: expect.stringMatching(/^ASIA/) });
    const late = await fetch(`${local.url}/codebuild/credentials/${done.id?.split(":")[1]}`);
    expect(late.status).toBe(404);
  });

  test.each([
    [{}, "YAML_FILE_ERROR", "YAML file does not exist"],
    [
      { "buildspec.yml": "version: 0.2\nphases:\n  bild:\n    commands: [ls]" },
      "YAML_FILE_ERROR",
      /unknown key "phases\/bild"/,
    ],
  ])("without a buildspec that can be read do not begin: %j", async (source, statusCode, message) => {
    await build.createProject(project());
    const done = await run(source);
    expect(done.buildStatus).toBe("FAILED");
    const failed = done.phases?.find(({ phaseType }) => phaseType === "DOWNLOAD_SOURCE");
    expect(failed).toMatchObject({
      phaseStatus: "FAILED",
      contexts: [{ statusCode, message: typeof message === "string" ? message : expect.stringMatching(message) }],
    });
  });

  test("are stopped with everything that they started", async () => {
    await build.createProject(
      project({ source: { type: "NO_SOURCE", buildspec: forever }, artifacts: { type: "NO_ARTIFACTS" } }),
    );
    const { build: begun } = await build.startBuild({ projectName: "shop", idempotencyToken: "once" });
    const again = await build.startBuild({ projectName: "shop", idempotencyToken: "once" });
    expect(again.build?.id).toBe(begun?.id);
    const pid = await sleeper(begun);
    const { build: stopped } = await build.stopBuild({ id: begun?.id });
    expect(stopped).toMatchObject({ buildStatus: "STOPPED", buildComplete: true, currentPhase: "COMPLETED" });
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 10_000 });
    await expect(build.stopBuild({ id: "shop:nobody" })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    expect((await build.listBuildsForProject({ projectName: "shop" })).ids).toEqual([begun?.id]);
  });

  test("do not outlive the local AWS, and are on record as failed by it", async () => {
    await build.createProject(
      project({ source: { type: "NO_SOURCE", buildspec: forever }, artifacts: { type: "NO_ARTIFACTS" } }),
    );
    const { build: begun } = await build.startBuild({ projectName: "shop" });
    const pid = await sleeper(begun);
    await local.stop();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 10_000 });
    local = await startLocal({ dir, port: 0, services });
    connect();
    const { builds } = await build.batchGetBuilds({ ids: [begun?.id ?? ""] });
    expect(builds).toMatchObject([{ buildStatus: "FAULT", buildComplete: true }]);
  });
});

const forever = "version: 0.2\nphases:\n  build:\n    commands:\n      - sleep 600 & echo sleeper $!; wait\n";

/** The process that a build started, once it has said so. */
async function sleeper(begun: Build | undefined): Promise<number> {
  const pid = await vi.waitFor(
    async () => {
      const said = /^sleeper (\d+)$/m.exec(await linesOf(begun ?? {}))?.[1];
      if (!said) throw new Error("not yet");
      return Number(said);
    },
    { timeout: 15_000, interval: 50 },
  );
  process.kill(pid, 0);
  return pid;
}

describe("buildspecs", () => {
  test("are YAML of the sort that people write", () => {
    expect(
      parseYaml(`# a comment
a: plain text # and a comment
b: "quoted # no comment\\n"
c: 'it''s'
list:
- one
-   two: 2
    three: [x, "y, z", 'w']
- - nested
folded: >-
  one
  two

  three
literal: |
  keep:   this
    # and this
empty:
last: a
  b`),
    ).toEqual({
      a: "plain text",
      b: "quoted # no comment\n",
      c: "it's",
      list: ["one", { two: "2", three: ["x", "y, z", "w"] }, ["nested"]],
      folded: "one two\n\nthree",
      literal: "keep:   this\n  # and this\n",
      empty: null,
      last: "a b",
    });
  });

  test.each([
    ["a: 1\na: 2", "a stands here twice, at line 2"],
    ["a:\n\t- b", "a tab cannot indent a line, at line 2"],
    ["a: b: c", '"b: c" has a ": " in it: put it between quotes, at line 1'],
    ["a: &anchor b", '"&anchor b" is more YAML than is understood here, at line 1'],
    ["a:\n  - b\n c: d", /at line 3/],
  ])("that are no YAML are refused with their line: %j", (source, message) => {
    expect(() => parseYaml(source)).toThrow(BadYaml);
    expect(() => parseYaml(source)).toThrow(message);
  });

  test.each([
    ["phases: {}", "unsupported version: none"],
    ["version: 0.2", "at least one phase is required"],
    [
      "version: 0.2\nphases:\n  build:\n    commands:\n      - echo: hello",
      "phases/build/commands[0] should be a string",
    ],
    [
      "version: 0.2\nenv:\n  secrets-manager:\n    A: b\nphases:\n  build:\n    commands: ls",
      /not available on this machine/,
    ],
  ])("that CodeBuild would not run are refused: %j", (source, message) => {
    expect(() => readBuildspec(source)).toThrow(BadBuildspec);
    expect(() => readBuildspec(source)).toThrow(message);
  });
});

test("an archive keeps contents, modes and links, and nothing leads out of it", () => {
  const entries = [
    { path: "a/run.sh", bytes: Buffer.from("#!/bin/sh\n".repeat(50)), mode: 0o755 },
    { path: "ü.txt", bytes: Buffer.alloc(0), mode: 0o644 },
    { path: "link", bytes: Buffer.from("a/run.sh"), mode: 0o777, link: true },
  ];
  expect(unzip(zip(entries))).toMatchObject(entries);
  expect(() => unzip(zip([{ path: "../out", bytes: Buffer.alloc(1) }]))).toThrow("leads out of it");
  expect(() => unzip(Buffer.from("nonsense"))).toThrow("not a ZIP archive");
});
