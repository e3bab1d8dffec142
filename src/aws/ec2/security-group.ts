import { isDeepStrictEqual } from "node:util";
import type { IpPermission, SecurityGroup } from "@aws-sdk/client-ec2";
import { canonical } from "../../engine/compare.ts";
import { isKnown } from "../../engine/reference.ts";
import type { Aws } from "../clients.ts";
import { isError } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";

export type SecurityGroupSpec = {
  readonly vpc: string;
  readonly description: string;
  readonly ingress: readonly Rule[];
};
/** Who may come in: TCP to a port, from a CIDR or a security group. Other rules read as `port` "53-60/udp" or "all". */
export type Rule = { readonly port: number | string; readonly from: string };

/** A security group: exactly these rules inwards; outwards everything, as AWS makes it. */
export const securityGroup = defineKind<SecurityGroupSpec, "id">({
  type: "ec2:security-group",
  outputs: ["id"],
  fixed: ["vpc", "description"],
  check: (name) =>
    /^(?!sg-)[\w .\-:/()#,@[\]+=&;{}!$*]{1,255}$/.test(name)
      ? undefined
      : "a security group's name has up to 255 characters and does not begin with sg-",

  async read(aws, name, want) {
    if (!isKnown(want.vpc)) return undefined;
    const it = await find(aws, name, want.vpc);
    if (!it?.GroupId) return undefined;
    const { stack, adopted } = ownerIn(it.Tags);
    const ingress = (it.IpPermissions ?? []).flatMap(rulesIn);
    return {
      spec: { vpc: want.vpc, description: it.Description, ingress, stack },
      adopted,
      outputs: { id: it.GroupId },
    };
  },

  async create(aws, name, want) {
    const { GroupId } = await aws.ec2.createSecurityGroup({
      GroupName: name,
      Description: want.description,
      VpcId: want.vpc,
      TagSpecifications: [{ ResourceType: "security-group", Tags: tagList(want) }],
    });
    if (want.ingress.length > 0) {
      await aws.ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: want.ingress.map(permissionOf) });
    }
  },

  async update(aws, name, want, have, changed) {
    const GroupId = String(have.outputs.id);
    if (changed.has("stack")) await aws.ec2.createTags({ Resources: [GroupId], Tags: tagList(want) });
    if (!changed.has("ingress")) return;
    // One rule that is there already, or is not, makes AWS refuse the whole call: only the difference is sent.
    const raw = (await find(aws, name, want.vpc))?.IpPermissions ?? [];
    const surplus = raw
      .flatMap(singles)
      .filter((single) => !rulesIn(single).every((rule) => includes(want.ingress, rule)));
    const missing = want.ingress.filter((rule) => !includes(have.spec.ingress ?? [], rule));
    if (surplus.length > 0) await aws.ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: surplus });
    if (missing.length > 0)
      await aws.ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: missing.map(permissionOf) });
  },

  async delete(aws, _name, have) {
    try {
      await aws.ec2.deleteSecurityGroup({ GroupId: String(have.outputs.id) });
    } catch (error) {
      if (!isError(error, "InvalidGroup.NotFound", "InvalidGroupId.Malformed")) throw error;
    }
  },

  async release(aws, _name, have) {
    await aws.ec2.deleteTags({ Resources: [String(have.outputs.id)], Tags: tagKeys.map((Key) => ({ Key })) });
  },
});

async function find(aws: Aws, name: string, vpc: string): Promise<SecurityGroup | undefined> {
  const Filters = [
    { Name: "group-name", Values: [name] },
    { Name: "vpc-id", Values: [vpc] },
  ];
  return (await aws.ec2.describeSecurityGroups({ Filters })).SecurityGroups?.[0];
}

const includes = (rules: readonly Rule[], rule: Rule) =>
  rules.some((other) => isDeepStrictEqual(canonical(other), canonical(rule)));

/** AWS merges rules of one port: taken apart, one source each. */
const singles = (permission: IpPermission): IpPermission[] => {
  const { IpProtocol, FromPort, ToPort } = permission;
  const port = { IpProtocol, FromPort, ToPort };
  return [
    ...(permission.IpRanges ?? []).map(({ CidrIp }) => ({ ...port, IpRanges: [{ CidrIp }] })),
    ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => ({ ...port, Ipv6Ranges: [{ CidrIpv6 }] })),
    ...(permission.UserIdGroupPairs ?? []).map(({ GroupId }) => ({ ...port, UserIdGroupPairs: [{ GroupId }] })),
    ...(permission.PrefixListIds ?? []).map(({ PrefixListId }) => ({ ...port, PrefixListIds: [{ PrefixListId }] })),
  ];
};

const rulesIn = (permission: IpPermission): Rule[] =>
  singles(permission).map((single) => ({
    port: portIn(permission),
    from:
      single.IpRanges?.[0]?.CidrIp ??
      single.Ipv6Ranges?.[0]?.CidrIpv6 ??
      single.UserIdGroupPairs?.[0]?.GroupId ??
      single.PrefixListIds?.[0]?.PrefixListId ??
      "",
  }));

function portIn({ IpProtocol, FromPort, ToPort }: IpPermission): number | string {
  if (IpProtocol === "-1") return "all";
  if (IpProtocol === "tcp" && FromPort !== undefined && FromPort === ToPort) return FromPort;
  return `${FromPort}-${ToPort}/${IpProtocol}`;
}

const permissionOf = ({ port, from }: Rule): IpPermission => ({
  IpProtocol: "tcp",
  FromPort: Number(port),
  ToPort: Number(port),
  ...(from.startsWith("sg-") ? { UserIdGroupPairs: [{ GroupId: from }] } : { IpRanges: [{ CidrIp: from }] }),
});
