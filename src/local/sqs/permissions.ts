import type { SQS } from "@aws-sdk/client-sqs";
import type { Handlers } from "../service.ts";
import { invalid } from "./message.ts";
import { type Queue, queueArn, queueAt, type SqsState } from "./queues.ts";

interface Policy {
  Version: string;
  Id?: string;
  Statement: { Sid?: string }[];
}

/** Statements of a queue's policy, added and removed by their label. */
export const permissions: Handlers<SQS, SqsState> = {
  AddPermission: (input, { state, region, account, local }) => {
    const queue = queueAt(state, input.QueueUrl);
    const { Label = "", AWSAccountIds = [], Actions = [] } = input;
    const Resource = queueArn(queue.name, region, account);
    const policy = policyOf(queue) ?? { Version: "2012-10-17", Id: `${Resource}/SQSDefaultPolicy`, Statement: [] };
    if (policy.Statement.some((statement) => statement.Sid === Label))
      throw invalid(`Value ${Label} for parameter Label is invalid. Reason: Already exists.`);
    const statement = {
      Sid: Label,
      Effect: "Allow",
      Principal: { AWS: AWSAccountIds.map((id) => `arn:aws:iam::${id}:root`) },
      Action: Actions.map((action) => `SQS:${action}`),
      Resource,
    };
    queue.attributes.Policy = JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] });
    queue.changedAt = local.clock.now();
  },

  RemovePermission: (input, { state, local }) => {
    const queue = queueAt(state, input.QueueUrl);
    const policy = policyOf(queue);
    const rest = policy?.Statement.filter((statement) => statement.Sid !== input.Label);
    if (!policy || rest?.length === policy.Statement.length)
      throw invalid(
        `Value ${input.Label} for parameter Label is invalid. Reason: can't find label on existing policy.`,
      );
    if (rest?.length) queue.attributes.Policy = JSON.stringify({ ...policy, Statement: rest });
    else delete queue.attributes.Policy;
    queue.changedAt = local.clock.now();
  },
};

function policyOf(queue: Queue): Policy | undefined {
  const { Policy } = queue.attributes;
  if (!Policy) return undefined;
  const document: Policy = JSON.parse(Policy);
  return { ...document, Statement: [document.Statement].flat() };
}
