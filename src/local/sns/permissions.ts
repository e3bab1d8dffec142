import type { SNS } from "@aws-sdk/client-sns";
import type { Call, Handlers } from "../service.ts";
import { topicDefaults } from "./attributes.ts";
import { invalid, type SnsState, topicArn, topicOf } from "./topics.ts";

interface Policy {
  Version: string;
  Statement: { Sid?: string }[];
}

/** Statements of a topic's policy, added and removed by their label. */
export const permissions: Handlers<SNS, SnsState> = {
  AddPermission: (input, call) => {
    const { Label = "", AWSAccountId = [], ActionName = [], TopicArn } = input;
    change(TopicArn, call, (statements, arn) => {
      if (statements.some((statement) => statement.Sid === Label)) throw invalid("Statement already exists");
      const added = {
        Sid: Label,
        Effect: "Allow",
        Principal: { AWS: AWSAccountId.map((id) => `arn:aws:iam::${id}:root`) },
        Action: ActionName.map((action) => `SNS:${action}`),
        Resource: arn,
      };
      return [...statements, added];
    });
  },

  RemovePermission: (input, call) => {
    change(input.TopicArn, call, (statements) => statements.filter((statement) => statement.Sid !== input.Label));
  },
};

function change(
  given: string | undefined,
  { state, region, account }: Call<SnsState>,
  edit: (statements: Policy["Statement"], arn: string) => Policy["Statement"],
): void {
  const topic = topicOf(state, given, region, account);
  const arn = topicArn(topic.name, region, account);
  const policy: Policy = JSON.parse(topic.attributes.Policy ?? topicDefaults(arn, account).Policy ?? "{}");
  topic.attributes.Policy = JSON.stringify({ ...policy, Statement: edit([policy.Statement].flat(), arn) });
}
