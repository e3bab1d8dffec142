import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testClock } from "../../src/local/clock.ts";
import { ec2 } from "../../src/local/ec2/index.ts";
import { elbv2 } from "../../src/local/elbv2/index.ts";
import { iam } from "../../src/local/iam/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";

const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
let dir: string;
let server: LocalServer;
let elb: ElasticLoadBalancingV2;
let network: EC2;
let clock: ReturnType<typeof testClock>;
let warnings: string[];
let vpc: string;
let subnets: string[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-elb-"));
  clock = testClock();
  warnings = [];
  const warn = (message: string) => void warnings.push(message);
  server = await startLocal({ dir, port: 0, services: [ec2, iam, elbv2], clock, waits: "aws", warn });
  const config = { endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 };
  elb = new ElasticLoadBalancingV2(config);
  network = new EC2(config);
  const found = (await network.describeSubnets()).Subnets ?? [];
  vpc = found[0]?.VpcId ?? "";
  subnets = found.map((subnet) => subnet.SubnetId ?? "");
});
afterEach(async () => {
  elb.destroy();
  network.destroy();
  await server.stop();
  rmSync(dir, { recursive: true });
});

const balancer = async (Name = "shop", more: object = {}) =>
  (await elb.createLoadBalancer({ Name, Subnets: subnets, ...more })).LoadBalancers?.[0]?.LoadBalancerArn ?? "";
const group = async (Name = "web", more: object = {}) =>
  (await elb.createTargetGroup({ Name, TargetType: "ip", Protocol: "HTTP", Port: 8080, VpcId: vpc, ...more }))
    .TargetGroups?.[0]?.TargetGroupArn ?? "";
const forward = (TargetGroupArn: string) => [{ Type: "forward" as const, TargetGroupArn }];
const listener = async (LoadBalancerArn: string, TargetGroupArn: string, Port = 80) =>
  (await elb.createListener({ LoadBalancerArn, Protocol: "HTTP", Port, DefaultActions: forward(TargetGroupArn) }))
    .Listeners?.[0]?.ListenerArn ?? "";
const securityGroup = async (GroupName: string) =>
  (await network.createSecurityGroup({ GroupName, Description: GroupName })).GroupId ?? "";

test("a load balancer is provisioned for two minutes, and then active", async () => {
  const alb = await securityGroup("alb");
  const arn = await balancer("shop", { SecurityGroups: [alb], Tags: [{ Key: "ecomctl:stack", Value: "shop" }] });
  const read = async () => (await elb.describeLoadBalancers({ Names: ["shop"] })).LoadBalancers?.[0];
  expect(await read()).toMatchObject({
    LoadBalancerArn: expect.stringMatching(
      /^arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer\/app\/shop\/[0-9a-f]{16}$/,
    ),
    DNSName: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    Scheme: "internet-facing",
    Type: "application",
    State: { Code: "provisioning" },
    VpcId: vpc,
    SecurityGroups: [alb],
  });
  clock.advance(120_000);
  expect((await read())?.State?.Code).toBe("active");
  const { TagDescriptions } = await elb.describeTags({ ResourceArns: [arn] });
  expect(TagDescriptions?.[0]?.Tags).toEqual([{ Key: "ecomctl:stack", Value: "shop" }]);
  const { NetworkInterfaces } = await network.describeNetworkInterfaces({
    Filters: [{ Name: "group-id", Values: [alb] }],
  });
  expect(NetworkInterfaces?.map((item) => item.SubnetId).sort()).toEqual([...subnets].sort());
  expect(NetworkInterfaces?.[0]).toMatchObject({
    RequesterId: "amazon-elb",
    Description: arn.replace(/.*\/app/, "ELB app"),
  });
});

test("the same load balancer twice is one; another of its name is refused", async () => {
  const arn = await balancer();
  expect(await balancer()).toBe(arn);
  await expect(balancer("shop", { Scheme: "internal" })).rejects.toMatchObject({
    name: "DuplicateLoadBalancerNameException",
    message: "A load balancer with the same name 'shop' exists, but with different settings",
  });
});

test.each([
  ["a name that begins with internal-", "internal-shop", {}, "ValidationError"],
  ["a name of 33 characters", "a".repeat(33), {}, "ValidationError"],
  ["a subnet that is not there", "shop", { Subnets: ["subnet-1", "subnet-2"] }, "SubnetNotFoundException"],
  ["a security group that is not there", "shop", { SecurityGroups: ["sg-1"] }, "InvalidSecurityGroupException"],
])("%s is refused", async (_, name, more, error) => {
  await expect(balancer(name, more)).rejects.toMatchObject({ name: error });
});

