import { isDeepStrictEqual } from "node:util";
import { canonical } from "../../engine/compare.ts";

/** The policy that lets these topics, and nobody else, send to a queue. Without it SNS takes the subscription and never delivers. */
export const policyFor = (queueArn: string, topicArns: readonly string[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [statementFor(queueArn, topicArns)] });

/** The topics that a policy admits; every statement of another form stands in the list as its text, so that it shows as drift. */
export function sourcesIn(policy: string | undefined, queueArn: string): string[] {
  if (!policy) return [];
  const { Statement = [] } = JSON.parse(policy) as { Statement?: unknown };
  return [Statement].flat().flatMap((statement) => {
    const arns = listOf((statement as Statement).Condition?.ArnEquals?.["aws:SourceArn"]);
    const plain = arns.length > 0 && isDeepStrictEqual(normal(statement), normal(statementFor(queueArn, arns)));
    return plain ? arns : [JSON.stringify(canonical(statement))];
  });
}

interface Statement {
  readonly Condition?: { readonly ArnEquals?: { readonly "aws:SourceArn"?: string | string[] } };
}

const statementFor = (queueArn: string, topicArns: readonly string[]) => ({
  Sid: "ecomctl-sns",
  Effect: "Allow",
  Principal: { Service: "sns.amazonaws.com" },
  Action: "sqs:SendMessage",
  Resource: queueArn,
  Condition: { ArnEquals: { "aws:SourceArn": topicArns } },
});

const listOf = (value: string | readonly string[] | undefined): string[] => (value === undefined ? [] : [value].flat());

/** AWS writes one-element lists as strings and `SQS:` in capitals; the statement's id is only a name. */
function normal(statement: unknown): unknown {
  const loosen = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.length === 1 ? loosen(value[0]) : value.map(loosen);
    if (typeof value === "string") return value.replace(/^SQS:/, "sqs:");
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, loosen(item)]));
  };
  const { Sid: _, ...rest } = statement as Record<string, unknown>;
  return canonical(loosen(rest));
}
