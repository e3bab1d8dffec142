import type { IAM } from "@aws-sdk/client-iam";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { documentsOf, evaluate } from "./authorize.ts";
import { type IamState, managedDocument } from "./state.ts";

/** What a role's policies would say of actions on resources, without doing anything. */
export const simulate: Handlers<IAM, IamState> = {
  SimulatePrincipalPolicy: (input, { state }) => {
    const role = Object.values(state.roles).find((candidate) => candidate.arn === input.PolicySourceArn);
    if (role === undefined)
      throw new Refusal("NoSuchEntityException", `The entity ${input.PolicySourceArn} cannot be found.`);
    const entries = (input.ContextEntries ?? []).map((entry) => [entry.ContextKeyName, entry.ContextKeyValues ?? []]);
    const context = { "aws:PrincipalArn": role.arn, ...Object.fromEntries(entries) };
    const documents = [...documentsOf(state, role), ...(input.PolicyInputList ?? [])];
    const boundary = role.boundary === undefined ? undefined : managedDocument(state, role.boundary);
    const results = (input.ActionNames ?? []).flatMap((action) =>
      (input.ResourceArns ?? ["*"]).map((resource) => {
        const said = evaluate(documents, { action, resource }, context);
        const bounded = boundary === undefined ? "allowed" : evaluate([boundary], { action, resource }, context);
        return {
          EvalActionName: action,
          EvalResourceName: resource,
          EvalDecision: said === "allowed" ? bounded : said,
          MatchedStatements: [],
          MissingContextValues: [],
        };
      }),
    );
    const key = (result: (typeof results)[number]) => `${result.EvalActionName} ${result.EvalResourceName}`;
    const { items, next } = page(results, key, input.MaxItems ?? 1000, input.Marker);
    return { EvaluationResults: items, IsTruncated: next !== undefined, Marker: next };
  },
};
