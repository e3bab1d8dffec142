import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import type { RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cloudwatch } from "../../src/local/cloudwatch/index.ts";
import { ecr } from "../../src/local/ecr/index.ts";
import { ecsWith } from "../../src/local/ecs/index.ts";
import { endOrphans } from "../../src/local/ecs/orphans.ts";
import { preloadFile } from "../../src/local/ecs/preload.ts";
import { processRunner } from "../../src/local/ecs/process-runner.ts";
import { elbv2 } from "../../src/local/elbv2/index.ts";
import { logs } from "../../src/local/logs/index.ts";
import { program, pushProgram } from "./ecs-image.ts";
import { definition, type Ground, ground, type Room, room, service, shown, until } from "./ecs-room.ts";

let here: Room;
let base: Ground;

beforeEach(async () => {
  here = await room(ecsWith(processRunner), [ecr, elbv2, logs, cloudwatch]);
  base = await ground(here);
});
afterEach(async () => {
  const pids = runningPids();
  await here.close();
  for (const pid of pids) expect(isAlive(pid)).toBe(false);
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const push = (repository: string, tag: string, text = program(tag)) =>
  pushProgram(here.clients.options, repository, tag, text);
const register = (
  family: string,
  image: string,
  more: object = {},
  rest: Partial<RegisterTaskDefinitionCommandInput> = {},
) => {
  const wanted = definition(base, family, rest);
  const containerDefinitions = wanted.containerDefinitions?.map((each) => ({
    ...each,
    image,
    portMappings: [{ name: family, containerPort: 8080, appProtocol: "http" as const }],
    ...more,
  }));
  return here.clients.ecs.registerTaskDefinition({ ...wanted, containerDefinitions });
};
const steady = (name: string) =>
  until(here, name, (found) => {
    expect(found.events?.[0]?.message).toContain("steady state");
    expect(found.deployments).toHaveLength(1);
    expect(found.deployments?.[0]?.rolloutState).toBe("COMPLETED");
    expect(found.runningCount).toBe(found.desiredCount);
  });
const stopped = (family: string) =>
  vi.waitFor(
    async () => {
      const { ecs } = here.clients;
      const { taskArns = [] } = await ecs.listTasks({ cluster: "shop", family, desiredStatus: "STOPPED" });
      expect(taskArns).not.toEqual([]);
      const { tasks: [task] = [] } = await ecs.describeTasks({ cluster: "shop", tasks: taskArns });
      expect(task?.lastStatus).toBe("STOPPED");
      return task;
    },
    { timeout: 30_000, interval: 50 },
  );
/** What runs, read from the folders that the runner keeps. */
function runningPids(): number[] {
  const tasks = join(here.dir, "ecs", "tasks");
  return (existsSync(tasks) ? readdirSync(tasks) : []).flatMap((id) => {
    const file = join(tasks, id, "pids");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
  });
}

/** A load balancer in front of a target group; answers its URL and the group. */
async function front() {
  const elb = new ElasticLoadBalancingV2(here.clients.options);
  const { Vpcs } = await here.clients.ec2.describeVpcs({});
  const { TargetGroups } = await elb.createTargetGroup({
    Name: "web",
    TargetType: "ip",
    Protocol: "HTTP",
    Port: 8080,
    VpcId: Vpcs?.[0]?.VpcId,
    HealthCheckPath: "/",
  });
  const group = TargetGroups?.[0]?.TargetGroupArn;
  const { LoadBalancers } = await elb.createLoadBalancer({ Name: "shop", Subnets: base.subnets });
  await elb.createListener({
    LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
    Protocol: "HTTP",
    Port: 80,
    DefaultActions: [{ Type: "forward", TargetGroupArn: group }],
  });
  return {
    url: `http://${LoadBalancers?.[0]?.DNSName}`,
    loadBalancers: [{ targetGroupArn: group, containerName: "app", containerPort: 8080 }],
  };
}

test("an image pushed to the registry runs behind a load balancer, with its own environment, role and log", async () => {
  const { ecs, options } = here.clients;
  const cwl = new CloudWatchLogs(options);
  await cwl.createLogGroup({ logGroupName: "/ecs/web" });
  const image = await push("web", "one");
  const log = { "awslogs-group": "/ecs/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web" };
  process.env.NOT_FOR_TASKS = "secret";
  await register(
    "web",
    image,
    { logConfiguration: { logDriver: "awslogs", options: log } },
    { taskRoleArn: base.role },
  );
  const { url, loadBalancers } = await front();
  await ecs.createService(service(base, "web", { loadBalancers }));
  await steady("web");
  expect(await (await fetch(url)).text()).toMatch(/^one /);
  const env = (await (await fetch(`${url}/env`)).json()) as Record<string, string>;
  expect(env).toMatchObject({
    A: "1",
    B: "2",
    OF_IMAGE: "yes",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL: here.server.url,
  });
  expect(env.NOT_FOR_TASKS).toBeUndefined();
  delete process.env.NOT_FOR_TASKS;
  expect(env.cwd).toContain(join(here.dir, "ecs", "images"));
  const credentials = await (await fetch(env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? "")).json();
  expect(credentials).toMatchObject({ RoleArn: base.role, Token: expect.any(String) });
  const metadata = await (await fetch(`${env.ECS_CONTAINER_METADATA_URI_V4}/task`)).json();
  expect(metadata).toMatchObject({ Family: "web", Revision: "1", ServiceName: "web" });
  const { taskArns: [arn = ""] = [] } = await ecs.listTasks({ cluster: "shop" });
  const stream = `web/app/${arn.split("/").at(-1)}`;
  const read = async () => {
    const { events } = await cwl.getLogEvents({ logGroupName: "/ecs/web", logStreamName: stream });
    return (events ?? []).map((each) => each.message);
  };
  await vi.waitFor(async () => expect(await read()).toEqual(["version one begins"]));

  // a task that dies comes back, and says why it died
  await fetch(`${url}/die`).catch(() => undefined);
  expect(await stopped("web")).toMatchObject({
    stopCode: "EssentialContainerExited",
    stoppedReason: "Essential container in task exited",
    containers: [{ exitCode: 7 }],
  });
  await steady("web");
  expect(await (await fetch(url)).text()).toMatch(/^one /);
  await ecs.deleteService({ cluster: "shop", service: "web", force: true });
  await until(here, "web", (found) => expect(found.status).toBe("INACTIVE"));
});

test.each([
  ["an image that is missing", {}, /^CannotPullContainerError: .*web:none: not found$/],
  [
    "a log group that is missing",
    {
      image: "",
      logConfiguration: {
        logDriver: "awslogs" as const,
        options: { "awslogs-group": "/none", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "x" },
      },
    },
    /^ResourceInitializationError: .*The specified log group does not exist/,
  ],
  [
    "a program that is missing",
    { image: "", command: ["nothing"] },
    /^CannotStartContainerError: .*"nothing": executable file not found/,
  ],
])("%s is told by the stopped reason", async (_what, more, reason) => {
  const image = await push("web", "one");
  await register("web", image.replace(":one", ":none"), { ...more, ...("image" in more && { image }) });
  await here.clients.ecs.createService(service(base, "web"));
  const task = await stopped("web");
  expect(task).toMatchObject({ stopCode: "TaskFailedToStart" });
  expect(task?.stoppedReason).toMatch(reason);
  await until(here, "web", (found) => expect(found.deployments?.[0]?.rolloutState).toBe("FAILED"));
});

test("an image that exits at once is rolled back, and the old tasks go on", async () => {
  const { ecs } = here.clients;
  await register("web", await push("web", "good"));
  const { url, loadBalancers } = await front();
  await ecs.createService(service(base, "web", { loadBalancers }));
  await steady("web");
  await register("web", await push("web", "bad", 'console.error("no"); process.exit(3);'));
  await ecs.updateService({ cluster: "shop", service: "web", taskDefinition: "web" });
  await until(here, "web", (found) => expect(found.taskDefinition).toMatch(/web:1$/));
  await steady("web");
  expect(await (await fetch(url)).text()).toMatch(/^good /);
  const { serviceDeployments } = await ecs.listServiceDeployments({ cluster: "shop", service: "web" });
  expect(serviceDeployments?.[0]?.status).toBe("ROLLBACK_SUCCESSFUL");
});

test("Service Connect names resolve inside tasks that started after the endpoint, balanced, and through a rolling deployment", async () => {
  const { ecs } = here.clients;
  await ecs.updateCluster({ cluster: "shop", serviceConnectDefaults: { namespace: "mesh" } });
  const { url, loadBalancers } = await front();
  await register("web", await push("web", "one"));
  const client = { serviceConnectConfiguration: { enabled: true } };
  await ecs.createService(service(base, "web", { loadBalancers, ...client }));
  await steady("web");
  const server = {
    enabled: true,
    services: [{ portName: "search", clientAliases: [{ port: 8080, dnsName: "product-lookup" }] }],
  };
  const image = await push("search", "first");
  const check = {
    healthCheck: { command: ["CMD", "node", "-e", "fetch('http://127.0.0.1:8080').then(() => process.exit(0))"] },
  };
  await register("search", image, check);
  await ecs.createService(service(base, "search", { desiredCount: 2, serviceConnectConfiguration: server }));
  await steady("search");
  const call = async () => {
    const answer = await fetch(`${url}/call?url=${encodeURIComponent("http://product-lookup:8080/")}`);
    return { status: answer.status, text: await answer.text() };
  };
  expect(await call()).toEqual({ status: 500, text: "ENOTFOUND" });
  await ecs.updateService({ cluster: "shop", service: "web", forceNewDeployment: true });
  await steady("web");
  const answers = await Promise.all(Array.from({ length: 8 }, call));
  expect(new Set(answers.map((each) => each.text)).size).toBe(2);

  await register("search", await push("search", "second"), check);
  await ecs.updateService({ cluster: "shop", service: "search", taskDefinition: "search" });
  const seen: { status: number; text: string }[] = [];
  await vi.waitFor(
    async () => {
      seen.push(await call());
      expect((await shown(here, "search")).deployments).toHaveLength(1);
      expect(seen.at(-1)?.text).toMatch(/^second /);
    },
    { timeout: 40_000, interval: 20 },
  );
  expect(seen.filter((each) => each.status !== 200)).toEqual([]);

  // switched off, the name is nobody's
  await ecs.updateService({ cluster: "shop", service: "web", serviceConnectConfiguration: { enabled: false } });
  await steady("web");
  expect(await call()).toEqual({ status: 500, text: "ENOTFOUND" });
});

test("a rolling deployment behind the load balancer fails no request", async () => {
  const { ecs } = here.clients;
  await register("web", await push("web", "first"));
  const { url, loadBalancers } = await front();
  await ecs.createService(service(base, "web", { loadBalancers, healthCheckGracePeriodSeconds: 60 }));
  await steady("web");
  await register("web", await push("web", "second"));
  const seen: { status: number; text: string }[] = [];
  const ask = async () => {
    const answer = await fetch(url);
    seen.push({ status: answer.status, text: await answer.text() });
  };
  await ecs.updateService({ cluster: "shop", service: "web", taskDefinition: "web" });
  await vi.waitFor(
    async () => {
      await Promise.all([ask(), ask()]);
      expect((await shown(here, "web")).deployments).toHaveLength(1);
      expect(seen.at(-1)?.text).toMatch(/^second /);
    },
    { timeout: 40_000, interval: 20 },
  );
  expect(seen[0]?.text).toMatch(/^first /);
  expect(seen.filter((each) => each.status !== 200)).toEqual([]);
});

test("CloudWatch measures what the tasks of a service use", async () => {
  await register("web", await push("web", "busy", "setInterval(() => { for (let i = 0; i < 1e6; i++); }, 10);"), {
    portMappings: [],
  });
  await here.clients.ecs.createService(service(base, "web"));
  await steady("web");
  const watch = new CloudWatch(here.clients.options);
  const measure = async (MetricName: string) => {
    const { Datapoints } = await watch.getMetricStatistics({
      Namespace: "AWS/ECS",
      MetricName,
      Dimensions: [
        { Name: "ClusterName", Value: "shop" },
        { Name: "ServiceName", Value: "web" },
      ],
      StartTime: new Date(Date.now() - 300_000),
      EndTime: new Date(Date.now() + 60_000),
      Period: 60,
      Statistics: ["Maximum"],
    });
    return Datapoints?.[0]?.Maximum ?? 0;
  };
  await vi.waitFor(async () => expect(await measure("CPUUtilization")).toBeGreaterThan(0), {
    timeout: 20_000,
    interval: 500,
  });
  expect(await measure("MemoryUtilization")).toBeGreaterThan(0);
});

test("a task ends by itself when the local AWS that ran it is gone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ecomctl-parent-"));
  const preload = join(folder, "preload.cjs");
  const parent = `
    const { writeFileSync } = require("node:fs");
    const { spawn } = require("node:child_process");
    writeFileSync(${JSON.stringify(preload)}, process.argv[1].replace("987654321", process.pid));
    const env = { NODE_OPTIONS: "--require " + ${JSON.stringify(JSON.stringify(preload))} };
    const task = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"], { env, detached: true });
    task.stdout.once("data", () => { console.log(task.pid); process.kill(process.pid, "SIGKILL"); });
  `;
  const text = preloadFile({ names: {}, ports: {}, endpoint: "1", parent: 987654321 });
  const launcher = spawn(process.execPath, ["-e", parent, text], { stdio: ["ignore", "pipe", "inherit"] });
  const pid = await new Promise<number>((resolve) => launcher.stdout.once("data", (data) => resolve(Number(data))));
  expect(pid).toBeGreaterThan(1);
  try {
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
  } finally {
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true });
  }
});

