import type { EC2, Subnet as ShownSubnet, Vpc as ShownVpc } from "@aws-sdk/client-ec2";
import { type Handlers, Refusal } from "../service.ts";
import { canonical, network, overlap, within } from "./addresses.ts";
import { addDefaultVpc, addVpc } from "./default-vpc.ts";
import { filtered, paged, type Words } from "./filter.ts";
import { zoneId, zones } from "./places.ts";
import { asked, byId, type Ec2State, liveInterfaces, newId, type Subnet, tagsFor, type Vpc } from "./state.ts";

const vpcWords: Words<Vpc> = {
  "vpc-id": (vpc) => vpc.id,
  "is-default": (vpc) => vpc.isDefault,
  isDefault: (vpc) => vpc.isDefault,
  cidr: (vpc) => vpc.cidr,
  "cidr-block-association.cidr-block": (vpc) => vpc.cidr,
  state: () => "available",
};

const shownVpc = (vpc: Vpc, account: string): ShownVpc => ({
  VpcId: vpc.id,
  CidrBlock: vpc.cidr,
  IsDefault: vpc.isDefault,
  State: "available",
  OwnerId: account,
  InstanceTenancy: "default",
  DhcpOptionsId: vpc.id.replace(/^vpc/, "dopt"),
  CidrBlockAssociationSet: [
    {
      AssociationId: vpc.id.replace(/^vpc/, "vpc-cidr-assoc"),
      CidrBlock: vpc.cidr,
      CidrBlockState: { State: "associated" },
    },
  ],
  Tags: vpc.tags,
});

const subnetWords = (region: string): Words<Subnet> => ({
  "subnet-id": (subnet) => subnet.id,
  "vpc-id": (subnet) => subnet.vpc,
  "availability-zone": (subnet) => region + subnet.zone,
  availabilityZone: (subnet) => region + subnet.zone,
  "availability-zone-id": (subnet) => zoneId(region, subnet.zone),
  "default-for-az": (subnet) => subnet.defaultForAz,
  defaultForAz: (subnet) => subnet.defaultForAz,
  "map-public-ip-on-launch": (subnet) => subnet.publicIps,
  "cidr-block": (subnet) => subnet.cidr,
  cidr: (subnet) => subnet.cidr,
  state: () => "available",
});

function shownSubnet(state: Ec2State, subnet: Subnet, region: string, account: string, now: number): ShownSubnet {
  const used = liveInterfaces(state, now).filter((item) => item.subnet === subnet.id).length;
  return {
    SubnetId: subnet.id,
    SubnetArn: `arn:aws:ec2:${region}:${account}:subnet/${subnet.id}`,
    VpcId: subnet.vpc,
    CidrBlock: subnet.cidr,
    AvailabilityZone: region + subnet.zone,
    AvailabilityZoneId: zoneId(region, subnet.zone),
    // AWS keeps five addresses of every subnet for itself.
    AvailableIpAddressCount: network(subnet.cidr).size - 5 - used,
    DefaultForAz: subnet.defaultForAz,
    MapPublicIpOnLaunch: subnet.publicIps,
    AssignIpv6AddressOnCreation: false,
    State: "available",
    OwnerId: account,
    Tags: subnet.tags,
  };
}

function checkSize(cidr: string, what: string): void {
  const { size } = network(cidr);
  if (size > 65_536 || size < 16) throw new Refusal(`Invalid${what}.Range`, `The CIDR '${cidr}' is invalid.`);
}

