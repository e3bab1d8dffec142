import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CodeBuild } from "@aws-sdk/client-codebuild";
import { CodePipeline, type PipelineDeclaration } from "@aws-sdk/client-codepipeline";
import { CodeStarConnections } from "@aws-sdk/client-codestar-connections";
import { S3 } from "@aws-sdk/client-s3";
import { vi } from "vitest";
import { codebuild } from "../../src/local/codebuild/index.ts";
import { codepipeline } from "../../src/local/codepipeline/index.ts";
import { connections } from "../../src/local/connections/index.ts";
import { ecsWith } from "../../src/local/ecs/index.ts";
import { recordsRunner } from "../../src/local/ecs/records-runner.ts";
import { logs } from "../../src/local/logs/index.ts";
import { s3 } from "../../src/local/s3/index.ts";
import { definition, ground, room, service, trust } from "./ecs-room.ts";

/** A repository of its own in a folder, to commit to; `git` is told to ignore whoever works here. */
export function repository(folder: string) {
  const git = (...words: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...words], {
      env: { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    })
      .toString()
      .trim();
  mkdirSync(folder, { recursive: true });
  git("init", "--quiet", "--initial-branch=main");
  return {
    git,
    /** Commits files, and returns the commit. */
    commit(message: string, files: Readonly<Record<string, string>>): string {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "--message", message);
      return git("rev-parse", "HEAD");
    },
  };
}
export type Repository = ReturnType<typeof repository>;

/** Says in its log what it builds, and has the image deployed that `version.txt` names; fails if that is `failing`. */
const buildspec = `version: 0.2
phases:
  build:
    commands:
      - VERSION=$(cat version.txt)
      - echo building $VERSION; test "$VERSION" != failing
      - while [ -f "$HOLD" ]; do sleep 0.1; done
      - printf '[{"name":"app","imageUri":"127.0.0.1:1/app:%s"}]' "$VERSION" > imagedefinitions.json
artifacts:
  files: imagedefinitions.json
`;

/** What a pipeline needs: a service of records whose images called `broken` never run, a build project, roles, a repository. */
export async function pipelineRoom() {
  const runner = recordsRunner((task) =>
    task.containers.some(({ image }) => image.endsWith(":broken")) ? { exits: 1 } : "runs",
  );
  const place = await room(
    ecsWith(() => runner),
    [s3, logs, connections, codebuild, codepipeline],
  );
  const { clients, dir } = place;
  const base = await ground(place);
  await clients.ecs.registerTaskDefinition(definition(base, "app"));
  await clients.ecs.createService(service(base, "app"));

  const hold = join(dir, "hold");
  const connect = () => ({
    pipelines: new CodePipeline(place.clients.options),
    builds: new CodeBuild(place.clients.options),
    connections: new CodeStarConnections(place.clients.options),
    files: new S3({ ...place.clients.options, forcePathStyle: true }),
  });
  const first = connect();
  for (const name of ["codebuild", "codepipeline"]) {
    await clients.iam.createRole({ RoleName: name, AssumeRolePolicyDocument: trust(`${name}.amazonaws.com`) });
    await allow(name, "*");
  }
  async function allow(role: string, ...actions: string[]) {
    const Statement = [{ Effect: "Allow", Action: actions, Resource: "*" }];
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    await place.clients.iam.putRolePolicy({ RoleName: role, PolicyName: "all", PolicyDocument });
  }
  await first.files.createBucket({ Bucket: "artifacts" });
  await first.builds.createProject({
    name: "shop",
    source: { type: "CODEPIPELINE", buildspec },
    artifacts: { type: "CODEPIPELINE" },
    environment: {
      type: "LINUX_CONTAINER",
      image: "aws/codebuild/amazonlinux-x86_64-standard:5.0",
      computeType: "BUILD_GENERAL1_SMALL",
      environmentVariables: [{ name: "HOLD", value: hold }],
    },
    serviceRole: "arn:aws:iam::000000000000:role/codebuild",
  });
  const { ConnectionArn = "" } = await first.connections.createConnection({
    ConnectionName: "c",
    ProviderType: "GitHub",
  });
  const handshake = () =>
    fetch(`${place.server.url}/_ecomctl/connections/${encodeURIComponent(ConnectionArn)}/available`, {
      method: "POST",
    });

  return {
    ...place,
    get server() {
      return place.server;
    },
    get clients() {
      return { ...place.clients, ...connect() };
    },
    base,
    hold,
    connection: ConnectionArn,
    handshake,
    allow,
    /** The folder that stands for GitHub's `ada/shop`. */
    github: join(dir, "github", "ada", "shop"),
    declaration: (more: Partial<PipelineDeclaration> = {}) => declaration(ConnectionArn, more),
  };
}
export type PipelineRoom = Awaited<ReturnType<typeof pipelineRoom>>;

const declaration = (connection: string, more: Partial<PipelineDeclaration>): PipelineDeclaration => ({
  name: "line",
  roleArn: "arn:aws:iam::000000000000:role/codepipeline",
  pipelineType: "V2",
  executionMode: "QUEUED",
  artifactStore: { type: "S3", location: "artifacts" },
  stages: [
    {
      name: "Source",
      actions: [
        {
          name: "Source",
          actionTypeId: { category: "Source", owner: "AWS", provider: "CodeStarSourceConnection", version: "1" },
          configuration: { ConnectionArn: connection, FullRepositoryId: "ada/shop", BranchName: "main" },
          outputArtifacts: [{ name: "SourceOutput" }],
        },
      ],
    },
    {
      name: "Build",
      actions: [
        {
          name: "Build",
          actionTypeId: { category: "Build", owner: "AWS", provider: "CodeBuild", version: "1" },
          configuration: { ProjectName: "shop" },
          inputArtifacts: [{ name: "SourceOutput" }],
          outputArtifacts: [{ name: "BuildOutput" }],
        },
      ],
    },
    {
      name: "Deploy",
      actions: [
        {
          name: "app",
          actionTypeId: { category: "Deploy", owner: "AWS", provider: "ECS", version: "1" },
          configuration: { ClusterName: "shop", ServiceName: "app", DeploymentTimeout: "20" },
          inputArtifacts: [{ name: "BuildOutput" }],
        },
      ],
    },
  ],
  ...more,
});

/** The executions of the pipeline, oldest first, once they look as a test wants them. */
export const executions = async ({ clients: { pipelines } }: PipelineRoom) => {
  const { pipelineExecutionSummaries = [] } = await pipelines.listPipelineExecutions({ pipelineName: "line" });
  return pipelineExecutionSummaries.reverse();
};

/** Polls until the executions of the pipeline stand like this, oldest first. */
export const until = (room: PipelineRoom, ...statuses: string[]) =>
  vi.waitFor(
    async () => {
      const all = await executions(room);
      const have = all.map(({ status }) => status);
      if (have.join() !== statuses.join()) throw new Error(`executions are ${have.join()}, not ${statuses.join()}`);
      return all;
    },
    { timeout: 45_000, interval: 100 },
  );

/** The image that the service runs. */
export async function imageOf({ clients: { ecs } }: PipelineRoom): Promise<string | undefined> {
  const { services: [found] = [] } = await ecs.describeServices({ cluster: "shop", services: ["app"] });
  const { taskDefinition } = await ecs.describeTaskDefinition({ taskDefinition: found?.taskDefinition });
  return taskDefinition?.containerDefinitions?.[0]?.image;
}
