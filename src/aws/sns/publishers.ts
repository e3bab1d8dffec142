import { isDeepStrictEqual } from "node:util";
import { canonical } from "../../engine/compare.ts";
import { normalDocument } from "../iam/document.ts";

/** A topic's policy that lets services of AWS publish in the name of this account, beside its owner. */
export const policyFor = (arn: string, publishers: readonly string[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [ownersOf(arn), ...publishers.map((service) => statementFor(arn, service))],
  });

/** The services that a policy admits; every statement of another form stands in the list as its text, so that it shows as drift. */
export function publishersIn(text: string | undefined, arn: string): string[] {
  if (!text) return [];
  return normalDocument(text).Statement.flatMap((statement) => {
    const service = statement.Principal?.Service?.[0] ?? "";
    if (same(statement, statementFor(arn, service))) return [service];
    // A new topic has it; SNS writes its actions in capitals.
    return same(statement, ownersOf(arn)) ? [] : [JSON.stringify(canonical(statement))];
  });
}

const ownersOf = (arn: string) => ({
  Sid: "__default_statement_ID",
  Effect: "Allow",
  Principal: { AWS: "*" },
  Action: [
    "SNS:GetTopicAttributes",
    "SNS:SetTopicAttributes",
    "SNS:AddPermission",
    "SNS:RemovePermission",
    "SNS:DeleteTopic",
    "SNS:Subscribe",
    "SNS:ListSubscriptionsByTopic",
    "SNS:Publish",
  ],
  Resource: arn,
  Condition: { StringEquals: { "AWS:SourceOwner": arn.split(":")[4] } },
});

/** Without the condition, an alarm of any account could publish. */
const statementFor = (arn: string, service: string) => ({
  Sid: `ecomctl-${service.split(".")[0]}`,
  Effect: "Allow",
  Principal: { Service: service },
  Action: "sns:Publish",
  Resource: arn,
  Condition: { StringEquals: { "aws:SourceAccount": arn.split(":")[4] } },
});

/** The statement's id is only a name; actions and keys of conditions know no capitals. */
const same = (one: object, other: object): boolean => isDeepStrictEqual(form(one), form(other));
const form = (statement: object): unknown => {
  const { Sid: _, ...rest } = normalDocument(JSON.stringify({ Statement: [statement] })).Statement[0] ?? {};
  return canonical(JSON.parse(JSON.stringify(rest).replace(/"(sns|aws):/gi, (prefix) => prefix.toLowerCase())));
};
