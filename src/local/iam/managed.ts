import type { IAM, Policy as Shown } from "@aws-sdk/client-iam";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { type ManagedPolicy, managedPolicies, managedPolicy } from "./aws-managed.ts";
import { checkIdentityPolicy, encoded, sizeOf } from "./document.ts";
import { type IamState, type Policy, type Role, uniqueId, withTags } from "./state.ts";

const attachedTo = (state: IamState, arn: string): Role[] =>
  Object.values(state.roles).filter((role) => role.attached.includes(arn));

const missing = (arn: string | undefined) => new Refusal("NoSuchEntityException", `Policy ${arn} was not found.`);

function policyAt(state: IamState, arn: string | undefined): Policy | ManagedPolicy {
  const policy = state.policies[arn ?? ""] ?? managedPolicy(arn ?? "");
  if (policy === undefined) throw missing(arn);
  return policy;
}

const versionOf = (policy: Policy | ManagedPolicy): string => ("version" in policy ? policy.version : "v1");

const shown = (state: IamState, policy: Policy | ManagedPolicy): Shown => ({
  PolicyName: policy.name,
  // AWS does not tell the ids of its own policies in any pattern; this one is stable.
  PolicyId: "id" in policy ? policy.id : `ANPA${Buffer.from(policy.name).toString("hex").toUpperCase().slice(0, 17)}`,
  Arn: policy.arn,
  Path: policy.path,
  DefaultVersionId: versionOf(policy),
  AttachmentCount: attachedTo(state, policy.arn).length,
  PermissionsBoundaryUsageCount: Object.values(state.roles).filter((role) => role.boundary === policy.arn).length,
  IsAttachable: true,
  CreateDate: new Date(policy.created),
  UpdateDate: new Date(policy.created),
});

/** Managed policies: AWS's own to read, the customer's with one version each. */
export const managed: Handlers<IAM, IamState> = {
  CreatePolicy: (input, { state, account, local }) => {
    const { PolicyName = "", Path = "/", PolicyDocument = "" } = input;
    if (Object.values(state.policies).some((policy) => policy.name.toLowerCase() === PolicyName.toLowerCase()))
      throw new Refusal(
        "EntityAlreadyExistsException",
        `A policy called ${PolicyName} already exists. Duplicate names are not allowed.`,
      );
    checkIdentityPolicy(PolicyDocument);
    if (sizeOf(PolicyDocument) > 6144)
      throw new Refusal("LimitExceededException", "Cannot exceed quota for PolicySize: 6144");
    const arn = `arn:aws:iam::${account}:policy${Path}${PolicyName}`;
    const policy: Policy = {
      name: PolicyName,
      path: Path,
      id: uniqueId("ANPA"),
      arn,
      created: local.clock.now(),
      description: input.Description,
      document: PolicyDocument,
      tags: withTags([], input.Tags ?? []),
    };
    state.policies[arn] = policy;
    return { Policy: shown(state, policy) };
  },
  GetPolicy: (input, { state }) => {
    const policy = policyAt(state, input.PolicyArn);
    const own = "id" in policy ? { Description: policy.description, Tags: policy.tags } : {};
    return { Policy: { ...shown(state, policy), ...own } };
  },
  GetPolicyVersion: (input, { state }) => {
    const policy = policyAt(state, input.PolicyArn);
    if (input.VersionId !== versionOf(policy))
      throw new Refusal(
        "NoSuchEntityException",
        `Policy ${policy.arn} version ${input.VersionId} does not exist or is not attachable.`,
      );
    return {
      PolicyVersion: {
        Document: encoded(policy.document),
        VersionId: versionOf(policy),
        IsDefaultVersion: true,
        CreateDate: new Date(policy.created),
      },
    };
  },
  ListPolicyVersions: (input, { state }) => {
    const policy = policyAt(state, input.PolicyArn);
    const version = { VersionId: versionOf(policy), IsDefaultVersion: true, CreateDate: new Date(policy.created) };
    return { Versions: [version], IsTruncated: false };
  },
  ListPolicies: (input, { state }) => {
    const all: (Policy | ManagedPolicy)[] = [
      ...(input.Scope === "AWS" ? [] : Object.values(state.policies)),
      ...(input.Scope === "Local" ? [] : managedPolicies()),
    ];
    const found = all
      .filter((policy) => policy.path.startsWith(input.PathPrefix ?? "/"))
      .filter((policy) => !input.OnlyAttached || attachedTo(state, policy.arn).length > 0);
    const { items, next } = page(found, (policy) => policy.arn, input.MaxItems ?? 100, input.Marker);
    return { Policies: items.map((policy) => shown(state, policy)), IsTruncated: next !== undefined, Marker: next };
  },
  ListEntitiesForPolicy: (input, { state }) => {
    const holders = attachedTo(state, policyAt(state, input.PolicyArn).arn);
    const { items, next } = page(holders, (role) => role.name, input.MaxItems ?? 100, input.Marker);
    return {
      PolicyRoles: items.map((role) => ({ RoleName: role.name, RoleId: role.id })),
      PolicyGroups: [],
      PolicyUsers: [],
      IsTruncated: next !== undefined,
      Marker: next,
    };
  },
  DeletePolicy: (input, { state }) => {
    const policy = policyAt(state, input.PolicyArn);
    if (state.policies[policy.arn] === undefined)
      throw new Refusal("AccessDenied", `Policy ${policy.arn} is outside your own account.`, { status: 403 });
    if (attachedTo(state, policy.arn).length > 0)
      throw new Refusal("DeleteConflictException", "Cannot delete a policy attached to entities.");
    delete state.policies[policy.arn];
  },
};
