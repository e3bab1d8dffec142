import type { EC2, IpPermission, RevokedSecurityGroupRule } from "@aws-sdk/client-ec2";
import { type Handlers, Refusal } from "../service.ts";
import { groupMeant } from "./groups.ts";
import { flatPermission, inWords, keyOf, rulesFrom, shownRule } from "./rules.ts";
import { type Ec2State, type Group, type Rule, tagsFor } from "./state.ts";

/** Per group and direction, as AWS's quota is by default. */
const mostRules = 60;

interface Asked {
  GroupId?: string;
  GroupName?: string;
  IpPermissions?: IpPermission[];
  SecurityGroupRuleIds?: string[];
}

const permissionsIn = (input: Asked & Parameters<typeof flatPermission>[0]): readonly IpPermission[] =>
  input.IpPermissions?.length ? input.IpPermissions : flatPermission(input);

/** All the new rules or none: one that is there already refuses the call. */
function added(group: Group, rules: Rule[], egress: boolean): Rule[] {
  if (rules.length === 0) throw new Refusal("MissingParameter", "The request must contain the parameter ipPermissions");
  const keys = rules.map(keyOf);
  if (new Set(keys).size < keys.length)
    throw new Refusal("InvalidParameterValue", "The same permission must not appear multiple times");
  const twice = rules.find((rule) => group.rules.some((have) => keyOf(have) === keyOf(rule)));
  if (twice !== undefined)
    throw new Refusal("InvalidPermission.Duplicate", `the specified rule "${inWords(twice)}" already exists`);
  if (group.rules.filter((rule) => rule.egress === egress).length + rules.length > mostRules)
    throw new Refusal(
      "RulesPerSecurityGroupLimitExceeded",
      "The maximum number of rules per security group has been reached.",
    );
  group.rules.push(...rules);
  return rules;
}

/** All the rules or none: one that is not there refuses the call. */
function removed(
  state: Ec2State,
  group: Group,
  input: Asked,
  permissions: readonly IpPermission[],
  egress: boolean,
): Rule[] {
  const ids = input.SecurityGroupRuleIds;
  const unknown = ids?.find((id) => !group.rules.some((rule) => rule.id === id && rule.egress === egress));
  if (unknown !== undefined)
    throw new Refusal("InvalidSecurityGroupRuleId.NotFound", `The security group rule ID '${unknown}' does not exist`);
  const keys = new Set(rulesFrom(state, group, permissions, egress).map(keyOf));
  if (keys.size === 0 && !ids?.length)
    throw new Refusal("MissingParameter", "The request must contain the parameter ipPermissions");
  const gone = group.rules.filter((rule) => ids?.includes(rule.id) || keys.has(keyOf(rule)));
  if (gone.length < keys.size)
    throw new Refusal("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
  group.rules = group.rules.filter((rule) => !gone.includes(rule));
  return gone;
}

/** What may come in and go out. */
export const permissions: Handlers<EC2, Ec2State> = {
  AuthorizeSecurityGroupIngress: (input, { state, account }) => {
    const group = groupMeant(state, input);
    const rules = rulesFrom(state, group, permissionsIn(input), false);
    for (const rule of rules) rule.tags = tagsFor(input.TagSpecifications, "security-group-rule");
    return {
      Return: true,
      SecurityGroupRules: added(group, rules, false).map((rule) => shownRule(rule, group.id, account)),
    };
  },
  AuthorizeSecurityGroupEgress: (input, { state, account }) => {
    const group = groupMeant(state, input);
    const rules = rulesFrom(state, group, permissionsIn(input), true);
    for (const rule of rules) rule.tags = tagsFor(input.TagSpecifications, "security-group-rule");
    return {
      Return: true,
      SecurityGroupRules: added(group, rules, true).map((rule) => shownRule(rule, group.id, account)),
    };
  },
  RevokeSecurityGroupIngress: (input, { state, account }) => {
    const group = groupMeant(state, input);
    const gone = removed(state, group, input, permissionsIn(input), false);
    return {
      Return: true,
      UnknownIpPermissions: [],
      RevokedSecurityGroupRules: gone.map((rule) => revoked(rule, group.id, account)),
    };
  },
  RevokeSecurityGroupEgress: (input, { state, account }) => {
    const group = groupMeant(state, input);
    const gone = removed(state, group, input, permissionsIn(input), true);
    return {
      Return: true,
      UnknownIpPermissions: [],
      RevokedSecurityGroupRules: gone.map((rule) => revoked(rule, group.id, account)),
    };
  },
  UpdateSecurityGroupRuleDescriptionsIngress: (input, { state }) => described(state, input, false),
  UpdateSecurityGroupRuleDescriptionsEgress: (input, { state }) => described(state, input, true),
};

function described(state: Ec2State, input: Asked, egress: boolean) {
  const group = groupMeant(state, input);
  const wanted = rulesFrom(state, group, input.IpPermissions ?? [], egress);
  const pairs = wanted.map((rule) => [rule, group.rules.find((have) => keyOf(have) === keyOf(rule))] as const);
  for (const [, have] of pairs)
    if (have === undefined)
      throw new Refusal("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
  for (const [rule, have] of pairs) if (have !== undefined) have.description = rule.description;
  return { Return: true };
}

function revoked(rule: Rule, group: string, account: string): RevokedSecurityGroupRule {
  const { ReferencedGroupInfo, GroupOwnerId: _, Tags: __, ...shown } = shownRule(rule, group, account);
  return { ...shown, ReferencedGroupId: ReferencedGroupInfo?.GroupId };
}
