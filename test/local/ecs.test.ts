import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ecsWith } from "../../src/local/ecs/index.ts";
import { type Outcome, recordsRunner } from "../../src/local/ecs/records-runner.ts";
import type { TaskSpec } from "../../src/local/ecs/runner.ts";
import { definition, type Ground, ground, type Room, room, service, shown, trust, until } from "./ecs-room.ts";

let here: Room;
let base: Ground;
let outcome: (task: TaskSpec) => Outcome;

beforeEach(async () => {
  outcome = () => "runs";
  here = await room(ecsWith(() => recordsRunner((task) => outcome(task))));
  base = await ground(here);
});
afterEach(() => here.close());

const eventually = <Answer>(ask: () => Promise<Answer>): Promise<Answer> =>
  vi.waitFor(ask, { timeout: 30_000, interval: 50 });
const steady = (name: string, revision = 1) =>
  until(here, name, (found) => {
    expect(found.deployments).toHaveLength(1);
    expect(found.deployments?.[0]?.rolloutState).toBe("COMPLETED");
    expect(found.taskDefinition).toMatch(new RegExp(`:${revision}$`));
    expect(found.runningCount).toBe(found.desiredCount);
  });
const register = (family: string, more = {}) => here.clients.ecs.registerTaskDefinition(definition(base, family, more));

test("a cluster is created once, described, changed, and INACTIVE when it is deleted", async () => {
  const { ecs } = here.clients;
  const { cluster } = await ecs.createCluster({ clusterName: "shop", tags: [{ key: "a", value: "b" }] });
  expect(cluster).toMatchObject({ clusterName: "shop", status: "ACTIVE", tags: [] });
  await ecs.updateCluster({ cluster: "shop", settings: [{ name: "containerInsights", value: "enhanced" }] });
  await ecs.putClusterCapacityProviders({
    cluster: "shop",
    capacityProviders: ["FARGATE", "FARGATE_SPOT"],
    defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 1 }],
  });
  const described = await ecs.describeClusters({ clusters: ["shop", "nobody"], include: ["SETTINGS"] });
  expect(described.clusters?.[0]).toMatchObject({
    settings: [{ name: "containerInsights", value: "enhanced" }],
    capacityProviders: ["FARGATE", "FARGATE_SPOT"],
    defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 1, base: 0 }],
  });
  expect(described.failures).toEqual([{ arn: expect.stringContaining("cluster/nobody"), reason: "MISSING" }]);
  await ecs.deleteCluster({ cluster: "shop" });
  const gone = await ecs.describeClusters({ clusters: ["shop"] });
  expect(gone.clusters?.[0]?.status).toBe("INACTIVE");
  await expect(ecs.deleteCluster({ cluster: "shop" })).rejects.toMatchObject({ name: "ClusterNotFoundException" });
  expect((await ecs.createCluster({ clusterName: "shop" })).cluster?.status).toBe("ACTIVE");
});

test("a cluster's default namespace is made when a name is given that does not exist", async () => {
  const { ecs, map } = here.clients;
  const { cluster } = await ecs.createCluster({ clusterName: "other", serviceConnectDefaults: { namespace: "mesh" } });
  const { Namespaces } = await map.listNamespaces({ Filters: [{ Name: "HTTP_NAME", Values: ["mesh"] }] });
  expect(cluster?.serviceConnectDefaults?.namespace).toBe(Namespaces?.[0]?.Arn);
});

test("a task definition comes back in AWS's own form, and a revision is never used twice", async () => {
  const { ecs } = here.clients;
  const { taskDefinition } = await register("app", { memory: "1GB", tags: [{ key: "a", value: "b" }] });
  expect(taskDefinition).toMatchObject({
    revision: 1,
    memory: "1024",
    volumes: [],
    placementConstraints: [],
    compatibilities: ["EC2", "FARGATE"],
    status: "ACTIVE",
  });
  expect(taskDefinition?.containerDefinitions?.[0]).toMatchObject({
    cpu: 0,
    essential: true,
    environment: [
      { name: "A", value: "1" },
      { name: "B", value: "2" },
    ],
    mountPoints: [],
    volumesFrom: [],
    portMappings: [{ name: "app", containerPort: 8080, hostPort: 8080, protocol: "tcp", appProtocol: "http" }],
  });
  const { tags } = await ecs.describeTaskDefinition({ taskDefinition: "app", include: ["TAGS"] });
  expect(tags).toEqual([{ key: "a", value: "b" }]);
  await ecs.deregisterTaskDefinition({ taskDefinition: "app:1" });
  await expect(ecs.describeTaskDefinition({ taskDefinition: "app" })).rejects.toMatchObject({
    name: "ClientException",
    message: "Unable to describe task definition.",
  });
  expect((await ecs.deleteTaskDefinitions({ taskDefinitions: ["app:1"] })).taskDefinitions?.[0]?.status).toBe(
    "DELETE_IN_PROGRESS",
  );
  expect((await register("app")).taskDefinition?.revision).toBe(2);
  expect((await ecs.listTaskDefinitions({ familyPrefix: "app" })).taskDefinitionArns).toHaveLength(1);
});

