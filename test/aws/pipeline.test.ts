import { CodeBuild, type Project, type UpdateProjectCommandInput } from "@aws-sdk/client-codebuild";
import { CodePipeline, type PipelineDeclaration } from "@aws-sdk/client-codepipeline";
import { CodeStarConnections } from "@aws-sdk/client-codestar-connections";
import { IAM } from "@aws-sdk/client-iam";
import { S3 } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Aws } from "../../src/aws/clients.ts";
import { project } from "../../src/aws/codebuild/project.ts";
import { pipeline } from "../../src/aws/codepipeline/pipeline.ts";
import { connection, givenConnection, handshakeUrl } from "../../src/aws/connections/connection.ts";
import { bucket } from "../../src/aws/s3/bucket.ts";
import type { Shop } from "../../src/config.ts";
import type { Resource } from "../../src/engine/resource.ts";
import {
  credentials,
  pending,
  region,
  run,
  shopOf,
  startWorld,
  takeDown,
  troubles,
  type World,
} from "../support/world.ts";
import { keepsItsWord } from "./law.ts";

let world: World;
let shop: Shop;
beforeEach(async () => {
  world = await startWorld();
  shop = await shopOf();
  const Service = ["codebuild.amazonaws.com", "codepipeline.amazonaws.com"];
  const Statement = [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  const iam = new IAM(config());
  for (const RoleName of ["build", "build-2"]) await iam.createRole({ RoleName, AssumeRolePolicyDocument });
});
afterEach(() => world?.stop());

const config = () => ({ endpoint: world.url, region, credentials });
const only = (...resources: Resource<Aws>[]) => ({ steps: [{ number: 9, title: "pipeline", resources }] });
const role = "arn:aws:iam::000000000000:role/build";
const built = project("law-build", {
  buildspec: "buildspec.yml",
  image: "aws/codebuild/amazonlinux-x86_64-standard:5.0",
  compute: "BUILD_GENERAL1_SMALL",
  privileged: false,
  environment: { ECOMCTL_REGION: region },
  serviceRole: role,
  logGroup: "/aws/codebuild/law-build",
  timeout: 30,
});
const line = pipeline("law-line", {
  role,
  bucket: "artifacts",
  mode: "QUEUED",
  connection: "arn:aws:codestar-connections:us-east-1:000000000000:connection/1",
  repository: "owner/shop",
  branch: "main",
  onPush: true,
  project: "law-build",
  cluster: "law-cluster",
  deploys: [
    { service: "search", file: "imagedefinitions-search.json", order: 1 },
    { service: "web", file: "imagedefinitions-web.json", order: 2 },
  ],
  timeout: 20,
  others: [],
});

describe("the law", () => {
  it("is kept by a build project", () =>
    keepsItsWord(world, shop, {
      subject: built,
      change: {
        buildspec: "other.yml",
        image: "aws/codebuild/standard:7.0",
        compute: "BUILD_GENERAL1_MEDIUM",
        privileged: true,
        environment: { ONE: "1" },
        serviceRole: `${role}-2`,
        logGroup: "/other",
        timeout: 10,
      },
    }));

  it("is kept by a pipeline", () =>
    keepsItsWord(world, shop, {
      subject: line,
      change: {
        role: `${role}-2`,
        bucket: "others",
        mode: "PARALLEL",
        connection: "arn:aws:codeconnections:us-east-1:000000000000:connection/2",
        repository: "owner/other",
        branch: "release",
        onPush: false,
        project: "other",
        cluster: "other",
        deploys: [{ service: "web", file: "imagedefinitions.json", order: 1 }],
        timeout: 5,
      },
    }));
});

describe("a pipeline that somebody changed", () => {
  const action = (it: PipelineDeclaration, stage: number) => it.stages![stage]!.actions![0]!;
  const changes: readonly (readonly [string, (it: PipelineDeclaration) => void])[] = [
    ["role", (it) => (it.roleArn = `${role}-2`)],
    ["mode", (it) => (it.executionMode = "SUPERSEDED")],
    ["bucket", (it) => (it.artifactStore!.location = "other")],
    ["onPush", (it) => (action(it, 0).configuration!.DetectChanges = "false")],
    ["connection", (it) => (action(it, 0).configuration!.ConnectionArn += "2")],
    ["repository", (it) => (action(it, 0).configuration!.FullRepositoryId = "owner/other")],
    [
      "cluster",
      (it) => {
        for (const { configuration } of it.stages![2]!.actions!) configuration!.ClusterName = "other";
      },
    ],
    [
      "timeout",
      (it) => {
        for (const { configuration } of it.stages![2]!.actions!) configuration!.DeploymentTimeout = "60";
      },
    ],
    ["branch", (it) => (action(it, 0).configuration!.BranchName = "release")],
    ["project", (it) => (action(it, 1).configuration!.ProjectName = "other")],
    ["deploys", (it) => (action(it, 2).runOrder = 3)],
    ["deploys", (it) => void it.stages![2]!.actions!.pop()],
    [
      "others",
      (it) =>
        void it.stages!.splice(2, 0, {
          name: "Check",
          actions: [
            {
              name: "Test",
              actionTypeId: { category: "Test", owner: "AWS", provider: "CodeBuild", version: "1" },
              configuration: { ProjectName: "law-build" },
              inputArtifacts: [{ name: "SourceOutput" }],
            },
          ],
        }),
    ],
  ];
  it.each(changes)("differs in %s, and in nothing else", async (field, change) => {
    expect(troubles(await run(world.aws, shop, only(line)))).toEqual([]);
    const raw = new CodePipeline(config());
    const { pipeline: it } = await raw.getPipeline({ name: line.name });
    change(it!);
    await raw.updatePipeline({ pipeline: it });
    const { changes } = await run(world.aws, shop, { ...only(line), dry: true });
    expect(pending(changes)).toEqual([`update ${line.id} (${field})`]);
    expect(troubles(await run(world.aws, shop, only(line)))).toEqual([]);
    expect(pending((await run(world.aws, shop, { ...only(line), dry: true })).changes)).toEqual([]);
  });
});

it("a pipeline starts once when it is made, and not when it is changed", async () => {
  await run(world.aws, shop, only(line));
  await run(world.aws, shop, only({ ...line, spec: { ...line.spec, branch: "release" } } as Resource<Aws>));
  const raw = new CodePipeline(config());
  const { pipelineExecutionSummaries } = await raw.listPipelineExecutions({ pipelineName: line.name });
  expect(pipelineExecutionSummaries).toHaveLength(1);
});

describe("a build project that somebody changed", () => {
  const changes: readonly (readonly [string, (it: Project) => UpdateProjectCommandInput])[] = [
    ["buildspec", (it) => ({ name: it.name, source: { type: "CODEPIPELINE", buildspec: "other.yml" } })],
    ["image", (it) => ({ name: it.name, environment: { ...it.environment!, image: "aws/codebuild/standard:7.0" } })],
    ["compute", (it) => ({ name: it.name, environment: { ...it.environment!, computeType: "BUILD_GENERAL1_LARGE" } })],
    ["privileged", (it) => ({ name: it.name, environment: { ...it.environment!, privilegedMode: true } })],
    ["serviceRole", (it) => ({ name: it.name, serviceRole: `${role}-2` })],
    ["logGroup", (it) => ({ name: it.name, logsConfig: { cloudWatchLogs: { status: "DISABLED" } } })],
    ["timeout", (it) => ({ name: it.name, timeoutInMinutes: 5 })],
  ];
  it.each(changes)("differs in %s, and in nothing else", async (field, change) => {
    await run(world.aws, shop, only(built));
    const raw = new CodeBuild(config());
    const { projects } = await raw.batchGetProjects({ names: [built.name] });
    await raw.updateProject(change(projects![0]!));
    const { changes } = await run(world.aws, shop, { ...only(built), dry: true });
    expect(pending(changes)).toEqual([`update ${built.id} (${field})`]);
    expect(troubles(await run(world.aws, shop, only(built)))).toEqual([]);
    expect(pending((await run(world.aws, shop, { ...only(built), dry: true })).changes)).toEqual([]);
  });
});

it("a build project that somebody gave a secret differs, and tags of others stay", async () => {
  await run(world.aws, shop, only(built));
  const raw = new CodeBuild(config());
  const { projects } = await raw.batchGetProjects({ names: [built.name] });
  const environment = projects![0]!.environment!;
  await raw.updateProject({
    name: built.name,
    environment: { ...environment, environmentVariables: [{ name: "KEY", value: "/key", type: "PARAMETER_STORE" }] },
    tags: [...projects![0]!.tags!, { key: "team", value: "shop" }],
  });
  const { changes } = await run(world.aws, shop, { ...only(built), dry: true });
  expect(pending(changes)).toEqual([`update ${built.id} (environment)`]);
  expect(troubles(await run(world.aws, shop, only(built)))).toEqual([]);
  const after = await raw.batchGetProjects({ names: [built.name] });
  expect(after.projects![0]!.tags).toContainEqual({ key: "team", value: "shop" });
});

describe("a connection", () => {
  const github = connection("law-github", { provider: "GitHub" });
  const after = pipeline("law-line", { ...line.spec, connection: github.ref.arn });
  const finish = async (arn: string) => {
    const path = `/_ecomctl/connections/${encodeURIComponent(arn)}/available`;
    await fetch(`${world.url}${path}`, { method: "POST" });
  };
  const all = async () => (await new CodeStarConnections(config()).listConnections({})).Connections ?? [];

  it("waits for a person with the exact link, keeps back what needs it, and is never made twice", async () => {
    const first = await run(world.aws, shop, only(github, after));
    const [made] = await all();
    const arn = made!.ConnectionArn!;
    expect(first.outcome?.left).toEqual([
      { id: github.id, why: `it waits for its handshake with GitHub: ${handshakeUrl(arn)}` },
      { id: after.id, why: `it waits for ${github.id}` },
    ]);
    await run(world.aws, shop, only(github, after));
    expect(await all()).toHaveLength(1);
    await finish(arn);
    const last = await run(world.aws, shop, only(github, after));
    expect(troubles(last)).toEqual([]);
    expect(last.outcome?.done).toEqual(new Map([["create", 1]]));
  });

  it("is sent once even when the answer is lost", async () => {
    world.local.faults.add({ operation: "*:CreateConnection", effect: { loseReply: true } });
    await run(world.aws, shop, only(github));
    expect(await all()).toHaveLength(1);
    expect(world.local.calls.filter(({ operation }) => operation === "CreateConnection")).toHaveLength(1);
  });

  it("of two of the same name is the one that can be used", async () => {
    await run(world.aws, shop, only(github));
    const raw = new CodeStarConnections(config());
    const Tags = [{ Key: "ecomctl:stack", Value: shop.stack }];
    const { ConnectionArn = "" } = await raw.createConnection({
      ConnectionName: github.name,
      ProviderType: "GitHub",
      Tags,
    });
    await finish(ConnectionArn);
    const { survey, changes } = await run(world.aws, shop, { ...only(github), dry: true });
    expect(survey.get(github.id)?.live?.outputs.arn).toBe(ConnectionArn);
    expect(pending(changes)).toEqual([]);
  });

  it("that is somebody else's is refused", async () => {
    await new CodeStarConnections(config()).createConnection({ ConnectionName: github.name, ProviderType: "GitHub" });
    const { changes } = await run(world.aws, shop, only(github));
    expect(pending(changes)[0]).toMatch(/^refuse .*no owner's tag/);
  });

  it("stays when the shop goes or the pipeline is turned off, unless data is to go, too", async () => {
    await run(world.aws, shop, only(github));
    await takeDown(world.aws, shop, { ...only(github), rules: { deleteData: false } });
    const off = connection("law-github", { provider: "GitHub" }, { wanted: false });
    expect(pending((await run(world.aws, shop, only(off))).changes)).toEqual([]);
    expect(await all()).toHaveLength(1);
    await takeDown(world.aws, shop, only(off));
    expect(await all()).toEqual([]);
  });

  it("given by its ARN must be there, and its handshake done", async () => {
    await run(world.aws, shop, only(github));
    const arn = (await all())[0]!.ConnectionArn!;
    const steps = (of: string) => {
      const given = givenConnection("connection", { arn: of });
      return {
        ...only(pipeline("law-line", { ...line.spec, connection: given.ref.arn })),
        lookups: [given],
        dry: true,
      };
    };
    const refusal = async (of: string) => pending((await run(world.aws, shop, steps(of))).changes)[0];
    expect(await refusal(`${arn.slice(0, -1)}x`)).toContain("is not there");
    expect(await refusal(arn)).toContain("cannot be used");
    await finish(arn);
    expect(await refusal(arn)).toMatch(/^create/);
  });
});

describe("a bucket", () => {
  const store = bucket("law-artifacts", {
    private: true,
    encryption: "AES256",
    policy: "tls-only",
    versioning: true,
    ownership: "BucketOwnerEnforced",
    lifecycle: [{ objects: 30, olderVersions: 7, unfinishedUploads: 7 }],
  });
  const Bucket = `law-artifacts-000000000000-${region}`;

  it("is named with account and region", async () => {
    const { survey } = await run(world.aws, shop, only(store));
    expect(survey.get(store.id)?.live?.outputs).toEqual({ bucket: Bucket, arn: `arn:aws:s3:::${Bucket}` });
  });

  it("goes with its versions, marks of deletion and unfinished uploads", async () => {
    await run(world.aws, shop, only(store));
    const raw = new S3(config());
    for (const Body of ["one", "two"]) await raw.putObject({ Bucket, Key: "a", Body });
    await raw.deleteObject({ Bucket, Key: "a" });
    await raw.createMultipartUpload({ Bucket, Key: "b" });
    expect(troubles(await takeDown(world.aws, shop, only(store)))).toEqual([]);
    expect((await raw.listBuckets({})).Buckets).toEqual([]);
  });

  it("of another account is refused with a way out, and not touched", async () => {
    world.local.faults.add({
      operation: "s3:HeadBucket",
      on: "always",
      effect: { error: "Forbidden", message: "UnknownError", status: 403 },
    });
    const { changes } = await run(world.aws, shop, only(store));
    expect(pending(changes)[0]).toContain(`the bucket ${Bucket} cannot be used`);
    expect(world.calls.map(({ operation }) => operation)).not.toContain("CreateBucket");
  });

  const drifts: readonly (readonly [string, (raw: S3) => Promise<unknown>])[] = [
    ["private", (raw) => raw.deletePublicAccessBlock({ Bucket })],
    [
      "encryption",
      (raw) => {
        const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" as const } }];
        return raw.putBucketEncryption({ Bucket, ServerSideEncryptionConfiguration: { Rules } });
      },
    ],
    ["policy", (raw) => raw.deleteBucketPolicy({ Bucket })],
    ["versioning", (raw) => raw.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Suspended" } })],
    [
      "ownership",
      (raw) => {
        const Rules = [{ ObjectOwnership: "ObjectWriter" as const }];
        return raw.putBucketOwnershipControls({ Bucket, OwnershipControls: { Rules } });
      },
    ],
    ["lifecycle", (raw) => raw.deleteBucketLifecycle({ Bucket })],
  ];
  it.each(drifts)("whose %s somebody changed is mended", async (field, make) => {
    await run(world.aws, shop, only(store));
    await make(new S3(config()));
    const { changes } = await run(world.aws, shop, { ...only(store), dry: true });
    expect(pending(changes)).toEqual([`update ${store.id} (${field})`]);
    expect(troubles(await run(world.aws, shop, only(store)))).toEqual([]);
    expect(pending((await run(world.aws, shop, { ...only(store), dry: true })).changes)).toEqual([]);
  });
});
