import { like } from "../like.ts";
import type { Local, Need } from "../service.ts";
import { type Context, conditionsHold, resourceFits } from "./conditions.ts";
import { listed, type Statement, statementsOf } from "./document.ts";
import { type IamState, iamState, managedDocument, type Role } from "./state.ts";

/** What policies say of a call; refused with the first permission that is missing. */
export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly action: string; readonly resource: string; readonly why: string };

type Verdict = "allowed" | "explicitDeny" | "implicitDeny";

function applies(statement: Statement, need: Need, context: Context): boolean {
  const names = (patterns: readonly string[]) => patterns.some((pattern) => like(pattern, need.action, "si"));
  const resources = (patterns: readonly string[]) =>
    patterns.some((pattern) => resourceFits(pattern, need.resource, context));
  return (
    (statement.Action === undefined ? !names(listed(statement.NotAction)) : names(listed(statement.Action))) &&
    (statement.Resource === undefined
      ? !resources(listed(statement.NotResource))
      : resources(listed(statement.Resource))) &&
    conditionsHold(statement.Condition, context)
  );
}

/** What a set of policy documents says of one permission: a Deny wins, and what nobody allows is refused. */
export function evaluate(documents: readonly string[], need: Need, context: Context): Verdict {
  const said = documents.flatMap(statementsOf).filter((statement) => applies(statement, need, context));
  if (said.some((statement) => statement.Effect === "Deny")) return "explicitDeny";
  return said.length > 0 ? "allowed" : "implicitDeny";
}

/** All policies of a role, inline and attached. */
export const documentsOf = (state: IamState, role: Role): string[] => [
  ...Object.values(role.inline),
  ...role.attached.flatMap((arn) => managedDocument(state, arn) ?? []),
];

function refusalOf(state: IamState, role: Role, need: Need, context: Context): string | undefined {
  const verdict = evaluate(documentsOf(state, role), need, context);
  if (verdict === "explicitDeny") return "with an explicit deny in an identity-based policy";
  if (verdict === "implicitDeny") return `because no identity-based policy allows the ${need.action} action`;
  const boundary = role.boundary === undefined ? undefined : managedDocument(state, role.boundary);
  if (boundary === undefined) return undefined;
  const bounded = evaluate([boundary], need, context);
  if (bounded === "explicitDeny") return "with an explicit deny in a permissions boundary";
  return bounded === "implicitDeny" ? `because no permissions boundary allows the ${need.action} action` : undefined;
}

/** Whether a role may do all that a call needs. A role that is gone may do nothing. */
export function authorize(local: Local, roleName: string, needs: readonly Need[], context: Context = {}): Decision {
  const state = iamState(local);
  const role = state.roles[roleName.toLowerCase()];
  for (const { action, resource } of needs) {
    const known = { "aws:PrincipalAccount": local.account, ...(role && { "aws:PrincipalArn": role.arn }), ...context };
    const why =
      role === undefined
        ? `because no identity-based policy allows the ${action} action`
        : refusalOf(state, role, { action, resource }, known);
    if (why !== undefined) return { allowed: false, action, resource, why };
  }
  return { allowed: true };
}

/** Whether a service (`ecs-tasks.amazonaws.com`) may take a role on, by the role's trust policy. */
export function assumable(
  local: Local,
  roleName: string,
  service: string,
  context: Context = {},
): { readonly allowed: true } | { readonly allowed: false; readonly why: string } {
  const role = iamState(local).roles[roleName.toLowerCase()];
  if (role === undefined) return { allowed: false, why: `The role with name ${roleName} cannot be found.` };
  const trusts = (statement: Statement) =>
    statement.Principal === "*" || listed(statement.Principal?.Service).includes(service);
  const said = statementsOf(role.trust).filter(
    (statement) =>
      trusts(statement) &&
      listed(statement.Action).some((pattern) => like(pattern, "sts:AssumeRole", "si")) &&
      conditionsHold(statement.Condition, { "aws:SourceAccount": local.account, ...context }),
  );
  const allowed = said.length > 0 && said.every((statement) => statement.Effect === "Allow");
  return allowed
    ? { allowed }
    : { allowed, why: `The trust policy of role ${role.name} does not let ${service} assume it.` };
}
