import { isDeepStrictEqual } from "node:util";
import { canonical } from "../../engine/compare.ts";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { allPages } from "../pages.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";
import { type Document, normalDocument } from "./document.ts";

export type RoleSpec = {
  /** Who may assume it. */
  readonly trust: Document;
  /** Inline policies by name. */
  readonly policies: Readonly<Record<string, Document>>;
  /** ARNs of managed policies. */
  readonly managed: readonly string[];
};

/** An IAM role with its inline and managed policies, and no others. */
export const role = defineKind<RoleSpec, "arn">({
  type: "iam:role",
  outputs: ["arn"],
  check: (name) =>
    /^[\w+=,.@-]{1,64}$/.test(name) ? undefined : "a role's name has 1 to 64 letters, digits, and + = , . @ - _",

  async read(aws, name) {
    const [found, inline, attached] = await Promise.all([
      unlessAbsent(aws.iam.getRole({ RoleName: name }), ABSENT),
      inlineOf(aws, name),
      attachedTo(aws, name),
    ]);
    const it = found?.Role;
    if (!it?.Arn) return undefined;
    const { stack, adopted } = ownerIn(it.Tags);
    return {
      spec: {
        trust: normalDocument(decodeURIComponent(it.AssumeRolePolicyDocument ?? "{}")),
        policies: inline,
        managed: attached,
        stack,
      },
      adopted,
      outputs: { arn: it.Arn },
    };
  },

  async create(aws, name, want) {
    await aws.iam.createRole({
      RoleName: name,
      AssumeRolePolicyDocument: JSON.stringify(want.trust),
      Tags: tagList(want),
    });
    await writePolicies(aws, name, want, {});
    await attach(aws, name, want.managed, []);
  },

  async update(aws, name, want, have, changed) {
    if (changed.has("stack")) await aws.iam.tagRole({ RoleName: name, Tags: tagList(want) });
    if (changed.has("trust"))
      await aws.iam.updateAssumeRolePolicy({ RoleName: name, PolicyDocument: JSON.stringify(want.trust) });
    if (changed.has("policies")) await writePolicies(aws, name, want, have.spec.policies ?? {});
    if (changed.has("managed")) await attach(aws, name, want.managed, have.spec.managed ?? []);
  },

  // AWS deletes a role only when nothing is attached to it any more.
  async delete(aws, name, have) {
    for (const PolicyName of Object.keys(have.spec.policies ?? {}))
      await aws.iam.deleteRolePolicy({ RoleName: name, PolicyName });
    for (const PolicyArn of have.spec.managed ?? []) await aws.iam.detachRolePolicy({ RoleName: name, PolicyArn });
    await unlessAbsent(aws.iam.deleteRole({ RoleName: name }), ABSENT);
  },

  async release(aws, name) {
    await aws.iam.untagRole({ RoleName: name, TagKeys: tagKeys });
  },
});

const ABSENT = "NoSuchEntity";

async function inlineOf(aws: Aws, RoleName: string): Promise<Record<string, Document>> {
  const names = await allPages(async (Marker) => {
    const page = await unlessAbsent(aws.iam.listRolePolicies({ RoleName, Marker }), ABSENT);
    return { items: page?.PolicyNames, next: page?.IsTruncated ? page.Marker : undefined };
  });
  const documents = await Promise.all(
    names.map(async (PolicyName) => {
      const found = await unlessAbsent(aws.iam.getRolePolicy({ RoleName, PolicyName }), ABSENT);
      return [PolicyName, normalDocument(decodeURIComponent(found?.PolicyDocument ?? "{}"))] as const;
    }),
  );
  return Object.fromEntries(documents);
}

const attachedTo = async (aws: Aws, RoleName: string): Promise<string[]> => {
  const policies = await allPages(async (Marker) => {
    const page = await unlessAbsent(aws.iam.listAttachedRolePolicies({ RoleName, Marker }), ABSENT);
    return { items: page?.AttachedPolicies, next: page?.IsTruncated ? page.Marker : undefined };
  });
  return policies.flatMap(({ PolicyArn }) => (PolicyArn ? [PolicyArn] : []));
};

async function writePolicies(
  aws: Aws,
  RoleName: string,
  want: RoleSpec,
  have: Readonly<Record<string, Document>>,
): Promise<void> {
  for (const [PolicyName, document] of Object.entries(want.policies)) {
    if (isDeepStrictEqual(canonical(document), canonical(have[PolicyName]))) continue;
    await aws.iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument: JSON.stringify(document) });
  }
  for (const PolicyName of Object.keys(have)) {
    if (!(PolicyName in want.policies)) await aws.iam.deleteRolePolicy({ RoleName, PolicyName });
  }
}

async function attach(aws: Aws, RoleName: string, want: readonly string[], have: readonly string[]): Promise<void> {
  for (const PolicyArn of want) if (!have.includes(PolicyArn)) await aws.iam.attachRolePolicy({ RoleName, PolicyArn });
  for (const PolicyArn of have) if (!want.includes(PolicyArn)) await aws.iam.detachRolePolicy({ RoleName, PolicyArn });
}
