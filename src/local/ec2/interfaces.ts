import type { EC2, NetworkInterface } from "@aws-sdk/client-ec2";
import { type Handlers, type Local, Refusal } from "../service.ts";
import { address, network } from "./addresses.ts";
import { filtered, paged, type Words } from "./filter.ts";
import { asked, byId, type Ec2State, ec2Keeper, ec2State, type Interface, liveInterfaces, newId } from "./state.ts";

/** What is to be attached to a subnet. */
export interface Attachment {
  readonly subnet: string;
  /** Security groups; the VPC's default one if there are none. */
  readonly groups: readonly string[];
  readonly description: string;
  /** Who manages it: `amazon-elb`, or the account's number for tasks. */
  readonly owner: string;
  /** A public address: this one, or with `true` one of those that documentation uses and nobody has. */
  readonly publicIp?: string | boolean;
}

function freeAddress(state: Ec2State, subnet: string, now: number): string {
  const { first, size } = network(byId(state, "subnets", subnet).cidr);
  const used = new Set(liveInterfaces(state, now).map((item) => item.privateIp));
  // The first four and the last address of a subnet are AWS's.
  for (let i = 4; i < size - 1; i++) if (!used.has(address(first + i))) return address(first + i);
  throw new Refusal("InsufficientFreeAddressesInSubnet", `The subnet '${subnet}' has no free addresses.`);
}

function freePublic(state: Ec2State): string {
  const used = new Set(Object.values(state.interfaces).map((item) => item.publicIp));
  const candidates = ["203.0.113", "198.51.100", "192.0.2"].flatMap((start) =>
    Array.from({ length: 254 }, (_, i) => `${start}.${i + 1}`),
  );
  const free = candidates.find((candidate) => !used.has(candidate));
  if (free === undefined) throw new Refusal("AddressLimitExceeded", "There are no free public addresses.");
  return free;
}

/** Puts a network interface into a subnet, as load balancers and tasks have them. @throws InvalidSubnetID.NotFound, InvalidGroup.NotFound */
export function attachInterface(
  local: Local,
  region: string,
  want: Attachment,
): { eniId: string; privateIp: string; publicIp?: string; mac: string } {
  const state = ec2State(local, region);
  const now = local.clock.now();
  const { vpc } = byId(state, "subnets", want.subnet);
  const groups = want.groups.map((id) => byId(state, "groups", id).id);
  const standard = Object.values(state.groups).find((group) => group.vpc === vpc && group.name === "default");
  const id = newId("eni");
  const made: Interface = {
    id,
    subnet: want.subnet,
    vpc,
    groups: groups.length > 0 || standard === undefined ? groups : [standard.id],
    description: want.description,
    owner: want.owner,
    privateIp: freeAddress(state, want.subnet, now),
    publicIp: want.publicIp === true ? freePublic(state) : want.publicIp || undefined,
    // 02: an address that was given out locally.
    mac: `02:${id.slice(-10).match(/../g)?.join(":")}`,
    created: now,
    tags: [],
  };
  for (const gone of Object.values(state.interfaces))
    if (gone.goneAt !== undefined && gone.goneAt <= now) delete state.interfaces[gone.id];
  state.interfaces[id] = made;
  local.changed(ec2Keeper, region);
  return { eniId: id, privateIp: made.privateIp, publicIp: made.publicIp, mac: made.mac };
}

/** Takes an interface away. It lingers for a while, and its security groups cannot be deleted until it is gone. */
export function detachInterface(local: Local, region: string, eniId: string): void {
  const item = ec2State(local, region).interfaces[eniId];
  if (item === undefined) return;
  item.goneAt = local.clock.now() + local.lasts(30_000);
  local.changed(ec2Keeper, region);
}

/** Puts other security groups on an interface. @throws InvalidGroup.NotFound */
export function setInterfaceGroups(local: Local, region: string, eniId: string, groups: readonly string[]): void {
  const state = ec2State(local, region);
  byId(state, "interfaces", eniId).groups = groups.map((id) => byId(state, "groups", id).id);
  local.changed(ec2Keeper, region);
}

const words = (state: Ec2State, region: string): Words<Interface> => ({
  "network-interface-id": (item) => item.id,
  "subnet-id": (item) => item.subnet,
  "vpc-id": (item) => item.vpc,
  "group-id": (item) => item.groups,
  "group-name": (item) => item.groups.map((id) => state.groups[id]?.name),
  description: (item) => item.description,
  "private-ip-address": (item) => item.privateIp,
  "addresses.private-ip-address": (item) => item.privateIp,
  "association.public-ip": (item) => item.publicIp,
  "mac-address": (item) => item.mac,
  "requester-id": (item) => item.owner,
  "attachment.instance-owner-id": (item) => item.owner,
  "availability-zone": (item) => region + state.subnets[item.subnet]?.zone,
  "interface-type": () => "interface",
  status: () => "in-use",
});

function shown(state: Ec2State, item: Interface, region: string, account: string): NetworkInterface {
  const association = item.publicIp && { PublicIp: item.publicIp, IpOwnerId: "amazon" };
  return {
    NetworkInterfaceId: item.id,
    SubnetId: item.subnet,
    VpcId: item.vpc,
    AvailabilityZone: region + (state.subnets[item.subnet]?.zone ?? ""),
    Description: item.description,
    InterfaceType: "interface",
    OwnerId: account,
    RequesterId: item.owner,
    RequesterManaged: true,
    SourceDestCheck: true,
    Status: "in-use",
    MacAddress: item.mac,
    Groups: item.groups.map((id) => ({ GroupId: id, GroupName: state.groups[id]?.name })),
    PrivateIpAddress: item.privateIp,
    PrivateIpAddresses: [
      { Primary: true, PrivateIpAddress: item.privateIp, ...(association && { Association: association }) },
    ],
    Attachment: {
      AttachmentId: item.id.replace(/^eni/, "eni-attach"),
      AttachTime: new Date(item.created),
      DeleteOnTermination: false,
      DeviceIndex: 1,
      InstanceOwnerId: item.owner,
      Status: "attached",
    },
    ...(association && { Association: association }),
    TagSet: item.tags,
  };
}

/** Network interfaces, to look at: load balancers and tasks make and remove them. */
export const interfaces: Handlers<EC2, Ec2State> = {
  DescribeNetworkInterfaces: (input, { state, region, account, local }) => {
    const live = liveInterfaces(state, local.clock.now());
    const interfaces = Object.fromEntries(live.map((item) => [item.id, item]));
    const wanted = asked({ ...state, interfaces }, "interfaces", input.NetworkInterfaceIds);
    const { items, next } = paged(filtered(wanted, input.Filters, words(state, region)), input);
    return { NetworkInterfaces: items.map((item) => shown(state, item, region, account)), NextToken: next };
  },
  DeleteNetworkInterface: (input, { state }) => {
    const { id } = byId(state, "interfaces", input.NetworkInterfaceId);
    throw new Refusal("InvalidParameterValue", `Network interface '${id}' is currently in use.`);
  },
};
