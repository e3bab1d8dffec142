import type { IAM } from "@aws-sdk/client-iam";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { checkIdentityPolicy, encoded, sizeOf } from "./document.ts";
import { type IamState, managedDocument, ownRole, type Role, roleNamed } from "./state.ts";

const noInline = (name: string | undefined) =>
  new Refusal("NoSuchEntityException", `The role policy with name ${name} cannot be found.`);

function checkInlineSize(role: Role, name: string, text: string): void {
  const others = Object.entries(role.inline).filter(([other]) => other !== name);
  const size = others.reduce((sum, [, document]) => sum + sizeOf(document), sizeOf(text));
  if (size > 10_240)
    throw new Refusal("LimitExceededException", `Maximum policy size of 10240 bytes exceeded for role ${role.name}`);
}

/** What a role may do: its inline policies, and the managed ones attached to it. */
export const rolePolicies: Handlers<IAM, IamState> = {
  PutRolePolicy: (input, { state }) => {
    const role = ownRole(state, input.RoleName);
    const { PolicyName = "", PolicyDocument = "" } = input;
    checkIdentityPolicy(PolicyDocument);
    checkInlineSize(role, PolicyName, PolicyDocument);
    role.inline[PolicyName] = PolicyDocument;
  },
  GetRolePolicy: (input, { state }) => {
    const role = roleNamed(state, input.RoleName);
    const document = role.inline[input.PolicyName ?? ""];
    if (document === undefined) throw noInline(input.PolicyName);
    return { RoleName: role.name, PolicyName: input.PolicyName, PolicyDocument: encoded(document) };
  },
  ListRolePolicies: (input, { state }) => {
    const names = Object.keys(roleNamed(state, input.RoleName).inline);
    const { items, next } = page(names, (name) => name, input.MaxItems ?? 100, input.Marker);
    return { PolicyNames: items, IsTruncated: next !== undefined, Marker: next };
  },
  DeleteRolePolicy: (input, { state }) => {
    const role = ownRole(state, input.RoleName);
    if (role.inline[input.PolicyName ?? ""] === undefined) throw noInline(input.PolicyName);
    delete role.inline[input.PolicyName ?? ""];
  },
  AttachRolePolicy: (input, { state }) => {
    const role = ownRole(state, input.RoleName);
    const arn = input.PolicyArn ?? "";
    if (!/^arn:aws:iam::(aws|\d{12}):policy\/.+/.test(arn))
      throw new Refusal("InvalidInputException", `ARN ${arn} is not valid.`);
    if (managedDocument(state, arn) === undefined)
      throw new Refusal("NoSuchEntityException", `Policy ${arn} does not exist or is not attachable.`);
    if (role.attached.includes(arn)) return;
    if (role.attached.length >= 10)
      throw new Refusal("LimitExceededException", "Cannot exceed quota for PoliciesPerRole: 10");
    role.attached.push(arn);
  },
  DetachRolePolicy: (input, { state }) => {
    const role = ownRole(state, input.RoleName);
    if (!role.attached.includes(input.PolicyArn ?? ""))
      throw new Refusal("NoSuchEntityException", `Policy ${input.PolicyArn} was not found.`);
    role.attached = role.attached.filter((arn) => arn !== input.PolicyArn);
  },
  ListAttachedRolePolicies: (input, { state }) => {
    const policies = roleNamed(state, input.RoleName)
      .attached.map((arn) => ({ PolicyName: arn.slice(arn.lastIndexOf("/") + 1), PolicyArn: arn }))
      .filter(({ PolicyArn }) => PolicyArn.replace(/^[^/]*/, "").startsWith(input.PathPrefix ?? "/"));
    const { items, next } = page(policies, (policy) => policy.PolicyArn, input.MaxItems ?? 100, input.Marker);
    return { AttachedPolicies: items, IsTruncated: next !== undefined, Marker: next };
  },
};