test("after a restart of the local AWS the tasks run again", async () => {
  await register("web", await push("web", "one"));
  const { url, loadBalancers } = await front();
  await here.clients.ecs.createService(service(base, "web", { loadBalancers }));
  await steady("web");
  await here.restart();
  await steady("web");
  expect(await (await fetch(url)).text()).toMatch(/^one /);
});

test("what a killed local AWS left running is ended, and nobody else's process of the same number", async () => {
  const tasks = mkdtempSync(join(tmpdir(), "ecomctl-orphans-"));
  const folder = join(tasks, "one");
  mkdirSync(folder);
  writeFileSync(join(folder, "preload.cjs"), "");
  const run = (env: Record<string, string>) =>
    spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { env, detached: true, stdio: "ignore" });
  const own = run({ NODE_OPTIONS: `--require "${join(folder, "preload.cjs")}"` });
  const other = run({});
  const gone = new Promise((resolve) => own.once("exit", (_code, signal) => resolve(signal)));
  await Promise.all([own, other].map((each) => new Promise((resolve) => each.once("spawn", resolve))));
  writeFileSync(join(folder, "pids"), `${own.pid}\n${other.pid}\n`);
  await endOrphans(tasks);
  expect(await gone).toBe("SIGKILL");
  expect(isAlive(other.pid ?? 0)).toBe(true);
  const ended = new Promise((resolve) => other.once("exit", resolve));
  other.kill("SIGKILL");
  await ended;
  rmSync(tasks, { recursive: true });
});
