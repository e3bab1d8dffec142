import { readPolicy, type Scope } from "./filter.ts";
import { invalid, type Topic } from "./topics.ts";

const topicSettable = [
  "DisplayName",
  "Policy",
  "DeliveryPolicy",
  "KmsMasterKeyId",
  "SignatureVersion",
  "TracingConfig",
  ...["HTTP", "SQS", "Lambda", "Application", "Firehose"].flatMap((protocol) =>
    ["SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn"].map((end) => protocol + end),
  ),
];

/** An attribute of a topic, checked and as it is kept. Throws InvalidParameterException. */
export function checkedTopicAttribute(name: string, value: string): string {
  if (name === "FifoTopic" || name === "ContentBasedDeduplication")
    throw invalid("AttributeName Reason: the local AWS has standard topics only");
  if (!topicSettable.includes(name)) throw invalid("AttributeName");
  if (name === "DisplayName" && value.length > 100)
    throw invalid("DisplayName Reason: Must be at most 100 characters long");
  if (name === "SignatureVersion" && !/^[12]?$/.test(value)) throw invalid("SignatureVersion");
  if (name === "TracingConfig" && !/^(Active|PassThrough)?$/.test(value)) throw invalid("TracingConfig");
  if (value === "" || (name !== "Policy" && name !== "DeliveryPolicy")) return value;
  const document = parse(value);
  if (!document) throw invalid(`${name} Reason: failed to parse JSON`);
  if (name === "Policy" && !("Statement" in document)) throw invalid("Policy statement action out of service scope!");
  return JSON.stringify(document);
}

/** What a topic's attributes are when they were not set. */
export function topicDefaults(arn: string, account: string): Record<string, string> {
  const actions = [
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
  ];
  const statement = {
    Sid: "__default_statement_ID",
    Effect: "Allow",
    Principal: { AWS: "*" },
    Action: actions.map((action) => `SNS:${action}`),
    Resource: arn,
    Condition: { StringEquals: { "AWS:SourceOwner": account } },
  };
  return {
    DisplayName: "",
    Policy: JSON.stringify({ Version: "2008-10-17", Id: "__default_policy_ID", Statement: [statement] }),
  };
}

const deliveryPolicy = {
  http: {
    defaultHealthyRetryPolicy: {
      minDelayTarget: 20,
      maxDelayTarget: 20,
      numRetries: 3,
      numMaxDelayRetries: 0,
      numNoDelayRetries: 0,
      numMinDelayRetries: 0,
      backoffFunction: "linear",
    },
    disableSubscriptionOverrides: false,
    defaultRequestPolicy: { headerContentType: "text/plain; charset=UTF-8" },
  },
};

/** What DeliveryPolicy comes to with AWS's defaults in it. */
export function effectiveDelivery({ attributes }: Topic): string {
  const given = parse(attributes.DeliveryPolicy ?? "") ?? {};
  const http = { ...deliveryPolicy.http, ...(typeof given.http === "object" ? given.http : {}) };
  return JSON.stringify({ ...given, http });
}

const subscriptionSettable = [
  "RawMessageDelivery",
  "FilterPolicy",
  "FilterPolicyScope",
  "DeliveryPolicy",
  "RedrivePolicy",
  "SubscriptionRoleArn",
];

/** Attributes of a subscription, checked and as they are kept; "" is none. `where` begins the refusal. */
export function checkedSubscription(
  given: Record<string, string>,
  protocol: string,
  where: string,
): Record<string, string> {
  const scope = given.FilterPolicyScope ?? "MessageAttributes";
  if (scope !== "MessageAttributes" && scope !== "MessageBody")
    throw invalid(
      `${where}FilterPolicyScope: Invalid value [${scope}]. Please use either MessageBody or MessageAttributes`,
    );
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, checkedOne(name, value, protocol, scope, where)]),
  );
}

function checkedOne(name: string, value: string, protocol: string, scope: Scope, where: string): string {
  if (!subscriptionSettable.includes(name))
    throw invalid(where ? `${where}Unknown attribute: ${name}` : "AttributeName");
  switch (name) {
    case "RawMessageDelivery": {
      if (!/^(true|false)$/i.test(value))
        throw invalid(`${where}RawMessageDelivery: Invalid value [${value}]. Must be true or false.`);
      if (/true/i.test(value) && !["sqs", "http", "https", "firehose"].includes(protocol))
        throw invalid(`${where}RawMessageDelivery: Protocol ${protocol} does not support raw message delivery.`);
      return value.toLowerCase();
    }
    case "FilterPolicy": {
      if (value === "") return "";
      const policy = readPolicy(value, scope);
      if (typeof policy === "string") throw invalid(where + policy);
      return Object.keys(policy).length > 0 ? JSON.stringify(policy) : "";
    }
    case "RedrivePolicy": {
      if (value === "") return "";
      const target = parse(value)?.deadLetterTargetArn;
      if (typeof target !== "string" || !/^arn:[\w-]+:sqs:/.test(target))
        throw invalid(`${where}RedrivePolicy: deadLetterTargetArn is an invalid arn`);
      return JSON.stringify({ deadLetterTargetArn: target });
    }
    default:
      return value;
  }
}

/** What a subscription's attributes are when they were not set; a scope goes with a filter only. */
export const defaultsOf = (attributes: Readonly<Record<string, string>>): Record<string, string> => ({
  RawMessageDelivery: "false",
  ...(attributes.FilterPolicy && { FilterPolicyScope: "MessageAttributes" }),
});

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
