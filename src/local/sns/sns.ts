import { randomUUID } from "node:crypto";
import type { SNS } from "@aws-sdk/client-sns";
import { page } from "../page.ts";
import { type Call, emulate, type Need, Refusal } from "../service.ts";
import { checkedTopicAttribute, effectiveDelivery, topicDefaults } from "./attributes.ts";
import { mail } from "./outbox.ts";
import { permissions } from "./permissions.ts";
import { check, type Publication, publish, sizeOf } from "./publish.ts";
import { subscriptions } from "./subscriptions.ts";
import {
  invalid,
  noMetrics,
  type SnsState,
  snsKeeper,
  subscriptionsOf,
  type Topic,
  topicArn,
  topicOf,
  topicWith,
} from "./topics.ts";

const PER_PAGE = 100;

/** SNS: topics, subscriptions with filters, delivery into the queues of SQS as their policies allow it. */
export const sns = emulate<SNS, SnsState>({
  ...snsKeeper,
  load: () => import("@aws-sdk/client-sns"),
  needs,
  handlers: {
    ...subscriptions,
    ...permissions,

    CreateTopic: (input, { state, region, account }) => {
      const { Name: name = "", Attributes = {}, Tags } = input;
      if (!/^[\w-]{1,256}$/.test(name)) throw invalid("Topic Name");
      const given = Object.entries(Attributes).map(([key, value]) => [key, checkedTopicAttribute(key, value)] as const);
      const tags = Object.fromEntries((Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
      const arn = topicArn(name, region, account);
      const existing = topicWith(state, arn, region, account);
      if (existing) {
        const has: Record<string, string> = { ...topicDefaults(arn, account), ...existing.attributes };
        if (given.some(([key, value]) => (has[key] ?? "") !== value))
          throw invalid("Attributes Reason: Topic already exists with different attributes");
        if (Tags && !same(existing.tags, tags)) throw invalid("Tags Reason: Topic already exists with different tags");
      } else {
        const attributes = Object.fromEntries(given.filter(([, value]) => value !== ""));
        state.topics[name] = { name, attributes, tags, deleted: 0, metrics: noMetrics() };
      }
      return { TopicArn: arn };
    },

    DeleteTopic: (input, { state, region, account }) => {
      const arn = input.TopicArn ?? "";
      if (arn.split(":").length < 6) throw invalid("TopicArn Reason: An ARN must have at least 6 elements");
      const topic = topicWith(state, arn, region, account);
      for (const subscription of subscriptionsOf(state, arn)) delete state.subscriptions[subscription.arn];
      if (topic) delete state.topics[topic.name];
    },

    ListTopics: (input, { state, region, account }) => {
      const { items, next } = page(Object.values(state.topics), (topic) => topic.name, PER_PAGE, input.NextToken);
      const Topics = items.map((topic) => ({ TopicArn: topicArn(topic.name, region, account) }));
      return { Topics, ...(next && { NextToken: next }) };
    },

    GetTopicAttributes: (input, { state, region, account }) => {
      const topic = topicOf(state, input.TopicArn, region, account);
      const arn = topicArn(topic.name, region, account);
      const all = subscriptionsOf(state, arn);
      const pending = all.filter((subscription) => subscription.token !== undefined).length;
      return {
        Attributes: {
          TopicArn: arn,
          Owner: account,
          SubscriptionsConfirmed: String(all.length - pending),
          SubscriptionsPending: String(pending),
          SubscriptionsDeleted: String(topic.deleted),
          EffectiveDeliveryPolicy: effectiveDelivery(topic),
          ...topicDefaults(arn, account),
          ...topic.attributes,
        },
      };
    },

    SetTopicAttributes: (input, { state, region, account }) => {
      const topic = topicOf(state, input.TopicArn, region, account);
      const { AttributeName: name = "", AttributeValue = "" } = input;
      const value = checkedTopicAttribute(name, AttributeValue);
      if (value === "") delete topic.attributes[name];
      else topic.attributes[name] = value;
    },

    Publish: (input, call) => {
      const publication = publicationOf(input);
      if (input.PhoneNumber !== undefined) {
        check(publication);
        mail(call.local, { protocol: "sms", to: input.PhoneNumber, text: input.Message ?? "" });
        return { MessageId: randomUUID() };
      }
      const arn = input.TopicArn ?? input.TargetArn;
      if (arn === undefined) throw invalid("TopicArn or TargetArn Reason: no value for required parameter");
      return { MessageId: publish(call.local, call.region, arn, publication) };
    },

    PublishBatch: (input, call) => {
      topicOf(call.state, input.TopicArn, call.region, call.account);
      const entries = input.PublishBatchRequestEntries ?? [];
      refuseBatch(entries.map((entry) => entry.Id ?? ""));
      const size = entries.reduce((sum, entry) => sum + sizeOf(publicationOf(entry)), 0);
      if (size > 256 * 1024)
        throw new Refusal(
          "BatchRequestTooLongException",
          "The length of all the messages put together is more than the limit.",
        );
      const Successful: { Id: string | undefined; MessageId: string }[] = [];
      const Failed: { Id: string | undefined; Code: string; Message: string; SenderFault: boolean }[] = [];
      for (const entry of entries) {
        try {
          const MessageId = publish(call.local, call.region, input.TopicArn ?? "", publicationOf(entry));
          Successful.push({ Id: entry.Id, MessageId });
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          const Code = error.name.replace(/Exception$/, "");
          Failed.push({ Id: entry.Id, Code, Message: error.message, SenderFault: true });
        }
      }
      return { Successful, Failed };
    },

    TagResource: (input, call) => {
      const topic = tagged(input.ResourceArn, call);
      const added = Object.fromEntries((input.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
      const tags = { ...topic.tags, ...added };
      if (Object.keys(tags).length > 50)
        throw new Refusal(
          "TagLimitExceededException",
          "Could not complete request: tag quota of per resource exceeded",
        );
      topic.tags = tags;
    },

    UntagResource: (input, call) => {
      const topic = tagged(input.ResourceArn, call);
      for (const key of input.TagKeys ?? []) delete topic.tags[key];
    },

    ListTagsForResource: (input, call) => ({
      Tags: Object.entries(tagged(input.ResourceArn, call).tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  },
});

interface Published {
  Message?: string;
  Subject?: string;
  MessageStructure?: string;
  MessageAttributes?: Publication["attributes"];
}

const publicationOf = ({ Message, Subject, MessageStructure, MessageAttributes }: Published): Publication => ({
  message: Message,
  subject: Subject,
  structure: MessageStructure,
  attributes: MessageAttributes,
});

function tagged(arn: string | undefined, { state, region, account }: Call<SnsState>): Topic {
  const topic = topicWith(state, arn, region, account);
  if (!topic) throw new Refusal("ResourceNotFoundException", "Resource does not exist");
  return topic;
}

const same = (one: Record<string, string>, other: Record<string, string>): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([key, value]) => other[key] === value);

function refuseBatch(ids: readonly string[]): void {
  if (ids.length === 0)
    throw new Refusal("EmptyBatchRequestException", "The batch request doesn't contain any entries.");
  if (ids.length > 10)
    throw new Refusal(
      "TooManyEntriesInBatchRequestException",
      "The batch request contains more entries than permissible (more than 10).",
    );
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id)))
    throw new Refusal(
      "InvalidBatchEntryIdException",
      "The Id of a batch entry in a batch request doesn't abide by the specification.",
    );
  if (new Set(ids).size < ids.length)
    throw new Refusal(
      "BatchEntryIdsNotDistinctException",
      "Two or more batch entries in the request have the same Id.",
    );
}

/** On the topic; listing is on everything; a subscription's own operations are on its topic, which its ARN names. */
function needs(
  operation: string,
  input: Record<string, unknown>,
  { region, account }: Omit<Call<SnsState>, "state">,
): Need[] {
  const { TopicArn, TargetArn, ResourceArn, SubscriptionArn, Name, Tags } = input;
  const action = `sns:${operation.replace(/^PublishBatch$/, "Publish")}`;
  const given = [TopicArn, TargetArn, ResourceArn, SubscriptionArn].find((arn) => typeof arn === "string");
  const named = typeof Name === "string" ? topicArn(Name, region, account) : "*";
  const resource = typeof given === "string" ? given.split(":").slice(0, 6).join(":") : named;
  const tags = operation === "CreateTopic" && Array.isArray(Tags) && Tags.length > 0;
  return [{ action, resource }, ...(tags ? [{ action: "sns:TagResource", resource }] : [])];
}
