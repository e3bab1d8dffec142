import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";
import { policyFor, publishersIn } from "./publishers.ts";

export type TopicSpec = {
  /** Services of AWS that may publish in the name of this account, `cloudwatch.amazonaws.com`; left out: the policy is nobody's business. */
  readonly publishers?: readonly string[];
};

/** An SNS standard topic. Its ARN follows from its name, so no list is searched. */
export const topic = defineKind<TopicSpec, "arn">({
  type: "sns:topic",
  outputs: ["arn"],
  check: (name) =>
    /^[\w-]{1,256}$/.test(name) ? undefined : "a topic's name has 1 to 256 letters, digits, hyphens and underscores",

  async read(aws, name) {
    const arn = await arnOf(aws, name);
    const [found, tags] = await Promise.all([
      unlessAbsent(aws.sns.getTopicAttributes({ TopicArn: arn }), "NotFound"),
      unlessAbsent(aws.sns.listTagsForResource({ ResourceArn: arn }), "ResourceNotFound", "NotFound"),
    ]);
    // Of the two calls one found it, and one did not: it is on its way in or out.
    if (!found || !tags) return undefined;
    const { stack, adopted } = ownerIn(tags.Tags);
    const publishers = publishersIn(found.Attributes?.Policy, arn);
    return { spec: { publishers, stack }, adopted, outputs: { arn } };
  },

  async create(aws, name, want) {
    await aws.sns.createTopic({ Name: name, Tags: tagList(want) });
    if (want.publishers?.length) await admit(aws, name, want.publishers);
  },

  async update(aws, name, want, _have, changed) {
    if (changed.has("stack")) await aws.sns.tagResource({ ResourceArn: await arnOf(aws, name), Tags: tagList(want) });
    if (changed.has("publishers")) await admit(aws, name, want.publishers ?? []);
  },

  async delete(aws, name) {
    await aws.sns.deleteTopic({ TopicArn: await arnOf(aws, name) });
  },

  async release(aws, name) {
    await aws.sns.untagResource({ ResourceArn: await arnOf(aws, name), TagKeys: tagKeys });
  },
});

const arnOf = (aws: Aws, name: string) => aws.arn("sns", name);

/** The policy is put whole, with what SNS itself lets the owner do. */
async function admit(aws: Aws, name: string, publishers: readonly string[]): Promise<void> {
  const TopicArn = await arnOf(aws, name);
  const AttributeValue = policyFor(TopicArn, publishers);
  await aws.sns.setTopicAttributes({ TopicArn, AttributeName: "Policy", AttributeValue });
}
