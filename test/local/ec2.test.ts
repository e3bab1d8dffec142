import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2, type Subnet } from "@aws-sdk/client-ec2";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testClock } from "../../src/local/clock.ts";
import { ec2 } from "../../src/local/ec2/index.ts";
import { attachInterface, detachInterface } from "../../src/local/ec2/interfaces.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";

const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
const clock = testClock();
let dir: string;
let server: LocalServer;
let client: EC2;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-ec2-"));
  server = await startLocal({ dir, port: 0, services: [ec2], clock, waits: "aws" });
  client = new EC2({ endpoint: server.url, region: "eu-west-1", credentials, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await server.stop();
  rmSync(dir, { recursive: true });
});

const only = <Item>(items: Item[] | undefined): Item => {
  expect(items).toHaveLength(1);
  return (items as [Item])[0];
};
const defaultVpc = async () =>
  only((await client.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] })).Vpcs).VpcId ?? "";
const subnetsOf = async (vpc: string): Promise<Subnet[]> =>
  (await client.describeSubnets({ Filters: [{ Name: "vpc-id", Values: [vpc] }] })).Subnets ?? [];
const group = async (GroupName: string, more: object = {}) =>
  (await client.createSecurityGroup({ GroupName, Description: `${GroupName} of the shop`, ...more })).GroupId ?? "";
const shown = async (GroupId: string) =>
  only((await client.describeSecurityGroups({ GroupIds: [GroupId] })).SecurityGroups);
const web = (port: number, more: object = { IpRanges: [{ CidrIp: "0.0.0.0/0" }] }) => ({
  IpProtocol: "tcp",
  FromPort: port,
  ToPort: port,
  ...more,
});

