import type { RouteTable, Subnet } from "@aws-sdk/client-ec2";
import { Problem } from "../../engine/problem.ts";
import type { Aws } from "../clients.ts";
import { defineLookup } from "../kind.ts";
import { allPages } from "../pages.ts";

export type NetworkSpec = {
  /** An id, or null: the account's default VPC. */
  readonly vpc: string | null;
  /** Ids, or null: one public subnet of each zone. */
  readonly subnets: readonly string[] | null;
  /** How many availability zones there must be: a load balancer wants two. */
  readonly zones: number;
};

/** The network that is there already: a VPC and subnets of it. `publicIp` is ENABLED where tasks reach the internet only by an address of their own. */
export const network = defineLookup<NetworkSpec, "vpc" | "subnets" | "publicIp">({
  type: "ec2:network",
  outputs: ["vpc", "subnets", "publicIp"],
  missing: 'run `aws ec2 create-default-vpc`, or name one: "vpc" in ecomctl.json',

  async read(aws, _name, want) {
    const byDefault = [{ Name: "is-default", Values: ["true"] }];
    const { Vpcs = [] } = await aws.ec2.describeVpcs({
      Filters: want.vpc === null ? byDefault : [{ Name: "vpc-id", Values: [want.vpc] }],
    });
    const vpc = Vpcs[0]?.VpcId;
    if (!vpc && want.vpc !== null) {
      throw new Problem(
        "vpc-missing",
        `there is no VPC ${want.vpc}`,
        `this account has none of that id in ${aws.region}`,
        'name another in ecomctl.json ("vpc"), or take it out: then it is the default VPC',
      );
    }
    if (!vpc) return undefined;
    const [all, tables] = await Promise.all([subnetsOf(aws, vpc), routeTablesOf(aws, vpc)]);
    const isPublic = (subnet: Subnet) => leadsOut(subnet.SubnetId, tables);
    const reachable = all.some(isPublic) ? all.filter(isPublic) : all;
    const chosen = want.subnets === null ? onePerZone(reachable) : named(all, want.subnets, vpc);
    const zones = new Set(chosen.map(({ AvailabilityZone }) => AvailabilityZone)).size;
    if (zones < want.zones) {
      throw new Problem(
        "zones-too-few",
        `the subnets of ${vpc} lie in too few availability zones`,
        `a load balancer needs ${want.zones}, they have ${zones}`,
        'name others in ecomctl.json ("vpc", "subnets"), or do without: "loadBalancer": false',
      );
    }
    return {
      spec: want,
      outputs: {
        vpc,
        subnets: chosen.flatMap(({ SubnetId }) => (SubnetId ? [SubnetId] : [])).sort(),
        publicIp: chosen.every(isPublic) ? "ENABLED" : "DISABLED",
      },
    };
  },
});

const subnetsOf = (aws: Aws, vpc: string) =>
  allPages(async (NextToken) => {
    const page = await aws.ec2.describeSubnets({ Filters: [{ Name: "vpc-id", Values: [vpc] }], NextToken });
    return { items: page.Subnets, next: page.NextToken };
  });

const routeTablesOf = (aws: Aws, vpc: string) =>
  allPages(async (NextToken) => {
    const page = await aws.ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [vpc] }], NextToken });
    return { items: page.RouteTables, next: page.NextToken };
  });

/** A subnet is public when its route table, or else the VPC's main one, leads to an internet gateway. */
function leadsOut(subnet: string | undefined, tables: readonly RouteTable[]): boolean {
  const own = tables.find(({ Associations }) => Associations?.some(({ SubnetId }) => SubnetId === subnet));
  const main = tables.find(({ Associations }) => Associations?.some(({ Main }) => Main));
  return (own ?? main)?.Routes?.some(({ GatewayId }) => GatewayId?.startsWith("igw-")) ?? false;
}

const onePerZone = (subnets: readonly Subnet[]): Subnet[] => [
  ...new Map([...subnets].reverse().map((subnet) => [subnet.AvailabilityZone, subnet])).values(),
];

function named(all: readonly Subnet[], ids: readonly string[], vpc: string): Subnet[] {
  return ids.map((id) => {
    const subnet = all.find(({ SubnetId }) => SubnetId === id);
    if (subnet) return subnet;
    throw new Problem(
      "subnet-unknown",
      `the subnet ${id} is not in ${vpc}`,
      "subnets must lie in the VPC",
      'mend "subnets" in ecomctl.json',
    );
  });
}
