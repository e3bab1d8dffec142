import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { headOf, headsOf } from "../../src/local/git/repository.ts";
import {
  executions,
  imageOf,
  type PipelineRoom,
  pipelineRoom,
  type Repository,
  repository,
  until,
} from "./pipeline-room.ts";

let room: PipelineRoom;
let repo: Repository;

beforeEach(async () => {
  room = await pipelineRoom();
  repo = repository(room.github);
}, 60_000);
afterEach(async () => {
  await room.close();
}, 60_000);

const create = (more: Parameters<PipelineRoom["declaration"]>[0] = {}) =>
  room.clients.pipelines.createPipeline({ pipeline: room.declaration(more), tags: [{ key: "a", value: "b" }] });

/** The errors of the actions of the newest execution that failed. */
async function errors(): Promise<string[]> {
  const { actionExecutionDetails = [] } = await room.clients.pipelines.listActionExecutions({ pipelineName: "line" });
  return actionExecutionDetails.flatMap(({ actionName, output }) => {
    const { code, message } = output?.executionResult?.errorDetails ?? {};
    return message === undefined ? [] : [`${actionName} ${code}: ${message}`];
  });
}

describe("pipelines", () => {
  test("are read back with AWS's defaults, counted in versions, listed and tagged", async () => {
    const { pipelines } = room.clients;
    const { pipeline: made, tags } = await create();
    expect(tags).toEqual([{ key: "a", value: "b" }]);
    expect(made).toMatchObject({ version: 1, executionMode: "QUEUED", pipelineType: "V2" });
    expect(made?.stages?.[0]?.actions?.[0]).toMatchObject({ runOrder: 1, inputArtifacts: [] });
    const { metadata } = await pipelines.getPipeline({ name: "line" });
    const resourceArn = metadata?.pipelineArn;
    expect(resourceArn).toBe("arn:aws:codepipeline:us-east-1:000000000000:line");
    await pipelines.updatePipeline({ pipeline: room.declaration({ executionMode: "SUPERSEDED" }) });
    expect((await pipelines.getPipeline({ name: "line" })).pipeline).toMatchObject({
      version: 2,
      executionMode: "SUPERSEDED",
    });
    expect((await pipelines.getPipeline({ name: "line", version: 1 })).pipeline?.executionMode).toBe("QUEUED");
    await expect(pipelines.getPipeline({ name: "line", version: 7 })).rejects.toMatchObject({
      name: "PipelineVersionNotFoundException",
    });
    expect((await pipelines.listPipelines({})).pipelines).toMatchObject([
      { name: "line", version: 2, pipelineType: "V2" },
    ]);
    await pipelines.tagResource({ resourceArn, tags: [{ key: "c", value: "d" }] });
    await pipelines.untagResource({ resourceArn, tagKeys: ["a"] });
    expect((await pipelines.listTagsForResource({ resourceArn })).tags).toEqual([{ key: "c", value: "d" }]);
    // Creation starts an execution, an update does not.
    expect((await until(room, "Failed")).map(({ trigger }) => trigger?.triggerType)).toEqual(["CreatePipeline"]);
    await pipelines.deletePipeline({ name: "line" });
    await pipelines.deletePipeline({ name: "line" });
    await expect(pipelines.getPipeline({ name: "line" })).rejects.toMatchObject({ name: "PipelineNotFoundException" });
    await expect(pipelines.listTagsForResource({ resourceArn })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  test("are refused in AWS's words", async () => {
    const { pipelines } = room.clients;
    const stages = room.declaration().stages ?? [];
    const [source, build, deploy] = stages;
    const action = deploy?.actions?.[0];
    const refused = (more: Parameters<PipelineRoom["declaration"]>[0]) =>
      pipelines.createPipeline({ pipeline: room.declaration(more) }).then(
        () => "created",
        (error) => `${error.name}: ${error.message}`,
      );
    const deploying = (more: object) =>
      refused({ stages: [...stages.slice(0, 2), { name: "Deploy", actions: [{ ...action, ...more } as never] }] });
    expect(await refused({ roleArn: "arn:aws:iam::000000000000:role/nobody" })).toBe(
      "InvalidStructureException: CodePipeline is not authorized to perform AssumeRole on role arn:aws:iam::000000000000:role/nobody",
    );
    expect(await refused({ stages: source ? [source] : [] })).toMatch(
      "Pipeline has 1 stage(s). There should be a minimum of 2 stages",
    );
    expect(await refused({ stages: [build, source].flatMap((each) => each ?? []) })).toMatch(
      "Pipeline should start with a stage that only contains source actions",
    );
    expect(await deploying({ configuration: { ClusterName: "shop" } })).toBe(
      "InvalidActionDeclarationException: Action configuration for action 'app' is missing required configuration 'ServiceName'",
    );
    expect(await deploying({ configuration: { ClusterName: "shop", ServiceName: "app", Region: "x" } })).toMatch(
      "contains unknown configuration 'Region'",
    );
    expect(await deploying({ inputArtifacts: [{ name: "Nothing" }] })).toMatch(
      "InvalidActionDeclarationException: Input Artifact Bundle Nothing in action app is not declared as Output Artifact Bundle",
    );
    expect(
      await deploying({ actionTypeId: { category: "Deploy", owner: "AWS", provider: "S3", version: "1" } }),
    ).toMatch("isn't available in the region");
    expect(await refused({ name: "not a name" })).toMatch(/^ValidationException/);
    await create();
    expect(await refused({})).toMatch(/^PipelineNameInUseException/);
    await expect(pipelines.startPipelineExecution({ name: "other" })).rejects.toMatchObject({
      name: "PipelineNotFoundException",
    });
  });
});

describe("executions", () => {
  test("take each push from source to service, in its order", async () => {
    await room.handshake();
    const one = repo.commit("one", { "version.txt": "one" });
    await create();
    await until(room, "Succeeded");
    expect(await imageOf(room)).toBe("127.0.0.1:1/app:one");

    writeFileSync(room.hold, "");
    const two = repo.commit("two\n\nand why", { "version.txt": "two" });
    await until(room, "Succeeded", "InProgress");
    const three = repo.commit("three", { "version.txt": "three" });
    await until(room, "Succeeded", "InProgress", "InProgress");
    rmSync(room.hold);
    const all = await until(room, "Succeeded", "Succeeded", "Succeeded");
    expect(await imageOf(room)).toBe("127.0.0.1:1/app:three");
    expect(all.map(({ sourceRevisions }) => sourceRevisions?.[0]?.revisionId)).toEqual([one, two, three]);
    expect(all.map(({ trigger }) => trigger?.triggerType)).toEqual(["CreatePipeline", "WebhookV2", "WebhookV2"]);
    expect(JSON.parse(all[1]?.sourceRevisions?.[0]?.revisionSummary ?? "")).toEqual({
      ProviderType: "GitHub",
      CommitMessage: "two\n\nand why",
    });
    const { taskDefinitionArns } = await room.clients.ecs.listTaskDefinitions({ familyPrefix: "app" });
    const images = await Promise.all(
      (taskDefinitionArns ?? []).map(async (taskDefinition) => {
        const described = await room.clients.ecs.describeTaskDefinition({ taskDefinition });
        return described.taskDefinition?.containerDefinitions?.[0]?.image;
      }),
    );
    expect(images).toEqual(["one", "one", "two", "three"].map((tag) => `127.0.0.1:1/app:${tag}`));
    const { stageStates } = await room.clients.pipelines.getPipelineState({ name: "line" });
    expect(stageStates?.map(({ stageName, latestExecution }) => [stageName, latestExecution?.status])).toEqual([
      ["Source", "Succeeded"],
      ["Build", "Succeeded"],
      ["Deploy", "Succeeded"],
    ]);
  }, 90_000);

  test("clone the revision that the service runs, whatever its family has that is newer", async () => {
    const { ecs } = room.clients;
    await ecs.registerTaskDefinition({ ...definitionOf("1024", "2048"), tags: [{ key: "who", value: "ada" }] });
    await ecs.updateService({ cluster: "shop", service: "app", taskDefinition: "app:2" });
    await ecs.registerTaskDefinition(definitionOf("2048", "4096"));
    await room.handshake();
    repo.commit("one", { "version.txt": "one" });
    await create();
    await until(room, "Succeeded");
    const { taskDefinition, tags } = await ecs.describeTaskDefinition({ taskDefinition: "app", include: ["TAGS"] });
    expect(taskDefinition).toMatchObject({
      revision: 4,
      cpu: "1024",
      containerDefinitions: [{ image: "127.0.0.1:1/app:one" }],
    });
    expect(tags).toEqual([{ key: "who", value: "ada" }]);
  });

  test("that fail leave the service as it is, and say why", async () => {
    repo.commit("one", { "version.txt": "one" });
    await create();
    await until(room, "Failed");
    expect(await errors()).toEqual([
      `Source ConfigurationError: The connection ${room.connection} is not in AVAILABLE status`,
    ]);
    await room.handshake();
    const { pipelines } = room.clients;
    const { pipelineExecutionId } = await pipelines.startPipelineExecution({ name: "line", clientRequestToken: "a" });
    const again = await pipelines.startPipelineExecution({ name: "line", clientRequestToken: "a" });
    expect(again.pipelineExecutionId).toBe(pipelineExecutionId);
    await until(room, "Failed", "Succeeded");

    repo.commit("tests fail", { "version.txt": "failing" });
    await until(room, "Failed", "Succeeded", "Failed");
    expect((await errors())[0]).toMatch(
      /^Build JobFailed: Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR, Message: Error while executing command: .*exit status 1$/,
    );
    repo.commit("never runs", { "version.txt": "broken" });
    await until(room, "Failed", "Succeeded", "Failed", "Failed");
    expect((await errors())[0]).toMatch(/^app TimedOut: .*'app' did not reach a steady state within 20 minutes: .*/);
    await vi.waitFor(async () => expect(await imageOf(room)).toBe("127.0.0.1:1/app:one"), { timeout: 20_000 });
  }, 90_000);

  test("do what the pipeline's role may, and no more", async () => {
    await room.handshake();
    repo.commit("one", { "version.txt": "one" });
    await room.allow(
      "codepipeline",
      "s3:*",
      "codestar-connections:*",
      "codebuild:*",
      "ecs:DescribeServices",
      "ecs:DescribeTaskDefinition",
      "ecs:RegisterTaskDefinition",
    );
    await create();
    await until(room, "Failed");
    expect((await errors())[0]).toMatch(
      /^app PermissionError: .*not authorized to perform: iam:PassRole on resource: arn:aws:iam::000000000000:role\/execution/,
    );
    await room.allow("codepipeline", "s3:*", "codestar-connections:*", "codebuild:*", "ecs:*", "iam:PassRole");
    const [failed] = await executions(room);
    const { pipelines } = room.clients;
    const retried = { pipelineName: "line", pipelineExecutionId: failed?.pipelineExecutionId };
    await expect(
      pipelines.retryStageExecution({ ...retried, stageName: "Build", retryMode: "FAILED_ACTIONS" }),
    ).rejects.toMatchObject({
      name: "StageNotRetryableException",
    });
    await pipelines.retryStageExecution({ ...retried, stageName: "Deploy", retryMode: "FAILED_ACTIONS" });
    await until(room, "Succeeded");
    expect(await imageOf(room)).toBe("127.0.0.1:1/app:one");
    await room.allow("codepipeline", "codestar-connections:*");
    await pipelines.startPipelineExecution({ name: "line" });
    await until(room, "Succeeded", "Failed");
    expect((await errors())[0]).toMatch(/^Source PermissionError: .*s3:PutObject/);
  }, 60_000);

  test("are refused a file that names no container of the service", async () => {
    await room.handshake();
    repo.commit("one", { "version.txt": "one" });
    const wrong = (files: string) =>
      `version: 0.2\nphases:\n  build:\n    commands:\n      - printf '[{"name":"nobody","imageUri":"x"}]' > ${files}\nartifacts:\n  files: "*.json"\n`;
    const { builds, pipelines } = room.clients;
    const with_ = (buildspec: string) =>
      builds.updateProject({ name: "shop", source: { type: "CODEPIPELINE", buildspec } });
    await with_(wrong("imagedefinitions.json"));
    await create();
    await until(room, "Failed");
    expect(await errors()).toEqual([
      "app ConfigurationError: Invalid action configuration: The AWS ECS container nobody does not exist",
    ]);
    await with_(wrong("other.json"));
    await pipelines.startPipelineExecution({ name: "line" });
    await until(room, "Failed", "Failed");
    expect((await errors())[0]).toMatch(
      "Did not find the image definition file imagedefinitions.json in the input artifacts ZIP file",
    );
  }, 60_000);

  test("wait before a closed stage, where newer ones supersede them", async () => {
    await room.handshake();
    repo.commit("one", { "version.txt": "one" });
    const { pipelines } = room.clients;
    await create({ executionMode: "SUPERSEDED" });
    await until(room, "Succeeded");
    const door = { pipelineName: "line", stageName: "Build", transitionType: "Inbound" as const };
    await pipelines.disableStageTransition({ ...door, reason: "a feast" });
    repo.commit("two", { "version.txt": "two" });
    await until(room, "Succeeded", "InProgress");
    await vi.waitFor(async () => {
      const { stageStates } = await pipelines.getPipelineState({ name: "line" });
      expect(stageStates?.[1]).toMatchObject({
        inboundTransitionState: { enabled: false, disabledReason: "a feast" },
        inboundExecutions: [{ status: "InProgress" }],
      });
    }, 20_000);
    repo.commit("three", { "version.txt": "three" });
    await until(room, "Succeeded", "Superseded", "InProgress");
    await pipelines.enableStageTransition(door);
    await until(room, "Succeeded", "Superseded", "Succeeded");
    expect(await imageOf(room)).toBe("127.0.0.1:1/app:three");
    await expect(pipelines.enableStageTransition({ ...door, stageName: "Nowhere" })).rejects.toMatchObject({
      name: "StageNotFoundException",
    });
  }, 60_000);

  test("are stopped, when their actions have ended or at once", async () => {
    await room.handshake();
    repo.commit("one", { "version.txt": "one" });
    writeFileSync(room.hold, "");
    await create();
    const { pipelines } = room.clients;
    const inBuild = () =>
      vi.waitFor(async () => {
        const { stageStates } = await pipelines.getPipelineState({ name: "line" });
        expect(stageStates?.[1]?.actionStates?.[0]?.latestExecution?.status).toBe("InProgress");
      }, 20_000);
    await inBuild();
    const [first] = await executions(room);
    const stop = { pipelineName: "line", pipelineExecutionId: first?.pipelineExecutionId, reason: "enough" };
    await pipelines.stopPipelineExecution(stop);
    await expect(pipelines.stopPipelineExecution(stop)).rejects.toMatchObject({
      name: "DuplicatedStopRequestException",
    });
    await until(room, "Stopping");
    await pipelines.stopPipelineExecution({ ...stop, abandon: true });
    expect((await until(room, "Stopped"))[0]?.stopTrigger).toEqual({ reason: "enough" });
    await expect(pipelines.stopPipelineExecution(stop)).rejects.toMatchObject({
      name: "PipelineExecutionNotStoppableException",
    });
    const { stageStates } = await pipelines.getPipelineState({ name: "line" });
    expect(stageStates?.[1]).toMatchObject({
      latestExecution: { status: "Stopped" },
      actionStates: [{ latestExecution: { status: "Abandoned" } }],
    });
    rmSync(room.hold);
  }, 60_000);

  test("go on when the local AWS is there again", async () => {
    await room.handshake();
    repo.commit("one", { "version.txt": "one" });
    writeFileSync(room.hold, "");
    await create();
    await vi.waitFor(async () => expect((await room.clients.builds.listBuilds({})).ids).toHaveLength(1), 20_000);
    await room.restart();
    rmSync(room.hold);
    await until(room, "Succeeded");
    expect(await imageOf(room)).toBe("127.0.0.1:1/app:one");
    const { ids = [] } = await room.clients.builds.listBuilds({});
    const { builds } = await room.clients.builds.batchGetBuilds({ ids });
    expect(builds?.map(({ buildStatus }) => buildStatus)).toEqual(["SUCCEEDED", "FAULT"]);
  }, 60_000);

  test("start where a trigger, or DetectChanges, lets a push start them", async () => {
    await room.handshake();
    repo.commit("one", { "version.txt": "one" });
    const push = [{ branches: { includes: ["main", "release/*"] }, filePaths: { includes: ["version.txt"] } }];
    const triggers = [
      { providerType: "CodeStarSourceConnection" as const, gitConfiguration: { sourceActionName: "Source", push } },
    ];
    await create({ triggers });
    await until(room, "Succeeded");
    repo.commit("nothing that counts", { "README.md": "hello" });
    repo.git("checkout", "--quiet", "-b", "release/2");
    repo.commit("two", { "version.txt": "two" });
    await until(room, "Succeeded", "Succeeded");
    expect(await imageOf(room)).toBe("127.0.0.1:1/app:two");
  }, 60_000);
});

test("branches are read from files of their own, from packed ones, and from bare repositories", () => {
  const one = repo.commit("one", { a: "1" });
  repo.git("branch", "feature/x");
  repo.git("pack-refs", "--all");
  expect(headOf(room.github, "main")).toBe(one);
  const two = repo.commit("two", { a: "2" });
  expect(headOf(room.github, "main")).toBe(two);
  const bare = join(room.dir, "bare");
  repo.git("clone", "--quiet", "--bare", room.github, bare);
  expect(headsOf(bare)).toEqual({ main: two, "feature/x": one });
  expect(headOf(bare, "../../HEAD")).toBeUndefined();
  expect(headOf(join(room.dir, "nowhere"), "main")).toBeUndefined();
});

const definitionOf = (cpu: string, memory: string) => ({
  family: "app",
  networkMode: "awsvpc" as const,
  requiresCompatibilities: ["FARGATE" as const],
  cpu,
  memory,
  executionRoleArn: room.base.role,
  containerDefinitions: [
    {
      name: "app",
      image: "127.0.0.1:1/app:one",
      portMappings: [{ name: "app", containerPort: 8080, appProtocol: "http" as const }],
    },
  ],
});
