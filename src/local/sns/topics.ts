import { type Keeper, type Local, Refusal } from "../service.ts";

/** What CloudWatch counts of a topic. */
export interface TopicMetrics {
  NumberOfMessagesPublished: number;
  NumberOfNotificationsDelivered: number;
  NumberOfNotificationsFailed: number;
  NumberOfNotificationsFilteredOut: number;
  NumberOfNotificationsRedrivenToDlq: number;
  NumberOfNotificationsFailedToRedriveToDlq: number;
}

/** A topic as it is kept. */
export interface Topic {
  readonly name: string;
  /** What was set; what was not has its default. */
  attributes: Record<string, string>;
  tags: Record<string, string>;
  /** Subscriptions that were deleted from it. */
  deleted: number;
  metrics: TopicMetrics;
}

/** A subscription as it is kept. */
export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  /** ARN of who subscribed it. */
  readonly principal: string;
  /** Until it is confirmed with this. */
  token?: string;
  attributes: Record<string, string>;
}

export interface SnsState {
  topics: Record<string, Topic>;
  subscriptions: Record<string, Subscription>;
}

/** What finds the state of SNS from anywhere. */
export const snsKeeper: Keeper<SnsState> = { id: "sns", initial: () => ({ topics: {}, subscriptions: {} }) };

export const topicArn = (name: string, region: string, account: string): string =>
  `arn:aws:sns:${region}:${account}:${name}`;

/** A topic by its ARN. Throws InvalidParameterException, NotFoundException. */
export function topicOf(state: SnsState, arn: string | undefined, region: string, account: string): Topic {
  const parts = (arn ?? "").split(":");
  if (parts.length < 6) throw invalid(`TopicArn Reason: An ARN must have at least 6 elements, not ${parts.length}`);
  const topic = topicWith(state, arn, region, account);
  if (!topic) throw new Refusal("NotFoundException", "Topic does not exist");
  return topic;
}

/** A topic by its ARN, if it is there. */
export function topicWith(
  state: SnsState,
  arn: string | undefined,
  region: string,
  account: string,
): Topic | undefined {
  const name = arn?.split(":")[5] ?? "";
  return Object.hasOwn(state.topics, name) && arn === topicArn(name, region, account) ? state.topics[name] : undefined;
}

export const subscriptionsOf = (state: SnsState, arn: string): Subscription[] =>
  Object.values(state.subscriptions).filter((subscription) => subscription.topicArn === arn);

/** A subscription by its ARN. Throws NotFoundException. */
export function subscriptionOf(state: SnsState, arn = ""): Subscription {
  const subscription = Object.hasOwn(state.subscriptions, arn) ? state.subscriptions[arn] : undefined;
  if (!subscription) throw new Refusal("NotFoundException", "Subscription does not exist");
  return subscription;
}

export const noMetrics = (): TopicMetrics => ({
  NumberOfMessagesPublished: 0,
  NumberOfNotificationsDelivered: 0,
  NumberOfNotificationsFailed: 0,
  NumberOfNotificationsFilteredOut: 0,
  NumberOfNotificationsRedrivenToDlq: 0,
  NumberOfNotificationsFailedToRedriveToDlq: 0,
});

/** What was counted since each topic was made, by the topic's name. */
export function topicMetrics(local: Local, region: string): Record<string, TopicMetrics> {
  const { topics } = local.state(snsKeeper, region);
  return Object.fromEntries(Object.values(topics).map(({ name, metrics }) => [name, { ...metrics }]));
}

export const invalid = (message: string): Refusal =>
  new Refusal("InvalidParameterException", `Invalid parameter: ${message}`);