test("a region starts with a default VPC: three public subnets in three zones, and its ids stay", async () => {
  const vpc = await defaultVpc();
  expect(vpc).toMatch(/^vpc-0[0-9a-f]{16}$/);
  const subnets = await subnetsOf(vpc);
  expect(subnets.map((subnet) => subnet.AvailabilityZone).sort()).toEqual(["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
  expect(subnets.every((subnet) => subnet.DefaultForAz && subnet.MapPublicIpOnLaunch)).toBe(true);
  const { RouteTables } = await client.describeRouteTables({
    Filters: [
      { Name: "vpc-id", Values: [vpc] },
      { Name: "association.main", Values: ["true"] },
    ],
  });
  const { InternetGateways } = await client.describeInternetGateways({
    Filters: [{ Name: "attachment.vpc-id", Values: [vpc] }],
  });
  expect(only(RouteTables).Routes).toMatchObject([
    { DestinationCidrBlock: "172.31.0.0/16", GatewayId: "local" },
    { DestinationCidrBlock: "0.0.0.0/0", GatewayId: only(InternetGateways).InternetGatewayId, State: "active" },
  ]);
  await server.stop();
  server = await startLocal({ dir, port: 0, services: [ec2] });
  client = new EC2({ endpoint: server.url, region: "eu-west-1", credentials, maxAttempts: 1 });
  expect(await defaultVpc()).toBe(vpc);
});

test("zones, regions and account attributes", async () => {
  const { AvailabilityZones } = await client.describeAvailabilityZones();
  expect(AvailabilityZones?.map((zone) => [zone.ZoneName, zone.ZoneId])).toEqual([
    ["eu-west-1a", "euw1-az1"],
    ["eu-west-1b", "euw1-az2"],
    ["eu-west-1c", "euw1-az3"],
  ]);
  expect((await client.describeRegions()).Regions?.map((region) => region.RegionName)).toContain("us-east-1");
  const { AccountAttributes } = await client.describeAccountAttributes({ AttributeNames: ["default-vpc"] });
  expect(only(AccountAttributes).AttributeValues).toEqual([{ AttributeValue: await defaultVpc() }]);
});

test("a security group is made once per name and VPC, and lets everything out", async () => {
  const VpcId = await defaultVpc();
  const GroupId = await group("alb", {
    VpcId,
    TagSpecifications: [{ ResourceType: "security-group", Tags: [{ Key: "ecomctl:stack", Value: "shop" }] }],
  });
  expect(await shown(GroupId)).toMatchObject({
    GroupName: "alb",
    VpcId,
    IpPermissions: [],
    IpPermissionsEgress: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
    Tags: [{ Key: "ecomctl:stack", Value: "shop" }],
  });
  await expect(group("alb", { VpcId })).rejects.toMatchObject({
    name: "InvalidGroup.Duplicate",
    message: `The security group 'alb' already exists for VPC '${VpcId}'`,
  });
  await expect(group("sg-alb")).rejects.toMatchObject({ name: "InvalidParameterValue" });
  await expect(group("web", { VpcId: "vpc-0123" })).rejects.toMatchObject({ name: "InvalidVpcID.NotFound" });
  const { SecurityGroups } = await client.describeSecurityGroups({
    Filters: [
      { Name: "group-name", Values: ["alb"] },
      { Name: "vpc-id", Values: [VpcId] },
      { Name: "tag:ecomctl:stack", Values: ["sh*"] },
    ],
  });
  expect(only(SecurityGroups).GroupId).toBe(GroupId);
  await expect(client.describeSecurityGroups({ GroupIds: ["sg-0123"] })).rejects.toMatchObject({
    name: "InvalidGroup.NotFound",
    message: "The security group 'sg-0123' does not exist",
  });
  await expect(client.describeVpcs({ Filters: [{ Name: "colour", Values: ["red"] }] })).rejects.toMatchObject({
    name: "InvalidParameterValue",
    message: "The filter 'colour' is invalid",
  });
});

test("ingress of one port is one permission, and a rule that is there refuses the whole call", async () => {
  const alb = await group("alb");
  const backend = await group("backend");
  await client.authorizeSecurityGroupIngress({ GroupId: backend, IpPermissions: [web(8080)] });
  const { SecurityGroupRules } = await client.authorizeSecurityGroupIngress({
    GroupId: backend,
    IpPermissions: [web(8080, { UserIdGroupPairs: [{ GroupId: alb, Description: "from the load balancer" }] })],
  });
  expect(only(SecurityGroupRules)).toMatchObject({
    SecurityGroupRuleId: expect.stringMatching(/^sgr-/),
    ReferencedGroupInfo: { GroupId: alb },
    IsEgress: false,
  });
  expect(only((await shown(backend)).IpPermissions)).toMatchObject({
    ...web(8080),
    UserIdGroupPairs: [{ GroupId: alb, UserId: "000000000000", Description: "from the load balancer" }],
  });
  await expect(
    client.authorizeSecurityGroupIngress({ GroupId: backend, IpPermissions: [web(443), web(8080)] }),
  ).rejects.toMatchObject({
    name: "InvalidPermission.Duplicate",
    message: 'the specified rule "peer: 0.0.0.0/0, TCP, from port: 8080, to port: 8080, ALLOW" already exists',
  });
  expect((await shown(backend)).IpPermissions).toHaveLength(1);
  await client.revokeSecurityGroupIngress({ GroupId: backend, IpPermissions: [web(8080)] });
  await expect(
    client.revokeSecurityGroupIngress({ GroupId: backend, IpPermissions: [web(8080)] }),
  ).rejects.toMatchObject({ name: "InvalidPermission.NotFound" });
  const { SecurityGroupRules: rules } = await client.describeSecurityGroupRules({
    Filters: [{ Name: "group-id", Values: [backend] }],
  });
  expect(rules?.map((rule) => rule.IsEgress).sort()).toEqual([false, true]);
});

test("egress is revoked and authorized again", async () => {
  const GroupId = await group("quiet");
  const everything = { IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
  await client.revokeSecurityGroupEgress({ GroupId, IpPermissions: [everything] });
  expect((await shown(GroupId)).IpPermissionsEgress).toEqual([]);
  await client.authorizeSecurityGroupEgress({ GroupId, IpPermissions: [everything] });
  expect((await shown(GroupId)).IpPermissionsEgress).toHaveLength(1);
});

test("a group that another names, or an interface has, cannot be deleted", async () => {
  const alb = await group("alb");
  const backend = await group("backend");
  const rule = web(8080, { UserIdGroupPairs: [{ GroupId: alb }] });
  await client.authorizeSecurityGroupIngress({ GroupId: backend, IpPermissions: [rule] });
  const refused = { name: "DependencyViolation", message: `resource ${alb} has a dependent object` };
  await expect(client.deleteSecurityGroup({ GroupId: alb })).rejects.toMatchObject(refused);
  await client.revokeSecurityGroupIngress({ GroupId: backend, IpPermissions: [rule] });

  const [subnet] = await subnetsOf(await defaultVpc());
  const { eniId, privateIp, publicIp } = attachInterface(server.local, "eu-west-1", {
    subnet: subnet?.SubnetId ?? "",
    groups: [alb],
    description: "ELB app/shop/1",
    owner: "amazon-elb",
    publicIp: true,
  });
  const { NetworkInterfaces } = await client.describeNetworkInterfaces({
    Filters: [{ Name: "group-id", Values: [alb] }],
  });
  expect(only(NetworkInterfaces)).toMatchObject({
    NetworkInterfaceId: eniId,
    PrivateIpAddress: privateIp,
    Association: { PublicIp: publicIp },
    Groups: [{ GroupId: alb, GroupName: "alb" }],
  });
  await expect(client.deleteSecurityGroup({ GroupId: alb })).rejects.toMatchObject(refused);
  detachInterface(server.local, "eu-west-1", eniId);
  await expect(client.deleteSecurityGroup({ GroupId: alb })).rejects.toMatchObject(refused);
  clock.advance(30_000);
  await client.deleteSecurityGroup({ GroupId: alb });
  await expect(client.deleteSecurityGroup({ GroupId: alb })).rejects.toMatchObject({ name: "InvalidGroup.NotFound" });
  await expect(client.describeNetworkInterfaces({ NetworkInterfaceIds: [eniId] })).rejects.toMatchObject({
    name: "InvalidNetworkInterfaceID.NotFound",
  });
});

test("the default group of a VPC cannot be deleted", async () => {
  const { SecurityGroups } = await client.describeSecurityGroups({ GroupNames: ["default"] });
  await expect(client.deleteSecurityGroup({ GroupId: only(SecurityGroups).GroupId })).rejects.toMatchObject({
    name: "CannotDelete",
  });
});

test("without a default VPC nothing is found there, until one is made again", async () => {
  const VpcId = await defaultVpc();
  await expect(client.deleteVpc({ VpcId })).rejects.toMatchObject({
    name: "DependencyViolation",
    message: `The vpc '${VpcId}' has dependencies and cannot be deleted.`,
  });
  for (const { SubnetId } of await subnetsOf(VpcId)) await client.deleteSubnet({ SubnetId });
  const { InternetGatewayId } = only((await client.describeInternetGateways()).InternetGateways);
  await client.detachInternetGateway({ InternetGatewayId, VpcId });
  await client.deleteInternetGateway({ InternetGatewayId });
  await client.deleteVpc({ VpcId });
  expect((await client.describeVpcs()).Vpcs).toEqual([]);
  expect((await client.describeSecurityGroups()).SecurityGroups).toEqual([]);
  await expect(group("web")).rejects.toMatchObject({ name: "VPCIdNotSpecified" });
  await client.createDefaultVpc();
  expect(await subnetsOf(await defaultVpc())).toHaveLength(3);
  await expect(client.createDefaultVpc()).rejects.toMatchObject({ name: "DefaultVpcAlreadyExists" });
});

test("a network of one's own: a public and a private subnet", async () => {
  const { Vpc } = await client.createVpc({ CidrBlock: "10.0.0.0/16" });
  const VpcId = Vpc?.VpcId;
  const { Subnet } = await client.createSubnet({ VpcId, CidrBlock: "10.0.1.0/24", AvailabilityZone: "eu-west-1b" });
  await expect(client.createSubnet({ VpcId, CidrBlock: "10.0.1.128/25" })).rejects.toMatchObject({
    name: "InvalidSubnet.Conflict",
  });
  await expect(client.createSubnet({ VpcId, CidrBlock: "10.1.0.0/24" })).rejects.toMatchObject({
    name: "InvalidSubnet.Range",
  });
  const { InternetGateway } = await client.createInternetGateway();
  const GatewayId = InternetGateway?.InternetGatewayId;
  await client.attachInternetGateway({ InternetGatewayId: GatewayId, VpcId });
  const { RouteTable } = await client.createRouteTable({ VpcId });
  const RouteTableId = RouteTable?.RouteTableId;
  await client.createRoute({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0", GatewayId });
  await client.associateRouteTable({ RouteTableId, SubnetId: Subnet?.SubnetId });
  const { RouteTables } = await client.describeRouteTables({
    Filters: [{ Name: "association.subnet-id", Values: [Subnet?.SubnetId ?? ""] }],
  });
  expect(only(RouteTables).Routes?.map((route) => route.GatewayId)).toEqual(["local", GatewayId]);
  expect(Subnet).toMatchObject({ DefaultForAz: false, AvailableIpAddressCount: 251 });
});

test("tags are put, described and taken away", async () => {
  const id = await group("alb");
  await client.createTags({
    Resources: [id],
    Tags: [
      { Key: "a", Value: "1" },
      { Key: "b", Value: "2" },
    ],
  });
  await client.createTags({ Resources: [id], Tags: [{ Key: "a", Value: "3" }] });
  await client.deleteTags({ Resources: [id], Tags: [{ Key: "b", Value: "other" }, { Key: "c" }] });
  const { Tags } = await client.describeTags({ Filters: [{ Name: "resource-id", Values: [id] }] });
  expect(Tags?.map((tag) => [tag.ResourceType, tag.Key, tag.Value])).toEqual([
    ["security-group", "a", "3"],
    ["security-group", "b", "2"],
  ]);
  await expect(client.createTags({ Resources: ["vpc-0123"], Tags: [{ Key: "a", Value: "1" }] })).rejects.toMatchObject({
    name: "InvalidVpcID.NotFound",
  });
});

test("groups are described page by page", async () => {
  for (const name of ["a", "b", "c", "d"]) await group(name);
  const names: (string | undefined)[] = [];
  let NextToken: string | undefined;
  do {
    const answer = await client.describeSecurityGroups({ MaxResults: 5, NextToken });
    names.push(...(answer.SecurityGroups ?? []).map((one) => one.GroupName));
    NextToken = answer.NextToken;
  } while (NextToken !== undefined);
  expect(names.sort()).toEqual(["a", "b", "c", "d", "default"]);
});
