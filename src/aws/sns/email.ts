import { isKnown } from "../../engine/reference.ts";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { allPages } from "../pages.ts";

export type EmailSpec = {
  /** The topic's ARN. */
  readonly topic: string;
  /** All addresses that hear of the topic by e-mail. */
  readonly addresses: readonly string[];
};

/** Who hears of a topic by e-mail. SNS asks each address first, and goes on when its owner has followed the link. */
export const email = defineKind<EmailSpec, never>({
  type: "sns:email",
  outputs: [],
  partOf: "topic",
  fixed: ["topic"],

  async read(aws, _name, want) {
    if (!isKnown(want.topic)) return undefined;
    const all = await emailsOf(aws, want.topic);
    // SNS forgets an invitation that nobody answers by itself and has no way to take it back: unless it is wanted, it is none.
    const open = withdrawn.get(aws)?.has(want.topic) ? [] : want.addresses;
    const seen = all.filter(({ address, arn }) => arn !== undefined || open.includes(address));
    if (seen.length === 0) return undefined;
    const waiting = seen.filter(({ arn }) => arn === undefined).map(({ address }) => address);
    return {
      spec: { topic: want.topic, addresses: seen.map(({ address }) => address) },
      outputs: {},
      ...(waiting.length > 0 && {
        state: { is: "pending", why: `${waiting.join(", ")} must follow the link in the e-mail that AWS has sent` },
      }),
    };
  },

  async create(aws, _name, want) {
    withdrawn.get(aws)?.delete(want.topic);
    for (const address of want.addresses) await subscribe(aws, want.topic, address);
  },

  async update(aws, _name, want) {
    const all = await emailsOf(aws, want.topic);
    for (const address of want.addresses) {
      if (!all.some((each) => each.address === address)) await subscribe(aws, want.topic, address);
    }
    for (const { address, arn } of all) {
      if (arn && !want.addresses.includes(address)) await aws.sns.unsubscribe({ SubscriptionArn: arn });
    }
  },

  async delete(aws, _name, have) {
    const topic = String(have.spec.topic);
    for (const { arn } of await emailsOf(aws, topic)) if (arn) await aws.sns.unsubscribe({ SubscriptionArn: arn });
    withdrawn.set(aws, (withdrawn.get(aws) ?? new Set()).add(topic));
  },
});

/** Topics whose unanswered invitations are given up, by the connection that gave them up. */
const withdrawn = new WeakMap<Aws, Set<string>>();

const subscribe = (aws: Aws, TopicArn: string, Endpoint: string) =>
  aws.sns.subscribe({ TopicArn, Protocol: "email", Endpoint, ReturnSubscriptionArn: true });

/** All e-mail addresses of a topic; without an ARN they have not agreed yet. */
async function emailsOf(aws: Aws, topic: string): Promise<{ address: string; arn: string | undefined }[]> {
  const all = await allPages(async (NextToken) => {
    const page = await unlessAbsent(aws.sns.listSubscriptionsByTopic({ TopicArn: topic, NextToken }), "NotFound");
    return { items: page?.Subscriptions, next: page?.NextToken };
  });
  return all
    .filter(({ Protocol, SubscriptionArn }) => Protocol === "email" && SubscriptionArn !== "Deleted")
    .map(({ Endpoint = "", SubscriptionArn = "" }) => ({
      address: Endpoint,
      arn: SubscriptionArn.startsWith("arn:") ? SubscriptionArn : undefined,
    }));
}