test("it wants subnets in two zones, one in each", async () => {
  await expect(balancer("shop", { Subnets: subnets.slice(0, 1) })).rejects.toMatchObject({
    name: "ValidationError",
    message: "At least two subnets in two different Availability Zones must be specified",
  });
  const { Subnet } = await network.createSubnet({
    VpcId: vpc,
    CidrBlock: "172.31.64.0/20",
    AvailabilityZone: "us-east-1a",
  });
  await expect(balancer("shop", { Subnets: [...subnets, Subnet?.SubnetId ?? ""] })).rejects.toMatchObject({
    name: "InvalidConfigurationRequestException",
    message: "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
  });
});

test("security groups and subnets are set anew", async () => {
  const LoadBalancerArn = await balancer();
  const [alb, other] = [await securityGroup("alb"), await securityGroup("other")];
  await elb.setSecurityGroups({ LoadBalancerArn, SecurityGroups: [alb, other] });
  await elb.setSubnets({ LoadBalancerArn, Subnets: subnets.slice(0, 2) });
  const { LoadBalancers } = await elb.describeLoadBalancers({ LoadBalancerArns: [LoadBalancerArn] });
  expect(LoadBalancers?.[0]?.SecurityGroups).toEqual([alb, other]);
  expect(LoadBalancers?.[0]?.AvailabilityZones).toHaveLength(2);
  await expect(network.deleteSecurityGroup({ GroupId: other })).rejects.toMatchObject({ name: "DependencyViolation" });
});

test("deletion protection holds; a deleted load balancer takes its listeners along and lets its groups go", async () => {
  const alb = await securityGroup("alb");
  const LoadBalancerArn = await balancer("shop", { SecurityGroups: [alb] });
  const web = await group();
  const ListenerArn = await listener(LoadBalancerArn, web);
  const protect = (Value: string) =>
    elb.modifyLoadBalancerAttributes({ LoadBalancerArn, Attributes: [{ Key: "deletion_protection.enabled", Value }] });
  await protect("true");
  await expect(elb.deleteLoadBalancer({ LoadBalancerArn })).rejects.toMatchObject({
    name: "OperationNotPermittedException",
  });
  await protect("false");
  await expect(elb.deleteTargetGroup({ TargetGroupArn: web })).rejects.toMatchObject({
    name: "ResourceInUseException",
    message: `Target group '${web}' is currently in use by a listener or a rule`,
  });
  await elb.deleteLoadBalancer({ LoadBalancerArn });
  await elb.deleteLoadBalancer({ LoadBalancerArn });
  await expect(elb.describeListeners({ ListenerArns: [ListenerArn] })).rejects.toMatchObject({
    name: "ListenerNotFoundException",
  });
  await expect(elb.describeLoadBalancers({ Names: ["shop"] })).rejects.toMatchObject({
    name: "LoadBalancerNotFoundException",
    message: "Load balancers '[shop]' not found",
  });
  await elb.deleteTargetGroup({ TargetGroupArn: web });
  await expect(network.deleteSecurityGroup({ GroupId: alb })).rejects.toMatchObject({ name: "DependencyViolation" });
  clock.advance(60_000);
  await network.deleteSecurityGroup({ GroupId: alb });
});

test("a target group has AWS's defaults, and changes its health check only", async () => {
  const TargetGroupArn = await group("web", { HealthCheckPath: "/healthz", HealthCheckIntervalSeconds: 10 });
  const { TargetGroups } = await elb.describeTargetGroups({ Names: ["web"] });
  expect(TargetGroups?.[0]).toMatchObject({
    TargetType: "ip",
    HealthCheckPath: "/healthz",
    HealthCheckIntervalSeconds: 10,
    HealthCheckTimeoutSeconds: 5,
    HealthyThresholdCount: 5,
    UnhealthyThresholdCount: 2,
    HealthCheckPort: "traffic-port",
    Matcher: { HttpCode: "200" },
    LoadBalancerArns: [],
  });
  expect(await group("web", { HealthCheckPath: "/healthz", HealthCheckIntervalSeconds: 10 })).toBe(TargetGroupArn);
  await expect(group("web", { Port: 80 })).rejects.toMatchObject({ name: "DuplicateTargetGroupNameException" });
  await elb.modifyTargetGroup({ TargetGroupArn, HealthyThresholdCount: 2, Matcher: { HttpCode: "200-299" } });
  await expect(elb.modifyTargetGroup({ TargetGroupArn, HealthCheckTimeoutSeconds: 10 })).rejects.toThrow(
    "Health check interval must be greater than the timeout.",
  );
  const Key = "deregistration_delay.timeout_seconds";
  await elb.modifyTargetGroupAttributes({ TargetGroupArn, Attributes: [{ Key, Value: "30" }] });
  const { Attributes } = await elb.describeTargetGroupAttributes({ TargetGroupArn });
  expect(Attributes).toContainEqual({ Key, Value: "30" });
  await expect(
    elb.modifyTargetGroupAttributes({ TargetGroupArn, Attributes: [{ Key: "colour", Value: "red" }] }),
  ).rejects.toMatchObject({ name: "InvalidConfigurationRequestException" });
  await expect(elb.describeTargetGroups({ Names: ["none"] })).rejects.toMatchObject({
    name: "TargetGroupNotFoundException",
    message: "One or more target groups not found",
  });
});

