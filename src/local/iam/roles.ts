import type { IAM, Role as Shown } from "@aws-sdk/client-iam";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { checkTrustPolicy, encoded, sizeOf } from "./document.ts";
import { type IamState, managedDocument, ownRole, type Role, roleNamed, uniqueId, withTags } from "./state.ts";

/** A role as every answer shows it; GetRole and CreateRole show more. */
export const summary = (role: Role) => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: role.arn,
  CreateDate: new Date(role.created),
  AssumeRolePolicyDocument: encoded(role.trust),
  Description: role.description,
  MaxSessionDuration: role.maxSession,
});

const detail = (role: Role): Shown => ({
  ...summary(role),
  ...(role.boundary && {
    PermissionsBoundary: {
      PermissionsBoundaryType: "PermissionsBoundaryPolicy",
      PermissionsBoundaryArn: role.boundary,
    },
  }),
  ...(role.tags.length > 0 && { Tags: role.tags }),
});

function trust(state: IamState, text: string | undefined): string {
  checkTrustPolicy(text, (arn) => Object.values(state.roles).some((role) => role.arn === arn));
  if (sizeOf(text ?? "") > 2048)
    throw new Refusal("LimitExceededException", "Cannot exceed quota for ACLSizePerRole: 2048");
  return JSON.stringify(JSON.parse(text ?? ""));
}

function boundary(state: IamState, arn: string | undefined): string | undefined {
  if (arn !== undefined && managedDocument(state, arn) === undefined)
    throw new Refusal("NoSuchEntityException", `Scope ARN: ${arn} does not exist or is not attachable.`);
  return arn;
}

/** Roles, their trust and their tags. */
export const roles: Handlers<IAM, IamState> = {
  CreateRole: (input, { state, account, local }) => {
    const name = input.RoleName ?? "";
    if (state.roles[name.toLowerCase()] !== undefined)
      throw new Refusal("EntityAlreadyExistsException", `Role with name ${name} already exists.`);
    if (Object.keys(state.roles).length >= 1000)
      throw new Refusal("LimitExceededException", "Cannot exceed quota for RolesPerAccount: 1000");
    const path = input.Path ?? "/";
    const role: Role = {
      name,
      path,
      id: uniqueId("AROA"),
      arn: `arn:aws:iam::${account}:role${path}${name}`,
      created: local.clock.now(),
      trust: trust(state, input.AssumeRolePolicyDocument),
      description: input.Description,
      maxSession: input.MaxSessionDuration ?? 3600,
      boundary: boundary(state, input.PermissionsBoundary),
      tags: withTags([], input.Tags ?? []),
      inline: {},
      attached: [],
    };
    state.roles[name.toLowerCase()] = role;
    return { Role: detail(role) };
  },
  GetRole: (input, { state }) => ({ Role: { ...detail(roleNamed(state, input.RoleName)), RoleLastUsed: {} } }),
  ListRoles: (input, { state }) => {
    const found = Object.values(state.roles).filter((role) => role.path.startsWith(input.PathPrefix ?? "/"));
    const { items, next } = page(found, (role) => role.name.toLowerCase(), input.MaxItems ?? 100, input.Marker);
    return { Roles: items.map(summary), IsTruncated: next !== undefined, Marker: next };
  },
  UpdateRole: (input, { state }) => {
    const role = ownRole(state, input.RoleName);
    if (input.Description !== undefined) role.description = input.Description;
    if (input.MaxSessionDuration !== undefined) role.maxSession = input.MaxSessionDuration;
    return {};
  },
  UpdateRoleDescription: (input, { state }) => {
    const role = ownRole(state, input.RoleName);
    role.description = input.Description;
    return { Role: detail(role) };
  },
  UpdateAssumeRolePolicy: (input, { state }) => {
    ownRole(state, input.RoleName).trust = trust(state, input.PolicyDocument);
  },
  DeleteRole: (input, { state }) => {
    const role = ownRole(state, input.RoleName);
    if (role.attached.length > 0)
      throw new Refusal("DeleteConflictException", "Cannot delete entity, must detach all policies first.");
    if (Object.keys(role.inline).length > 0)
      throw new Refusal("DeleteConflictException", "Cannot delete entity, must delete policies first.");
    delete state.roles[role.name.toLowerCase()];
  },
  PutRolePermissionsBoundary: (input, { state }) => {
    ownRole(state, input.RoleName).boundary = boundary(state, input.PermissionsBoundary);
  },
  DeleteRolePermissionsBoundary: (input, { state }) => {
    delete ownRole(state, input.RoleName).boundary;
  },
  TagRole: (input, { state }) => {
    const role = ownRole(state, input.RoleName);
    role.tags = withTags(role.tags, input.Tags ?? []);
  },
  UntagRole: (input, { state }) => {
    const role = ownRole(state, input.RoleName);
    role.tags = role.tags.filter((tag) => !input.TagKeys?.includes(tag.Key ?? ""));
  },
  ListRoleTags: (input, { state }) => {
    const { tags } = roleNamed(state, input.RoleName);
    const { items, next } = page(tags, (tag) => tag.Key ?? "", input.MaxItems ?? 100, input.Marker);
    return { Tags: items, IsTruncated: next !== undefined, Marker: next };
  },
  // There are no EC2 instances here, so no role is in an instance profile.
  ListInstanceProfilesForRole: (input, { state }) => {
    roleNamed(state, input.RoleName);
    return { InstanceProfiles: [], IsTruncated: false };
  },
};
