import { randomBytes, randomUUID } from "node:crypto";
import type { SNS } from "@aws-sdk/client-sns";
import { page } from "../page.ts";
import { type Call, type Handlers, Refusal } from "../service.ts";
import { checkedSubscription, defaultsOf } from "./attributes.ts";
import { mail } from "./outbox.ts";
import {
  invalid,
  type SnsState,
  type Subscription,
  subscriptionOf,
  subscriptionsOf,
  topicOf,
  topicWith,
} from "./topics.ts";

const PER_PAGE = 100;

/** Protocols whose endpoint must agree before it gets anything. */
const asked = new Set(["http", "https", "email", "email-json"]);

/** What an endpoint looks like, and what SNS says if it does not. */
const endpoints: Readonly<Record<string, readonly [RegExp, string]>> = {
  sqs: [/^arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w.-]+$/, "SQS endpoint ARN"],
  lambda: [/^arn:[\w-]+:lambda:/, "Lambda endpoint ARN"],
  firehose: [/^arn:[\w-]+:firehose:/, "Firehose endpoint ARN"],
  application: [/^arn:[\w-]+:sns:/, "Application endpoint arn invalid"],
  email: [/^[^@\s]+@[^@\s]+$/, "Email address"],
  "email-json": [/^[^@\s]+@[^@\s]+$/, "Email address"],
  http: [/^http:\/\//, "Endpoint must match the specified protocol"],
  https: [/^https:\/\//, "Endpoint must match the specified protocol"],
  sms: [/^\+?[\d\s()-]{4,}$/, "Invalid SMS endpoint"],
};

/** Who gets what a topic says. */
export const subscriptions: Handlers<SNS, SnsState> = {
  Subscribe: (input, call) => {
    const { state, region, account } = call;
    const { TopicArn = "", Protocol: protocol = "", Endpoint: endpoint = "", Attributes = {} } = input;
    topicOf(state, TopicArn, region, account);
    const form = endpoints[protocol];
    if (!form) throw invalid(`Amazon SNS does not support this protocol string: ${protocol}`);
    if (!form[0].test(endpoint)) throw invalid(form[1]);
    if (endpoint.endsWith(".fifo"))
      throw invalid("Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics");
    const attributes = checkedSubscription(Attributes, protocol, "Attributes Reason: ");
    const existing = subscriptionsOf(state, TopicArn).find(
      (one) => one.protocol === protocol && one.endpoint === endpoint,
    );
    if (existing && differs(existing, attributes))
      throw invalid("Attributes Reason: Subscription already exists with different attributes");
    const subscription =
      existing ?? add(call, { topicArn: TopicArn, protocol, endpoint, principal: call.caller.arn, attributes });
    const told = subscription.token === undefined || input.ReturnSubscriptionArn;
    return { SubscriptionArn: told ? subscription.arn : "pending confirmation" };
  },

  ConfirmSubscription: (input, { state, region, account }) => {
    topicOf(state, input.TopicArn, region, account);
    const all = subscriptionsOf(state, input.TopicArn ?? "");
    const subscription = all.find((one) => one.token !== undefined && one.token === input.Token);
    if (!subscription) throw invalid("Token");
    delete subscription.token;
    if (input.AuthenticateOnUnsubscribe === "true") subscription.attributes.ConfirmationWasAuthenticated = "true";
    return { SubscriptionArn: subscription.arn };
  },

  Unsubscribe: (input, { state, region, account }) => {
    const { SubscriptionArn: arn = "" } = input;
    if (arn.split(":").length < 7) throw invalid(`SubscriptionArn Reason: An ARN must have at least 7 elements`);
    const subscription = Object.hasOwn(state.subscriptions, arn) ? state.subscriptions[arn] : undefined;
    const topic = topicWith(state, subscription?.topicArn, region, account);
    delete state.subscriptions[arn];
    if (topic) topic.deleted++;
  },

  GetSubscriptionAttributes: (input, { state, account }) => {
    const { arn, topicArn, protocol, endpoint, token, principal, attributes } = subscriptionOf(
      state,
      input.SubscriptionArn,
    );
    return {
      Attributes: {
        SubscriptionArn: arn,
        TopicArn: topicArn,
        Protocol: protocol,
        Endpoint: endpoint,
        Owner: account,
        PendingConfirmation: String(token !== undefined),
        ConfirmationWasAuthenticated: String(!asked.has(protocol)),
        SubscriptionPrincipal: principal,
        ...defaultsOf(attributes),
        ...attributes,
      },
    };
  },

  SetSubscriptionAttributes: (input, { state }) => {
    const subscription = subscriptionOf(state, input.SubscriptionArn);
    const { AttributeName: name = "", AttributeValue: value = "" } = input;
    const scope = subscription.attributes.FilterPolicyScope;
    const policy = subscription.attributes.FilterPolicy;
    // A policy is read in the scope that there is, and a scope must suit the policy that there is.
    const together = {
      ...(name === "FilterPolicy" && scope && { FilterPolicyScope: scope }),
      ...(name === "FilterPolicyScope" && policy && { FilterPolicy: policy }),
      [name]: value,
    };
    const checked = checkedSubscription(together, subscription.protocol, "");
    if (checked[name]) subscription.attributes[name] = checked[name];
    else delete subscription.attributes[name];
  },

  ListSubscriptions: (input, { state, account }) => list(Object.values(state.subscriptions), input.NextToken, account),

  ListSubscriptionsByTopic: (input, { state, region, account }) => {
    topicOf(state, input.TopicArn, region, account);
    return list(subscriptionsOf(state, input.TopicArn ?? ""), input.NextToken, account);
  },
};

function list(all: readonly Subscription[], token: string | undefined, account: string) {
  const { items, next } = page(all, (subscription) => subscription.arn, PER_PAGE, token);
  return {
    Subscriptions: items.map((one) => ({
      SubscriptionArn: one.token === undefined ? one.arn : "PendingConfirmation",
      Owner: account,
      Protocol: one.protocol,
      Endpoint: one.endpoint,
      TopicArn: one.topicArn,
    })),
    ...(next && { NextToken: next }),
  };
}

function differs(existing: Subscription, attributes: Record<string, string>): boolean {
  const effective: Record<string, string> = { ...defaultsOf(existing.attributes), ...existing.attributes };
  return Object.entries(attributes).some(([name, value]) => (effective[name] ?? "") !== value);
}

function add({ state, local }: Call<SnsState>, about: Omit<Subscription, "arn" | "token">): Subscription {
  const { topicArn, protocol, endpoint } = about;
  const others = subscriptionsOf(state, topicArn);
  // "200 filter policies per topic" (SNS quotas).
  if (about.attributes.FilterPolicy && others.filter((one) => one.attributes.FilterPolicy).length >= 200)
    throw new Refusal("FilterPolicyLimitExceededException", "Filter policy limit exceeded for this topic");
  const subscription: Subscription = {
    ...about,
    attributes: Object.fromEntries(Object.entries(about.attributes).filter(([, value]) => value !== "")),
    arn: `${topicArn}:${randomUUID()}`,
  };
  if (asked.has(protocol)) {
    subscription.token = randomBytes(96).toString("hex");
    const text = `You have chosen to subscribe to the topic ${topicArn}. To confirm: aws sns confirm-subscription --topic-arn ${topicArn} --token ${subscription.token}`;
    mail(local, { protocol, to: endpoint, topicArn, subject: "AWS Notification - Subscription Confirmation", text });
  }
  state.subscriptions[subscription.arn] = subscription;
  return subscription;
}