test("a listener shows both forms of its action, and a port has one listener", async () => {
  const LoadBalancerArn = await balancer();
  const [web, other] = [await group("web"), await group("other")];
  const ListenerArn = await listener(LoadBalancerArn, web);
  expect(await listener(LoadBalancerArn, web)).toBe(ListenerArn);
  await expect(listener(LoadBalancerArn, other)).rejects.toMatchObject({ name: "DuplicateListenerException" });
  await elb.modifyListener({ ListenerArn, DefaultActions: forward(other) });
  const { Listeners } = await elb.describeListeners({ LoadBalancerArn });
  expect(Listeners).toMatchObject([
    {
      ListenerArn,
      Port: 80,
      Protocol: "HTTP",
      DefaultActions: [
        {
          Type: "forward",
          TargetGroupArn: other,
          ForwardConfig: { TargetGroups: [{ TargetGroupArn: other, Weight: 1 }] },
        },
      ],
    },
  ]);
  const { TargetGroups } = await elb.describeTargetGroups({ LoadBalancerArn });
  expect(TargetGroups?.map((one) => one.TargetGroupName)).toEqual(["other"]);
  const second = await balancer("second");
  await expect(listener(second, other)).rejects.toMatchObject({ name: "TargetGroupAssociationLimitException" });
  await elb.deleteListener({ ListenerArn });
  expect((await elb.describeListeners({ LoadBalancerArn })).Listeners).toEqual([]);
});

test("a listener for HTTPS needs a certificate, and says that it is a record only", async () => {
  const LoadBalancerArn = await balancer();
  const DefaultActions = forward(await group());
  const make = (more: object) =>
    elb.createListener({ LoadBalancerArn, Protocol: "HTTPS", Port: 443, DefaultActions, ...more });
  await expect(make({})).rejects.toThrow("A certificate must be specified for HTTPS listeners");
  await make({ Certificates: [{ CertificateArn: "arn:aws:acm:us-east-1:000000000000:certificate/1" }] });
  expect(warnings).toEqual([expect.stringMatching(/\(port 443\) is a record only: .* does not speak TLS/)]);
});

test("rules have priorities of their own, and the default one stays", async () => {
  const web = await group();
  const ListenerArn = await listener(await balancer(), web);
  const rule = (Priority: number) =>
    elb.createRule({
      ListenerArn,
      Priority,
      Conditions: [{ Field: "path-pattern", Values: ["/api/*"] }],
      Actions: forward(web),
    });
  const { Rules } = await rule(10);
  await expect(rule(10)).rejects.toMatchObject({ name: "PriorityInUseException" });
  const all = (await elb.describeRules({ ListenerArn })).Rules;
  expect(all?.map((one) => [one.Priority, one.IsDefault])).toEqual([
    ["10", false],
    ["default", true],
  ]);
  await expect(elb.deleteRule({ RuleArn: all?.[1]?.RuleArn })).rejects.toMatchObject({
    name: "OperationNotPermittedException",
  });
  await elb.deleteRule({ RuleArn: Rules?.[0]?.RuleArn });
  await expect(elb.deleteRule({ RuleArn: Rules?.[0]?.RuleArn })).rejects.toMatchObject({
    name: "RuleNotFoundException",
  });
});

test("a target says why it gets nothing", async () => {
  const TargetGroupArn = await group();
  const health = async (more: object = {}) =>
    (await elb.describeTargetHealth({ TargetGroupArn, ...more })).TargetHealthDescriptions?.map((one) => [
      one.Target?.Id,
      one.TargetHealth?.State,
      one.TargetHealth?.Reason,
    ]);
  await expect(elb.registerTargets({ TargetGroupArn, Targets: [{ Id: "8.8.8.8" }] })).rejects.toMatchObject({
    name: "InvalidTargetException",
  });
  await elb.registerTargets({ TargetGroupArn, Targets: [{ Id: "127.0.0.1", Port: 9 }] });
  expect(await health()).toEqual([["127.0.0.1", "unused", "Target.NotInUse"]]);
  expect(await health({ Targets: [{ Id: "10.0.0.1" }] })).toEqual([["10.0.0.1", "unused", "Target.NotRegistered"]]);
  await listener(await balancer(), TargetGroupArn);
  expect((await health())?.[0]?.[1]).toBe("initial");
  await elb.deregisterTargets({ TargetGroupArn, Targets: [{ Id: "127.0.0.1", Port: 9 }] });
  expect(await health()).toEqual([]);
});
