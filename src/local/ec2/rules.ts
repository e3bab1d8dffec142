import type { IpPermission, SecurityGroupRule } from "@aws-sdk/client-ec2";
import { Refusal } from "../service.ts";
import { canonical, checked6 } from "./addresses.ts";
import { byId, type Ec2State, type Group, newId, type Rule } from "./state.ts";

const protocols: Readonly<Record<string, string>> = { "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", all: "-1" };

/** The permission of the older, flat form of a call (`IpProtocol`, `FromPort`, `CidrIp`), or none. */
export const flatPermission = (input: {
  IpProtocol?: string;
  FromPort?: number;
  ToPort?: number;
  CidrIp?: string;
  SourceSecurityGroupName?: string;
}): IpPermission[] =>
  input.IpProtocol === undefined
    ? []
    : [
        {
          IpProtocol: input.IpProtocol,
          FromPort: input.FromPort,
          ToPort: input.ToPort,
          IpRanges: input.CidrIp === undefined ? [] : [{ CidrIp: input.CidrIp }],
          UserIdGroupPairs:
            input.SourceSecurityGroupName === undefined ? [] : [{ GroupName: input.SourceSecurityGroupName }],
        },
      ];

/** A group named as a peer, in the VPC of the one that names it. */
function peer(state: Ec2State, of: Group, id: string | undefined, name: string | undefined): string {
  const found =
    id === undefined
      ? Object.values(state.groups).find((group) => group.vpc === of.vpc && group.name === name)
      : byId(state, "groups", id);
  if (found === undefined)
    throw new Refusal("InvalidGroup.NotFound", `The security group '${name}' does not exist in VPC '${of.vpc}'`);
  if (found.vpc !== of.vpc)
    throw new Refusal("InvalidParameterValue", "You have specified two resources that belong to different networks.");
  return found.id;
}

function portsOf(permission: IpPermission, protocol: string): { from?: number; to?: number } {
  if (protocol === "-1") return {};
  const { FromPort: from, ToPort: to } = permission;
  if (protocol !== "tcp" && protocol !== "udp") return { from: from ?? -1, to: to ?? -1 };
  if (from === undefined || to === undefined)
    throw new Refusal(
      "InvalidParameterValue",
      "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
    );
  if (from < 0 || to > 65_535 || from > to)
    throw new Refusal(
      "InvalidParameterValue",
      `Invalid value '${from}-${to}' for portRange. Must be between 0 and 65535.`,
    );
  return { from, to };
}

/** One rule for each peer of each permission, as EC2 keeps them. @throws InvalidParameterValue, InvalidGroup.NotFound */
export function rulesFrom(state: Ec2State, of: Group, permissions: readonly IpPermission[], egress: boolean): Rule[] {
  return permissions.flatMap((permission) => {
    const asked = permission.IpProtocol ?? "-1";
    const protocol = protocols[asked] ?? asked.toLowerCase();
    const common = () => ({ id: newId("sgr"), egress, protocol, ...portsOf(permission, protocol), tags: [] });
    const rules: Rule[] = [
      ...(permission.IpRanges ?? []).map((range) => ({
        ...common(),
        cidr: canonical(range.CidrIp ?? ""),
        description: range.Description,
      })),
      ...(permission.Ipv6Ranges ?? []).map((range) => ({
        ...common(),
        cidr6: checked6(range.CidrIpv6 ?? ""),
        description: range.Description,
      })),
      ...(permission.UserIdGroupPairs ?? []).map((pair) => ({
        ...common(),
        group: peer(state, of, pair.GroupId, pair.GroupName),
        description: pair.Description,
      })),
      ...(permission.PrefixListIds ?? []).map((list) => ({
        ...common(),
        prefixList: list.PrefixListId,
        description: list.Description,
      })),
    ];
    if (rules.length === 0)
      throw new Refusal(
        "MissingParameter",
        "The request must contain a source: a CIDR block, a group or a prefix list",
      );
    return rules;
  });
}

const peerOf = (rule: Rule): string => rule.cidr ?? rule.cidr6 ?? rule.group ?? rule.prefixList ?? "";

/** Two rules with the same key are the same rule; a description makes no difference. */
export const keyOf = (rule: Rule): string =>
  [rule.egress, rule.protocol, rule.from ?? "", rule.to ?? "", peerOf(rule)].join(" ");

/** A rule in EC2's words: `peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW`. */
export const inWords = (rule: Rule): string =>
  rule.protocol === "-1"
    ? `peer: ${peerOf(rule)}, ALL, ALLOW`
    : `peer: ${peerOf(rule)}, ${rule.protocol.toUpperCase()}, from port: ${rule.from}, to port: ${rule.to}, ALLOW`;

/** Rules as DescribeSecurityGroups shows them: one permission for each protocol and range, with all its peers. */
export function permissionsOf(rules: readonly Rule[], account: string): IpPermission[] {
  const byRange = new Map<string, Rule[]>();
  for (const rule of rules) {
    const key = `${rule.protocol} ${rule.from} ${rule.to}`;
    byRange.set(key, [...(byRange.get(key) ?? []), rule]);
  }
  return [...byRange.values()].map((same) => ({
    IpProtocol: same[0]?.protocol,
    FromPort: same[0]?.from,
    ToPort: same[0]?.to,
    IpRanges: same.flatMap(({ cidr, description }) => (cidr ? [{ CidrIp: cidr, Description: description }] : [])),
    Ipv6Ranges: same.flatMap(({ cidr6, description }) =>
      cidr6 ? [{ CidrIpv6: cidr6, Description: description }] : [],
    ),
    UserIdGroupPairs: same.flatMap(({ group, description }) =>
      group ? [{ GroupId: group, UserId: account, Description: description }] : [],
    ),
    PrefixListIds: same.flatMap(({ prefixList, description }) =>
      prefixList ? [{ PrefixListId: prefixList, Description: description }] : [],
    ),
  }));
}

/** A rule as DescribeSecurityGroupRules shows it. */
export const shownRule = (rule: Rule, group: string, account: string): SecurityGroupRule => ({
  SecurityGroupRuleId: rule.id,
  GroupId: group,
  GroupOwnerId: account,
  IsEgress: rule.egress,
  IpProtocol: rule.protocol,
  FromPort: rule.from ?? -1,
  ToPort: rule.to ?? -1,
  CidrIpv4: rule.cidr,
  CidrIpv6: rule.cidr6,
  PrefixListId: rule.prefixList,
  ReferencedGroupInfo: rule.group === undefined ? undefined : { GroupId: rule.group, UserId: account },
  Description: rule.description,
  Tags: rule.tags,
});
