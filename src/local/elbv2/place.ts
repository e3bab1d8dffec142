import type { Ec2State } from "../ec2/state.ts";
import { Refusal } from "../service.ts";
import { invalid } from "./state.ts";

/** Where a load balancer stands. */
export interface Place {
  vpc: string;
  subnets: { id: string; zone: string }[];
  groups: string[];
}

/** Subnets and security groups as a load balancer may have them. @throws SubnetNotFoundException, ValidationError, InvalidConfigurationRequestException, InvalidSubnetException, InvalidSecurityGroupException */
export function placeIn(
  network: Ec2State,
  subnetIds: readonly string[],
  groupIds: readonly string[] | undefined,
  open: boolean,
): Place {
  const subnets = [...new Set(subnetIds)].map((id) => {
    const subnet = network.subnets[id];
    if (subnet === undefined) throw new Refusal("SubnetNotFoundException", `The subnet ID '${id}' is not valid`);
    return subnet;
  });
  const zones = new Set(subnets.map((subnet) => subnet.zone));
  if (zones.size < subnets.length)
    throw new Refusal(
      "InvalidConfigurationRequestException",
      "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
    );
  const [vpc, ...others] = new Set(subnets.map((subnet) => subnet.vpc));
  if (zones.size < 2 || vpc === undefined)
    throw invalid("At least two subnets in two different Availability Zones must be specified");
  if (others.length > 0)
    throw new Refusal("InvalidConfigurationRequestException", "All subnets must belong to the same VPC");
  if (open && !Object.values(network.gateways).some((gateway) => gateway.vpc === vpc))
    throw new Refusal("InvalidSubnetException", `VPC ${vpc} has no internet gateway`);
  return { vpc, subnets: subnets.map(({ id, zone }) => ({ id, zone })), groups: groupsIn(network, vpc, groupIds) };
}

/** Security groups of the load balancer's VPC; the default one if none is named. @throws InvalidSecurityGroupException */
export function groupsIn(network: Ec2State, vpc: string, ids: readonly string[] | undefined): string[] {
  if (!ids?.length)
    return Object.values(network.groups)
      .filter((group) => group.vpc === vpc && group.name === "default")
      .map((group) => group.id);
  const bad = ids.filter((id) => network.groups[id]?.vpc !== vpc);
  if (bad.length > 0)
    throw new Refusal("InvalidSecurityGroupException", `One or more security groups are invalid: ${bad.join(", ")}`);
  if (ids.length > 5)
    throw new Refusal("InvalidConfigurationRequestException", "At most 5 security groups may be attached");
  return [...ids];
}

/** Checks a name as load balancers and target groups have them. @throws ValidationError */
export function checkName(name: string, what: string): void {
  if (name.length > 32) throw invalid(`${what} name '${name}' cannot be longer than '32' characters`);
  if (!/^[A-Za-z0-9-]+$/.test(name))
    throw invalid(`${what} name '${name}' can only contain characters that are alphanumeric characters and hyphens(-)`);
  if (/^-|-$/.test(name)) throw invalid(`${what} name '${name}' cannot begin or end with a hyphen(-)`);
}
