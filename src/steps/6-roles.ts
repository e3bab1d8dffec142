import type { table } from "../aws/dynamodb/table.ts";
import { allow, type Document, policy, trusts } from "../aws/iam/document.ts";
import { role } from "../aws/iam/role.ts";
import type { topic } from "../aws/sns/topic.ts";
import type { queue } from "../aws/sqs/queue.ts";
import type { caller } from "../aws/sts/caller.ts";
import type { Shop } from "../config.ts";

interface Uses {
  readonly caller: ReturnType<typeof caller>;
  readonly products: ReturnType<typeof table>;
  readonly orders: ReturnType<typeof table>;
  readonly events: ReturnType<typeof topic>;
  readonly lookupQueue: ReturnType<typeof queue>;
  readonly orderQueue: ReturnType<typeof queue>;
}

const consume = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"];
const publish = ["sns:Publish", "sns:GetTopicAttributes"];

/**
 * Step 6: the role that ECS starts tasks with, and what each service itself may do.
 * The guide gives all three services everything in DynamoDB, SNS and SQS, and has no execution role at all: `"roles": "guide"` does as it says.
 */
export function roles(shop: Shop, uses: Uses) {
  const { names } = shop;
  const { account, partition } = uses.caller.ref;
  const aws = (name: string) => `arn:${partition}:iam::aws:policy/${name}`;
  // Only tasks of this account and region, so that nobody else's ECS can be made to use the role.
  const trust = trusts("ecs-tasks.amazonaws.com", {
    StringEquals: { "aws:SourceAccount": [account] },
    ArnLike: { "aws:SourceArn": [`arn:${partition}:ecs:${shop.region}:${account}:*`] },
  });
  const scoped = shop.roles === "scoped";
  const taskRole = (name: string, policies: Record<string, Document>) =>
    role(name, { trust, policies, managed: [] }, { wanted: scoped });

  const execution = role(names.executionRole, {
    trust,
    policies: {},
    managed: [aws("service-role/AmazonECSTaskExecutionRolePolicy")],
  });
  const web = taskRole(names.webRole, { events: policy([allow(publish, [uses.events.ref.arn])]) });
  const search = taskRole(names.searchRole, {
    products: policy([
      allow(
        ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Scan", "dynamodb:UpdateItem"],
        [uses.products.ref.arn],
      ),
      allow(["dynamodb:Query"], [`${uses.products.ref.arn}/index/changes`]),
    ]),
    inbox: policy([allow(consume, [uses.lookupQueue.ref.arn])]),
  });
  const order = taskRole(names.orderRole, {
    orders: policy([
      allow(["dynamodb:GetItem", "dynamodb:PutItem"], [uses.orders.ref.arn]),
      allow(["dynamodb:GetItem", "dynamodb:UpdateItem"], [uses.products.ref.arn]),
    ]),
    inbox: policy([allow(consume, [uses.orderQueue.ref.arn])]),
    events: policy([allow(publish, [uses.events.ref.arn])]),
  });
  const guide = role(
    names.guideRole,
    {
      trust,
      policies: {},
      managed: ["AmazonDynamoDBFullAccess", "AmazonSNSFullAccess", "AmazonSQSFullAccess"].map(aws),
    },
    { wanted: !scoped },
  );
  return {
    number: 6,
    title: "roles",
    execution,
    web: scoped ? web : guide,
    search: scoped ? search : guide,
    order: scoped ? order : guide,
    resources: [execution, web, search, order, guide],
  };
}
