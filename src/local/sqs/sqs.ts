import { randomUUID } from "node:crypto";
import type { SQS } from "@aws-sdk/client-sqs";
import { type Call, emulate, type Need, Refusal } from "../service.ts";
import { checkedAttributes, difference, setAttributes, toldAttributes } from "./attributes.ts";
import { invalid } from "./message.ts";
import { messages } from "./messages.ts";
import { cancelMove, handleOf, resumeMoves, startMove } from "./moves.ts";
import { permissions } from "./permissions.ts";
import {
  closeMailboxes,
  dropMailbox,
  mailboxOf,
  nameInUrl,
  type Queue,
  queueArn,
  queueAt,
  queueNamed,
  type SqsState,
  sqsKeeper,
} from "./queues.ts";
import { sourcesOf } from "./redrive.ts";

/** AWS's pause before a name is free again, and between two purges, in ms. */
const PAUSE = 60_000;

/** SQS: queues are plain state, messages are in a journal for each queue, and outlive `kill -9`. */
export const sqs = emulate<SQS, SqsState>({
  ...sqsKeeper,
  load: () => import("@aws-sdk/client-sqs"),
  needs,
  start(local) {
    for (const region of local.regions(sqsKeeper))
      for (const queue of Object.values(local.state(sqsKeeper, region).queues)) mailboxOf(local, queue);
    resumeMoves(local);
  },
  stop: closeMailboxes,
  handlers: {
    ...messages,
    ...permissions,

    CreateQueue: (input, call) => {
      const { state, local } = call;
      const { QueueName: name = "", Attributes = {}, tags = {} } = input;
      if (!/^[\w-]{1,80}(\.fifo)?$/.test(name))
        throw invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
      const attributes = checkedAttributes(Attributes, name, call);
      const existing = Object.hasOwn(state.queues, name) ? state.queues[name] : undefined;
      const differing = existing && difference(existing, attributes);
      if (differing)
        throw new Refusal(
          "QueueNameExists",
          `A queue already exists with the same name and a different value for attribute ${differing}`,
        );
      const now = local.clock.now();
      if (!existing) {
        if (now < (state.deleted[name] ?? Number.NEGATIVE_INFINITY) + local.lasts(PAUSE))
          throw new Refusal(
            "QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
          );
        delete state.deleted[name];
        const queue: Queue = {
          id: randomUUID(),
          name,
          createdAt: now,
          changedAt: now,
          attributes: {},
          tags: { ...tags },
        };
        setAttributes(queue, attributes, now);
        state.queues[name] = queue;
      }
      return { QueueUrl: urlOf(name, call) };
    },

    GetQueueUrl: (input, call) => {
      const elsewhere = input.QueueOwnerAWSAccountId && input.QueueOwnerAWSAccountId !== call.account;
      return { QueueUrl: urlOf(queueNamed(call.state, elsewhere ? undefined : input.QueueName).name, call) };
    },

    ListQueues: (input, call) => {
      const { QueueNamePrefix: prefix = "", MaxResults: most, NextToken: after = "" } = input;
      const names = Object.keys(call.state.queues).filter((name) => name.startsWith(prefix) && name > after);
      return page(names, most, call);
    },

    GetQueueAttributes: (input, call) => {
      const queue = queueAt(call.state, input.QueueUrl);
      const names = (input.AttributeNames ?? []).map(String);
      return names.length > 0 ? { Attributes: toldAttributes(queue, names, call.local, call.region) } : {};
    },

    SetQueueAttributes: (input, call) => {
      const queue = queueAt(call.state, input.QueueUrl);
      const attributes = checkedAttributes(input.Attributes ?? {}, queue.name, call);
      setAttributes(queue, attributes, call.local.clock.now());
    },

    DeleteQueue: (input, { state, local }) => {
      const queue = queueAt(state, input.QueueUrl);
      delete state.queues[queue.name];
      state.deleted[queue.name] = local.clock.now();
      dropMailbox(local, queue);
    },

    PurgeQueue: (input, { state, local }) => {
      const queue = queueAt(state, input.QueueUrl);
      const now = local.clock.now();
      if (queue.purgedAt !== undefined && now < queue.purgedAt + local.lasts(PAUSE))
        throw new Refusal(
          "PurgeQueueInProgress",
          `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
        );
      queue.purgedAt = now;
      mailboxOf(local, queue).purge();
    },

    TagQueue: (input, { state }) => {
      const queue = queueAt(state, input.QueueUrl);
      const tags = { ...queue.tags, ...input.Tags };
      if (Object.keys(tags).length > 50) throw invalid("Too many tags added for queue");
      queue.tags = tags;
    },

    UntagQueue: (input, { state }) => {
      const queue = queueAt(state, input.QueueUrl);
      for (const key of input.TagKeys ?? []) delete queue.tags[key];
    },

    ListQueueTags: (input, { state }) => {
      const { tags } = queueAt(state, input.QueueUrl);
      return Object.keys(tags).length > 0 ? { Tags: tags } : {};
    },

    ListDeadLetterSourceQueues: (input, call) => {
      const target = queueArn(queueAt(call.state, input.QueueUrl).name, call.region, call.account);
      const names = sourcesOf(call.state, target).map((queue) => queue.name);
      const { QueueUrls, NextToken } = page(
        names.filter((name) => name > (input.NextToken ?? "")),
        input.MaxResults,
        call,
      );
      return { queueUrls: QueueUrls ?? [], ...(NextToken && { NextToken }) };
    },

    StartMessageMoveTask: (input, call) => ({ TaskHandle: handleOf(startMove(input, call)) }),

    CancelMessageMoveTask: (input, { state }) => ({
      ApproximateNumberOfMessagesMoved: cancelMove(input.TaskHandle, state).moved,
    }),

    ListMessageMoveTasks: (input, { state, region, account }) => {
      const source = input.SourceArn ?? "";
      if (!Object.values(state.queues).some((queue) => queueArn(queue.name, region, account) === source))
        throw new Refusal(
          "ResourceNotFoundException",
          "The resource that you specified for the SourceArn parameter doesn't exist.",
        );
      const tasks = state.moves.filter((task) => task.source === source).reverse();
      return {
        Results: tasks.slice(0, input.MaxResults ?? 1).map((task) => ({
          ...(task.status === "RUNNING" && { TaskHandle: handleOf(task) }),
          Status: task.status,
          SourceArn: task.source,
          DestinationArn: task.destination,
          MaxNumberOfMessagesPerSecond: task.rate,
          ApproximateNumberOfMessagesMoved: task.moved,
          ApproximateNumberOfMessagesToMove: task.toMove,
          FailureReason: task.failure,
          StartedTimestamp: task.startedAt,
        })),
      };
    },
  },
});

type Place = Pick<Call<SqsState>, "local" | "account">;

const urlOf = (name: string, { local, account }: Place): string => `${local.url}/${account}/${name}`;

/** Names in order, a page of them if pages are asked for: "NextToken" comes only with MaxResults. */
function page(names: string[], most: number | undefined, place: Place) {
  const sorted = names.sort();
  const shown = sorted.slice(0, most ?? 1000);
  return {
    ...(shown.length > 0 && { QueueUrls: shown.map((name) => urlOf(name, place)) }),
    ...(most !== undefined && sorted.length > most && { NextToken: shown.at(-1) }),
  };
}

/** A batch is allowed as its single operation is; making a queue with tags needs leave to tag as well. */
function needs(
  operation: string,
  input: Record<string, unknown>,
  { region, account }: Omit<Call<SqsState>, "state">,
): Need[] {
  const { QueueUrl, QueueName, SourceArn, tags } = input;
  const action = (name: string): string => `sqs:${name.replace(/Batch$/, "")}`;
  if (typeof SourceArn === "string") return [{ action: action(operation), resource: SourceArn }];
  const name = typeof QueueUrl === "string" ? nameInUrl(QueueUrl) : QueueName;
  if (typeof name !== "string") return [{ action: action(operation), resource: "*" }];
  const resource = queueArn(name, region, account);
  const tagged = operation === "CreateQueue" && tags !== undefined;
  return [{ action: action(operation), resource }, ...(tagged ? [{ action: "sqs:TagQueue", resource }] : [])];
}
