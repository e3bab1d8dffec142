import type { EC2, SecurityGroup } from "@aws-sdk/client-ec2";
import { type Handlers, Refusal } from "../service.ts";
import { newGroup } from "./default-vpc.ts";
import { filtered, paged, type Words } from "./filter.ts";
import { permissionsOf, shownRule } from "./rules.ts";
import { asked, byId, type Ec2State, type Group, liveInterfaces, newId, type Rule, tagsFor } from "./state.ts";

const ingress = (group: Group): Rule[] => group.rules.filter((rule) => !rule.egress);
const egress = (group: Group): Rule[] => group.rules.filter((rule) => rule.egress);

const words: Words<Group> = {
  "group-name": (group) => group.name,
  "group-id": (group) => group.id,
  "vpc-id": (group) => group.vpc,
  description: (group) => group.description,
  "ip-permission.cidr": (group) => ingress(group).map((rule) => rule.cidr),
  "ip-permission.from-port": (group) => ingress(group).map((rule) => rule.from?.toString()),
  "ip-permission.to-port": (group) => ingress(group).map((rule) => rule.to?.toString()),
  "ip-permission.protocol": (group) => ingress(group).map((rule) => rule.protocol),
  "ip-permission.group-id": (group) => ingress(group).map((rule) => rule.group),
  "egress.ip-permission.cidr": (group) => egress(group).map((rule) => rule.cidr),
  "egress.ip-permission.group-id": (group) => egress(group).map((rule) => rule.group),
};

const arnOf = (group: Group, region: string, account: string): string =>
  `arn:aws:ec2:${region}:${account}:security-group/${group.id}`;

const shown = (group: Group, region: string, account: string): SecurityGroup => ({
  GroupId: group.id,
  GroupName: group.name,
  Description: group.description,
  VpcId: group.vpc,
  OwnerId: account,
  SecurityGroupArn: arnOf(group, region, account),
  IpPermissions: permissionsOf(ingress(group), account),
  IpPermissionsEgress: permissionsOf(egress(group), account),
  Tags: group.tags,
});

const defaultVpc = (state: Ec2State): string | undefined => Object.values(state.vpcs).find((vpc) => vpc.isDefault)?.id;

/** The group that a call means by its id, or by its name in the default VPC. @throws InvalidGroup.NotFound */
export function groupMeant(state: Ec2State, input: { GroupId?: string; GroupName?: string }): Group {
  if (input.GroupId !== undefined) {
    if (!/^sg-[0-9a-f]+$/.test(input.GroupId))
      throw new Refusal("InvalidGroupId.Malformed", `Invalid id: "${input.GroupId}" (expecting "sg-...")`);
    return byId(state, "groups", input.GroupId);
  }
  if (input.GroupName === undefined)
    throw new Refusal("MissingParameter", "The request must contain the parameter groupName or groupId");
  const vpc = defaultVpc(state);
  const found = Object.values(state.groups).find((group) => group.vpc === vpc && group.name === input.GroupName);
  if (found === undefined)
    throw new Refusal(
      "InvalidGroup.NotFound",
      `The security group '${input.GroupName}' does not exist in default VPC '${vpc ?? "none"}'`,
    );
  return found;
}

function checkName(name: string): void {
  if (/^sg-/i.test(name))
    throw new Refusal(
      "InvalidParameterValue",
      `Value (${name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.`,
    );
  if (name === "default") throw new Refusal("InvalidGroup.Reserved", "The security group 'default' is reserved");
  if (name.length > 255)
    throw new Refusal(
      "InvalidParameterValue",
      `Value (${name}) for parameter GroupName is invalid. Group names may be up to 255 characters.`,
    );
}

function checkDescription(text: string): void {
  if (text === "") throw new Refusal("MissingParameter", "The request must contain the parameter GroupDescription");
  if (text.length > 255 || !/^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]*$/.test(text))
    throw new Refusal(
      "InvalidParameterValue",
      `Value (${text}) for parameter GroupDescription is invalid. Invalid security group description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`,
    );
}

/** Security groups. */
export const groups: Handlers<EC2, Ec2State> = {
  CreateSecurityGroup: (input, { state, region, account }) => {
    const { GroupName = "", Description = "" } = input;
    checkName(GroupName);
    checkDescription(Description);
    const vpc = input.VpcId ?? defaultVpc(state);
    if (vpc === undefined) throw new Refusal("VPCIdNotSpecified", "No default VPC for this user");
    byId(state, "vpcs", vpc);
    if (Object.values(state.groups).some((group) => group.vpc === vpc && group.name === GroupName))
      throw new Refusal("InvalidGroup.Duplicate", `The security group '${GroupName}' already exists for VPC '${vpc}'`);
    const group = newGroup(newId, GroupName, Description, vpc);
    group.tags = tagsFor(input.TagSpecifications, "security-group");
    state.groups[group.id] = group;
    return { GroupId: group.id, Tags: group.tags, SecurityGroupArn: arnOf(group, region, account) };
  },
  DescribeSecurityGroups: (input, { state, region, account }) => {
    const named = (input.GroupNames ?? []).map((GroupName) => groupMeant(state, { GroupName }));
    const found = input.GroupNames?.length ? named : asked(state, "groups", input.GroupIds);
    const { items, next } = paged(filtered(found, input.Filters, words), input);
    return { SecurityGroups: items.map((group) => shown(group, region, account)), NextToken: next };
  },
  DescribeSecurityGroupRules: (input, { state, account }) => {
    const all = Object.values(state.groups).flatMap((group) =>
      group.rules.map((rule) => ({ ...rule, group: group.id, rule })),
    );
    for (const id of input.SecurityGroupRuleIds ?? [])
      if (!all.some((rule) => rule.id === id))
        throw new Refusal("InvalidSecurityGroupRuleId.NotFound", `The security group rule ID '${id}' does not exist`);
    const wanted = all.filter((rule) => input.SecurityGroupRuleIds?.includes(rule.id) ?? true);
    const found = filtered(wanted, input.Filters, {
      "group-id": (rule) => rule.group,
      "security-group-rule-id": (rule) => rule.id,
    });
    const { items, next } = paged(found, input);
    return { SecurityGroupRules: items.map(({ rule, group }) => shownRule(rule, group, account)), NextToken: next };
  },
  DescribeSecurityGroupReferences: (input, { state }) => {
    const references = (input.GroupId ?? []).flatMap((id) => {
      const { vpc } = byId(state, "groups", id);
      const users = Object.values(state.groups).filter(
        (group) => group.id !== id && group.rules.some((rule) => rule.group === id),
      );
      return users.length > 0 ? [{ GroupId: id, ReferencingVpcId: vpc }] : [];
    });
    return { SecurityGroupReferenceSet: references };
  },
  DeleteSecurityGroup: (input, { state, local }) => {
    const group = groupMeant(state, input);
    if (group.name === "default")
      throw new Refusal(
        "CannotDelete",
        `the specified group: "${group.id}" name: "default" cannot be deleted by a user`,
      );
    const referred = Object.values(state.groups).some(
      (other) => other.id !== group.id && other.rules.some((rule) => rule.group === group.id),
    );
    const used = liveInterfaces(state, local.clock.now()).some((item) => item.groups.includes(group.id));
    if (referred || used) throw new Refusal("DependencyViolation", `resource ${group.id} has a dependent object`);
    delete state.groups[group.id];
    return { Return: true, GroupId: group.id };
  },
};
