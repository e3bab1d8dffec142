import { createHash, randomBytes } from "node:crypto";
import type { Tag, TagSpecification } from "@aws-sdk/client-ec2";
import { type Keeper, type Local, Refusal } from "../service.ts";
import { addDefaultVpc } from "./default-vpc.ts";

interface Tagged {
  id: string;
  tags: Tag[];
}

export interface Vpc extends Tagged {
  cidr: string;
  isDefault: boolean;
  dnsSupport: boolean;
  dnsHostnames: boolean;
}

export interface Subnet extends Tagged {
  vpc: string;
  cidr: string;
  /** The letter of its zone: the region is known to the call. */
  zone: string;
  defaultForAz: boolean;
  publicIps: boolean;
}

export interface Gateway extends Tagged {
  vpc?: string;
}

export interface RouteTable extends Tagged {
  vpc: string;
  /** The first one is the VPC's main association, and names no subnet, if this is the main table. */
  associations: { id: string; subnet?: string }[];
  routes: { cidr: string; gateway: string }[];
}

/** One rule of a security group: one protocol, one range of ports, one peer. */
export interface Rule extends Tagged {
  egress: boolean;
  protocol: string;
  from?: number;
  to?: number;
  cidr?: string;
  cidr6?: string;
  group?: string;
  prefixList?: string;
  description?: string;
}

export interface Group extends Tagged {
  name: string;
  description: string;
  vpc: string;
  rules: Rule[];
}

export interface Interface extends Tagged {
  subnet: string;
  vpc: string;
  groups: string[];
  description: string;
  /** Who made it and who manages it: `amazon-elb`, `ecs`. */
  owner: string;
  privateIp: string;
  publicIp?: string;
  mac: string;
  created: number;
  /** When it vanishes, once it was detached. */
  goneAt?: number;
}

interface Things {
  vpcs: Vpc;
  subnets: Subnet;
  gateways: Gateway;
  routeTables: RouteTable;
  groups: Group;
  interfaces: Interface;
}

/** The network of one region; everything by its id. */
export type Ec2State = { [Sort in keyof Things]: Record<string, Things[Sort]> };

/** How EC2 says that there is none such: the code of the error, and its word for the thing. */
const sorts: Readonly<Record<keyof Things, readonly [string, string]>> = {
  vpcs: ["InvalidVpcID.NotFound", "vpc ID"],
  subnets: ["InvalidSubnetID.NotFound", "subnet ID"],
  gateways: ["InvalidInternetGatewayID.NotFound", "internetGateway ID"],
  routeTables: ["InvalidRouteTableID.NotFound", "routeTable ID"],
  groups: ["InvalidGroup.NotFound", "security group"],
  interfaces: ["InvalidNetworkInterfaceID.NotFound", "networkInterface ID"],
};

/** Where the state is kept; a region starts with a default VPC whose ids are always the same. */
export const ec2Keeper: Keeper<Ec2State> = {
  id: "ec2",
  initial: () => {
    const state: Ec2State = { vpcs: {}, subnets: {}, gateways: {}, routeTables: {}, groups: {}, interfaces: {} };
    let count = 0;
    addDefaultVpc(state, (prefix) => {
      const digest = createHash("sha256").update(`default ${prefix} ${count++}`).digest("hex");
      return `${prefix}-0${digest.slice(0, 16)}`;
    });
    return state;
  },
};

/** The network of a region. */
export const ec2State = (local: Local, region: string): Ec2State => local.state(ec2Keeper, region);

/** An id that nothing else has: `sg-0` and sixteen digits. */
export const newId = (prefix: string): string => `${prefix}-0${randomBytes(8).toString("hex")}`;

/** The thing with this id. @throws Invalid….NotFound */
export function byId<S extends keyof Things>(state: Ec2State, sort: S, id: string | undefined): Things[S] {
  const found = state[sort][id ?? ""];
  if (found === undefined) {
    const [code, word] = sorts[sort];
    throw new Refusal(code, `The ${word} '${id}' does not exist`);
  }
  return found;
}

/** What a Describe call with ids is about, or everything. @throws Invalid….NotFound */
export const asked = <S extends keyof Things>(
  state: Ec2State,
  sort: S,
  ids: readonly string[] | undefined,
): Things[S][] => (ids?.length ? ids.map((id) => byId(state, sort, id)) : Object.values(state[sort]));

/** Interfaces that are there: a detached one goes after a while, as on AWS. */
export const liveInterfaces = (state: Ec2State, now: number): Interface[] =>
  Object.values(state.interfaces).filter((item) => item.goneAt === undefined || item.goneAt > now);

/** Tags given to a thing with the call that makes it. */
export const tagsFor = (specifications: readonly TagSpecification[] | undefined, type: string): Tag[] =>
  (specifications ?? [])
    .filter((specification) => specification.ResourceType === type)
    .flatMap((specification) => specification.Tags ?? []);
