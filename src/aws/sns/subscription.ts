import { isKnown } from "../../engine/reference.ts";
import type { State } from "../../engine/resource.ts";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { allPages } from "../pages.ts";

export type SubscriptionSpec = {
  /** The topic's ARN. */
  readonly topic: string;
  /** The queue's name. */
  readonly queue: string;
  /** The message as it was published, without SNS's envelope. */
  readonly raw: boolean;
  /** What reaches the queue: attribute → values. */
  readonly filter: Readonly<Record<string, readonly string[]>> | null;
  /** What the filter looks at. */
  readonly scope: "MessageAttributes" | "MessageBody";
};

/** A queue's subscription to a topic. It has no name on AWS: it is found by its queue among those of the topic. */
export const subscription = defineKind<SubscriptionSpec, "arn">({
  type: "sns:subscription",
  outputs: ["arn"],
  partOf: "topic",
  fixed: ["topic", "queue"],

  async read(aws, _name, want) {
    const [all, endpoint] = await Promise.all([subscriptionsOf(aws, want.topic), endpointOf(aws, want.queue)]);
    const arn = all.find(({ Protocol, Endpoint }) => Protocol === "sqs" && Endpoint === endpoint)?.SubscriptionArn;
    if (!arn || arn === "Deleted") return undefined;
    const where = { topic: want.topic, queue: want.queue };
    if (!arn.startsWith("arn:")) return { spec: where, outputs: {}, state: unconfirmed(want.queue) };
    const found = await unlessAbsent(aws.sns.getSubscriptionAttributes({ SubscriptionArn: arn }), "NotFound");
    if (!found?.Attributes) return undefined;
    const { RawMessageDelivery, FilterPolicy, FilterPolicyScope, PendingConfirmation } = found.Attributes;
    const filter = FilterPolicy ? (JSON.parse(FilterPolicy) as Record<string, string[]>) : {};
    return {
      spec: {
        ...where,
        raw: RawMessageDelivery === "true",
        filter: Object.keys(filter).length > 0 ? filter : null,
        scope: FilterPolicyScope === "MessageBody" ? "MessageBody" : "MessageAttributes",
      },
      outputs: { arn },
      ...(PendingConfirmation === "true" && { state: unconfirmed(want.queue) }),
    };
  },

  async create(aws, _name, want) {
    await aws.sns.subscribe({
      TopicArn: want.topic,
      Protocol: "sqs",
      Endpoint: await endpointOf(aws, want.queue),
      ReturnSubscriptionArn: true,
      Attributes: {
        RawMessageDelivery: String(want.raw),
        ...(want.filter && { FilterPolicyScope: want.scope, FilterPolicy: JSON.stringify(want.filter) }),
      },
    });
  },

  async update(aws, _name, want, have, changed) {
    const set = (AttributeName: string, AttributeValue: string) =>
      aws.sns.setSubscriptionAttributes({ SubscriptionArn: String(have.outputs.arn), AttributeName, AttributeValue });
    if (changed.has("raw")) await set("RawMessageDelivery", String(want.raw));
    // A filter is read in the light of its scope: the scope goes first.
    if (changed.has("scope")) await set("FilterPolicyScope", want.scope);
    if (changed.has("filter") || changed.has("scope")) await set("FilterPolicy", JSON.stringify(want.filter ?? {}));
  },

  async delete(aws, _name, have) {
    if (have.outputs.arn) await aws.sns.unsubscribe({ SubscriptionArn: String(have.outputs.arn) });
  },
});

const unconfirmed = (queue: string): State => ({ is: "pending", why: `the subscription of ${queue} is not confirmed` });

/** While the queue's name is a reference still, nothing is found by it. */
const endpointOf = async (aws: Aws, queue: string) => (isKnown(queue) ? aws.arn("sqs", queue) : queue);

const subscriptionsOf = async (aws: Aws, topic: string) =>
  allPages(async (NextToken) => {
    const page = await unlessAbsent(aws.sns.listSubscriptionsByTopic({ TopicArn: topic, NextToken }), "NotFound");
    return { items: page?.Subscriptions, next: page?.NextToken };
  });
