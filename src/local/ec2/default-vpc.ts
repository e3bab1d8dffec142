import type { Ec2State, Group, Rule } from "./state.ts";

type Ids = (prefix: string) => string;

const everywhere = (ids: Ids): Rule => ({
  id: ids("sgr"),
  egress: true,
  protocol: "-1",
  cidr: "0.0.0.0/0",
  tags: [],
});

/** A security group as AWS makes it: everything may go out, nothing may come in. */
export const newGroup = (ids: Ids, name: string, description: string, vpc: string): Group => ({
  id: ids("sg"),
  name,
  description,
  vpc,
  rules: [everywhere(ids)],
  tags: [],
});

/** A VPC with what AWS puts into every one: its main route table and its default security group. Returns its id. */
export function addVpc(state: Ec2State, ids: Ids, cidr: string, isDefault: boolean): string {
  const id = ids("vpc");
  state.vpcs[id] = { id, cidr, isDefault, dnsSupport: true, dnsHostnames: isDefault, tags: [] };
  const table = ids("rtb");
  const associations = [{ id: ids("rtbassoc") }];
  state.routeTables[table] = { id: table, vpc: id, associations, routes: [], tags: [] };
  const group = newGroup(ids, "default", "default VPC security group", id);
  group.rules.push({ id: ids("sgr"), egress: false, protocol: "-1", group: group.id, tags: [] });
  state.groups[group.id] = group;
  return id;
}

/** The VPC every region starts with: three public subnets in three zones behind an internet gateway. Returns its id. */
export function addDefaultVpc(state: Ec2State, ids: Ids): string {
  const vpc = addVpc(state, ids, "172.31.0.0/16", true);
  ["a", "b", "c"].forEach((zone, i) => {
    const id = ids("subnet");
    const cidr = `172.31.${i * 16}.0/20`;
    state.subnets[id] = { id, vpc, cidr, zone, defaultForAz: true, publicIps: true, tags: [] };
  });
  const gateway = ids("igw");
  state.gateways[gateway] = { id: gateway, vpc, tags: [] };
  const main = Object.values(state.routeTables).find((table) => table.vpc === vpc);
  main?.routes.push({ cidr: "0.0.0.0/0", gateway });
  return vpc;
}