test.each([
  [{ memory: "512" }, "No Fargate configuration exists for given values: 512 CPU, 512 memory."],
  [{ cpu: undefined }, "Fargate requires that 'cpu' be defined at the task level."],
  [
    { executionRoleArn: undefined },
    "Fargate requires task definition to have execution role ARN to support ECR images.",
  ],
  [{ taskRoleArn: "arn:aws:iam::000000000000:role/nobody" }, "Role is not valid"],
  [{ tags: [] }, "Tags can not be empty."],
  [{ containerDefinitions: [] }, "Container list cannot be empty."],
])("RegisterTaskDefinition refuses %o", async (more, message) => {
  await expect(register("app", more)).rejects.toMatchObject({
    name: "ClientException",
    message: expect.stringContaining(message),
  });
});

test("a service starts its tasks, tells so, and is steady", async () => {
  const { ecs } = here.clients;
  await register("app");
  await ecs.createService(service(base, "app", { desiredCount: 2 }));
  await steady("app");
  const found = await shown(here, "app");
  expect(found).toMatchObject({ status: "ACTIVE", runningCount: 2, pendingCount: 0 });
  const messages = (found.events ?? []).map((each) => each.message);
  expect(messages[0]).toBe("(service app) has reached a steady state.");
  expect(messages.at(-1)).toMatch(/^\(service app\) has started 2 tasks: \(task \w{32}\) \(task \w{32}\)\.$/);
  const { taskArns = [] } = await ecs.listTasks({ cluster: "shop", serviceName: "app" });
  const { tasks = [] } = await ecs.describeTasks({ cluster: "shop", tasks: taskArns });
  expect(tasks[0]).toMatchObject({
    lastStatus: "RUNNING",
    group: "service:app",
    startedBy: found.deployments?.[0]?.id,
  });
  expect(tasks[0]?.attachments?.[0]?.details?.map((each) => each.name)).toContain("networkInterfaceId");
});

test("the same service again is not idempotent, unless its token is the same", async () => {
  const { ecs } = here.clients;
  await register("app");
  const first = await ecs.createService(service(base, "app", { clientToken: "one" }));
  const again = await ecs.createService(service(base, "app", { clientToken: "one" }));
  expect(again.service?.serviceArn).toBe(first.service?.serviceArn);
  await expect(ecs.createService(service(base, "app"))).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "Creation of service was not idempotent.",
  });
});

test("a new task definition is rolled out, and only what AWS rolls out starts a deployment", async () => {
  const { ecs } = here.clients;
  await register("app");
  await ecs.createService(service(base, "app"));
  await steady("app");
  const before = (await shown(here, "app")).deployments?.[0]?.id;
  await ecs.updateService({ cluster: "shop", service: "app", desiredCount: 2, enableExecuteCommand: true });
  await ecs.updateService({
    cluster: "shop",
    service: "app",
    taskDefinition: "app:1",
    healthCheckGracePeriodSeconds: 9,
  });
  await steady("app");
  expect((await shown(here, "app")).deployments?.[0]?.id).toBe(before);
  await register("app");
  const { service: updated } = await ecs.updateService({ cluster: "shop", service: "app", taskDefinition: "app" });
  expect(updated?.deployments?.map((each) => each.status)).toEqual(["PRIMARY", "ACTIVE"]);
  await steady("app", 2);
  const { serviceDeployments } = await ecs.listServiceDeployments({ cluster: "shop", service: "app" });
  expect(serviceDeployments?.map((each) => each.status)).toEqual(["SUCCESSFUL", "SUCCESSFUL"]);
  const forced = await ecs.updateService({ cluster: "shop", service: "app", forceNewDeployment: true });
  expect(forced.service?.deployments).toHaveLength(2);
  await steady("app", 2);
});

