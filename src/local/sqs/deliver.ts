import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { type Local, Refusal } from "../service.ts";
import type { Counts } from "./mailbox.ts";
import { messageOf } from "./message.ts";
import { admits } from "./policy.ts";
import { mailboxOf, numberOf, queueNamed, queueWithArn, sqsKeeper } from "./queues.ts";

/** A message that a topic hands to a queue. */
export interface Delivery {
  readonly body: string;
  readonly attributes?: Record<string, MessageAttributeValue>;
  /** The topic's ARN, for which the queue's policy must admit SNS. */
  readonly topicArn: string;
}

/**
 * Puts a topic's message into a queue, on disk when it returns. Throws QueueDoesNotExist; AccessDenied if the queue's
 * policy does not let this topic send; and what SQS refuses of any message.
 */
export function deliver(
  local: Local,
  region: string,
  queueArn: string,
  { body, attributes, topicArn }: Delivery,
): void {
  const queue = queueWithArn(local.state(sqsKeeper, region), queueArn, region, local.account);
  if (!queue) throw new Refusal("QueueDoesNotExist", "The specified queue does not exist.");
  const admitted = admits(queue.attributes.Policy, {
    service: "sns.amazonaws.com",
    action: "sqs:SendMessage",
    resource: queueArn,
    context: {
      "aws:SourceArn": topicArn,
      "aws:SourceAccount": local.account,
      "aws:PrincipalIsAWSService": "true",
      "aws:SecureTransport": "true",
    },
  });
  if (!admitted)
    throw new Refusal(
      "AccessDenied",
      `The policy of ${queue.name} does not let sns.amazonaws.com send messages from ${topicArn}.`,
    );
  const now = local.clock.now();
  const letter = { body, attributes, sender: "AIDAISMY7JYY5F7RTT6AO" };
  const message = messageOf(letter, now, numberOf(queue, "DelaySeconds"), numberOf(queue, "MaximumMessageSize"));
  mailboxOf(local, queue).put([message]);
}

/** How many messages a queue holds now, by what can be done with them. Throws QueueDoesNotExist. */
export const depth = (local: Local, region: string, queueName: string): Counts =>
  mailboxOf(local, queueNamed(local.state(sqsKeeper, region), queueName)).counts();