/** VPCs and their subnets. */
export const vpcs: Handlers<EC2, Ec2State> = {
  CreateVpc: (input, { state, account }) => {
    checkSize(input.CidrBlock ?? "", "Vpc");
    const id = addVpc(state, newId, canonical(input.CidrBlock ?? ""), false);
    const vpc = byId(state, "vpcs", id);
    vpc.tags = tagsFor(input.TagSpecifications, "vpc");
    return { Vpc: { ...shownVpc(vpc, account), State: "pending" } };
  },
  CreateDefaultVpc: (_input, { state, account }) => {
    if (Object.values(state.vpcs).some((vpc) => vpc.isDefault))
      throw new Refusal("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.");
    const id = addDefaultVpc(state, newId);
    return { Vpc: { ...shownVpc(byId(state, "vpcs", id), account), State: "pending" } };
  },
  DescribeVpcs: (input, { state, account }) => {
    const { items, next } = paged(filtered(asked(state, "vpcs", input.VpcIds), input.Filters, vpcWords), input);
    return { Vpcs: items.map((vpc) => shownVpc(vpc, account)), NextToken: next };
  },
  DescribeVpcAttribute: (input, { state }) => {
    const vpc = byId(state, "vpcs", input.VpcId);
    return {
      VpcId: vpc.id,
      ...(input.Attribute === "enableDnsSupport" && { EnableDnsSupport: { Value: vpc.dnsSupport } }),
      ...(input.Attribute === "enableDnsHostnames" && { EnableDnsHostnames: { Value: vpc.dnsHostnames } }),
    };
  },
  ModifyVpcAttribute: (input, { state }) => {
    const vpc = byId(state, "vpcs", input.VpcId);
    vpc.dnsSupport = input.EnableDnsSupport?.Value ?? vpc.dnsSupport;
    vpc.dnsHostnames = input.EnableDnsHostnames?.Value ?? vpc.dnsHostnames;
  },
  DeleteVpc: (input, { state }) => {
    const { id } = byId(state, "vpcs", input.VpcId);
    const inIt = (thing: { vpc?: string }) => thing.vpc === id;
    const tables = Object.values(state.routeTables).filter(inIt);
    const main = tables.find((table) => table.associations[0]?.subnet === undefined);
    const groups = Object.values(state.groups).filter(inIt);
    const needed =
      Object.values(state.subnets).some(inIt) ||
      Object.values(state.gateways).some(inIt) ||
      tables.some((table) => table !== main) ||
      groups.some((group) => group.name !== "default");
    if (needed) throw new Refusal("DependencyViolation", `The vpc '${id}' has dependencies and cannot be deleted.`);
    for (const table of tables) delete state.routeTables[table.id];
    for (const group of groups) delete state.groups[group.id];
    delete state.vpcs[id];
  },
  CreateSubnet: (input, { state, region, account, local }) => {
    const vpc = byId(state, "vpcs", input.VpcId);
    const cidr = canonical(input.CidrBlock ?? "");
    checkSize(cidr, "Subnet");
    if (!within(network(cidr), network(vpc.cidr)))
      throw new Refusal("InvalidSubnet.Range", `The CIDR '${cidr}' is invalid.`);
    const siblings = Object.values(state.subnets).filter((subnet) => subnet.vpc === vpc.id);
    if (siblings.some((subnet) => overlap(network(subnet.cidr), network(cidr))))
      throw new Refusal("InvalidSubnet.Conflict", `The CIDR '${cidr}' conflicts with another subnet`);
    const zone = zones.find((letter) =>
      input.AvailabilityZoneId === undefined
        ? region + letter === (input.AvailabilityZone ?? `${region}a`)
        : zoneId(region, letter) === input.AvailabilityZoneId,
    );
    if (zone === undefined)
      throw new Refusal(
        "InvalidParameterValue",
        `Value (${input.AvailabilityZone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${zones.map((letter) => region + letter).join(", ")}.`,
      );
    const tags = tagsFor(input.TagSpecifications, "subnet");
    const subnet = { id: newId("subnet"), vpc: vpc.id, cidr, zone, defaultForAz: false, publicIps: false, tags };
    state.subnets[subnet.id] = subnet;
    return { Subnet: shownSubnet(state, subnet, region, account, local.clock.now()) };
  },
  DescribeSubnets: (input, { state, region, account, local }) => {
    const found = filtered(asked(state, "subnets", input.SubnetIds), input.Filters, subnetWords(region));
    const { items, next } = paged(found, input);
    return {
      Subnets: items.map((subnet) => shownSubnet(state, subnet, region, account, local.clock.now())),
      NextToken: next,
    };
  },
  ModifySubnetAttribute: (input, { state }) => {
    const subnet = byId(state, "subnets", input.SubnetId);
    subnet.publicIps = input.MapPublicIpOnLaunch?.Value ?? subnet.publicIps;
  },
  DeleteSubnet: (input, { state, local }) => {
    const { id } = byId(state, "subnets", input.SubnetId);
    if (liveInterfaces(state, local.clock.now()).some((item) => item.subnet === id))
      throw new Refusal("DependencyViolation", `The subnet '${id}' has dependencies and cannot be deleted.`);
    for (const table of Object.values(state.routeTables))
      table.associations = table.associations.filter((association) => association.subnet !== id);
    delete state.subnets[id];
  },
};