test("a deployment whose tasks fail is rolled back to the last that completed", async () => {
  const { ecs } = here.clients;
  outcome = (task) => (task.definition === "app:2" ? { exits: 1 } : "runs");
  await register("app");
  await ecs.createService(service(base, "app"));
  await steady("app");
  const good = (await shown(here, "app")).deployments?.[0]?.id;
  await register("app");
  await ecs.updateService({ cluster: "shop", service: "app", taskDefinition: "app:2" });
  await until(here, "app", (found) => expect(found.events?.[0]?.message).toContain("steady state"));
  await steady("app");
  const found = await shown(here, "app");
  expect(found.deployments?.[0]?.id).toBe(good);
  const messages = (found.events ?? []).map((each) => each.message ?? "");
  expect(messages.some((each) => each.endsWith("deployment failed: tasks failed to start."))).toBe(true);
  expect(messages).toContain(`(service app) rolling back to deployment ${good}.`);
  const { serviceDeployments = [] } = await ecs.listServiceDeployments({ cluster: "shop", service: "app" });
  expect(serviceDeployments.map((each) => each.status)).toEqual(["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]);
  const { taskArns = [] } = await ecs.listTasks({ cluster: "shop", desiredStatus: "STOPPED" });
  const { tasks = [] } = await ecs.describeTasks({ cluster: "shop", tasks: taskArns });
  expect(tasks.filter((each) => each.stopCode === "EssentialContainerExited")).toHaveLength(3);
  expect(tasks.map((each) => each.containers?.[0]?.exitCode)).toEqual([1, 1, 1]);
});

test("the very first deployment has nothing to go back to: it fails", async () => {
  const { ecs } = here.clients;
  outcome = () => ({ failsToStart: "CannotPullContainerError: not found" });
  await register("app");
  await ecs.createService(service(base, "app"));
  await until(here, "app", (found) =>
    expect(found.deployments?.[0]).toMatchObject({ rolloutState: "FAILED", failedTasks: 3, desiredCount: 1 }),
  );
  const { taskArns = [] } = await ecs.listTasks({ cluster: "shop", desiredStatus: "STOPPED" });
  const { tasks = [] } = await ecs.describeTasks({ cluster: "shop", tasks: taskArns });
  expect(tasks[0]).toMatchObject({
    stopCode: "TaskFailedToStart",
    stoppedReason: "CannotPullContainerError: not found",
    lastStatus: "STOPPED",
  });
});

test("a task whose health check fails is replaced until the breaker trips", async () => {
  const { ecs } = here.clients;
  outcome = () => ({ unhealthy: true });
  const checked = definition(base, "app").containerDefinitions?.map((each) => ({
    ...each,
    healthCheck: { command: ["CMD", "node", "health.js"] },
  }));
  await register("app", { containerDefinitions: checked });
  await ecs.createService(service(base, "app"));
  await until(here, "app", (found) => expect(found.deployments?.[0]?.rolloutState).toBe("FAILED"));
  const messages = ((await shown(here, "app")).events ?? []).map((each) => each.message ?? "");
  expect(messages.filter((each) => each.endsWith("failed container health checks."))).toHaveLength(3);
});

test("a role that ECS may not assume is told in an event", async () => {
  const { ecs, iam } = here.clients;
  const { Role } = await iam.createRole({ RoleName: "wrong", AssumeRolePolicyDocument: trust("ecs.amazonaws.com") });
  await register("app", { taskRoleArn: Role?.Arn });
  await ecs.createService(service(base, "app"));
  await until(here, "app", (found) =>
    expect(found.events?.some((each) => each.message?.includes(`unable to assume the role '${Role?.Arn}'`))).toBe(true),
  );
});

test("a stopped task comes back, and stays visible with its reason", async () => {
  const { ecs } = here.clients;
  await register("app");
  await ecs.createService(service(base, "app"));
  await steady("app");
  const { taskArns: [first = ""] = [] } = await ecs.listTasks({ cluster: "shop" });
  await ecs.stopTask({ cluster: "shop", task: first, reason: "by hand" });
  await until(here, "app", (found) => expect(found.events?.[0]?.message).toContain("steady state"));
  await steady("app");
  const { taskArns: [second] = [] } = await ecs.listTasks({ cluster: "shop" });
  expect(second).not.toBe(first);
  const { tasks } = await ecs.describeTasks({ cluster: "shop", tasks: [first] });
  expect(tasks?.[0]).toMatchObject({ stopCode: "UserInitiated", stoppedReason: "by hand", lastStatus: "STOPPED" });
});

test("a service is drained, INACTIVE, and its name and cluster are free again", async () => {
  const { ecs } = here.clients;
  await register("app");
  await ecs.createService(service(base, "app"));
  await steady("app");
  await expect(ecs.deleteCluster({ cluster: "shop" })).rejects.toMatchObject({
    name: "ClusterContainsServicesException",
  });
  await expect(ecs.deleteService({ cluster: "shop", service: "app" })).rejects.toMatchObject({
    message: "The service cannot be stopped while it is scaled above 0.",
  });
  const { service: going } = await ecs.deleteService({ cluster: "shop", service: "app", force: true });
  expect(going?.status).toBe("DRAINING");
  await until(here, "app", (found) => expect(found.status).toBe("INACTIVE"));
  await expect(ecs.updateService({ cluster: "shop", service: "app", desiredCount: 1 })).rejects.toMatchObject({
    name: "ServiceNotActiveException",
  });
  expect((await ecs.listServices({ cluster: "shop" })).serviceArns).toEqual([]);
  await ecs.createService(service(base, "app"));
  await steady("app");
});

test("Service Connect: endpoints become Cloud Map services with an instance per task, and go with their service", async () => {
  const { ecs, map } = here.clients;
  await map.createHttpNamespace({ Name: "mesh" });
  const namespace = await eventually(async () => {
    const { Namespaces } = await map.listNamespaces({});
    expect(Namespaces).toHaveLength(1);
    return Namespaces?.[0];
  });
  await register("app");
  const connect = {
    enabled: true,
    namespace: namespace?.Arn,
    services: [{ portName: "app", clientAliases: [{ port: 8080, dnsName: "shop" }] }],
  };
  await expect(
    ecs.createService(service(base, "app", { serviceConnectConfiguration: { enabled: true, namespace: "nowhere" } })),
  ).rejects.toMatchObject({ name: "NamespaceNotFoundException" });
  await ecs.createService(service(base, "app", { serviceConnectConfiguration: connect }));
  await steady("app");
  const [deployment] = (await shown(here, "app")).deployments ?? [];
  expect(deployment?.serviceConnectConfiguration).toMatchObject({ ...connect, services: [{ discoveryName: "app" }] });
  const { Services = [] } = await map.listServices({
    Filters: [{ Name: "NAMESPACE_ID", Values: [namespace?.Id ?? ""] }],
  });
  expect(Services[0]).toMatchObject({ Name: "app", Arn: deployment?.serviceConnectResources?.[0]?.discoveryArn });
  expect((await map.listTagsForResource({ ResourceARN: Services[0]?.Arn })).Tags?.[0]?.Key).toBe("AmazonECSManaged");
  expect((await ecs.listServicesByNamespace({ namespace: namespace?.Arn })).serviceArns).toHaveLength(1);
  const { Instances } = await map.discoverInstances({ NamespaceName: "mesh", ServiceName: "app" });
  expect(Instances?.[0]?.Attributes).toMatchObject({ AWS_INSTANCE_PORT: "8080", ECS_SERVICE_NAME: "app" });
  await expect(map.deleteNamespace({ Id: namespace?.Id })).rejects.toMatchObject({ name: "ResourceInUse" });
  await ecs.deleteService({ cluster: "shop", service: "app", force: true });
  await eventually(async () => expect((await map.listServices({})).Services).toEqual([]));
});

test("another service may not take an endpoint's name, and its protocol is fixed", async () => {
  const { ecs } = here.clients;
  await ecs.createCluster({ clusterName: "shop" });
  await ecs.updateCluster({ cluster: "shop", serviceConnectDefaults: { namespace: "mesh" } });
  await register("app");
  await register("two");
  const connect = { enabled: true, services: [{ portName: "app" }] };
  await ecs.createService(service(base, "app", { serviceConnectConfiguration: connect }));
  await expect(ecs.createService(service(base, "two", { serviceConnectConfiguration: connect }))).rejects.toMatchObject(
    {
      message: expect.stringContaining("SC service is already used by arn:aws:servicediscovery"),
    },
  );
  const tcp = definition(base, "app").containerDefinitions?.map((each) => ({
    ...each,
    portMappings: [{ name: "app", containerPort: 8080 }],
  }));
  await register("app", { containerDefinitions: tcp });
  await expect(ecs.updateService({ cluster: "shop", service: "app", taskDefinition: "app" })).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
});

test("after a restart of the local AWS a service's tasks run again", async () => {
  await register("app");
  await here.clients.ecs.createService(service(base, "app"));
  await steady("app");
  const { taskArns: before } = await here.clients.ecs.listTasks({ cluster: "shop" });
  await here.restart();
  await until(here, "app", (found) => expect(found.events?.[0]?.message).toContain("steady state"));
  await steady("app");
  const { taskArns: after } = await here.clients.ecs.listTasks({ cluster: "shop" });
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);
});

test("a task runs by hand, is tagged, and is found by its family", async () => {
  const { ecs } = here.clients;
  await register("app");
  const { tasks: [task] = [] } = await ecs.runTask({
    cluster: "shop",
    taskDefinition: "app",
    launchType: "FARGATE",
    networkConfiguration: { awsvpcConfiguration: { subnets: base.subnets.slice(0, 1) } },
  });
  expect(task).toMatchObject({ group: "family:app", lastStatus: "PROVISIONING" });
  await ecs.tagResource({ resourceArn: task?.taskArn, tags: [{ key: "a", value: "b" }] });
  expect((await ecs.listTagsForResource({ resourceArn: task?.taskArn })).tags).toEqual([{ key: "a", value: "b" }]);
  expect((await ecs.listTasks({ cluster: "shop", family: "app" })).taskArns).toEqual([task?.taskArn]);
});
