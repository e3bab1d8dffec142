import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ScanCommandOutput } from "@aws-sdk/client-dynamodb";
import { expect, vi } from "vitest";
import type { Shop } from "../../src/config.ts";
import { seed } from "../../src/seed/seed.ts";
import { type Raw, rawClients } from "../aws/raw.ts";
import { run, shopOf, startWorld, troubles, type World } from "../support/world.ts";

export const CLUSTER = "hw2-cluster";
export type ServiceName = "service-web" | "service-search" | "service-order";

/** Long enough for three processes to start on a machine that has a lot else to do. */
const SLOW = { timeout: 90_000, interval: 100 };

/** A whole shop that runs: its tasks are processes. */
export interface Running {
  readonly world: World;
  readonly shop: Shop;
  readonly raw: Raw;
  /** Of its load balancer. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What is sold: one product of which there is plenty, and some that run out. */
export const products = ["plenty", "some", "few", "scarce"].map((productID, n) => ({
  productID,
  name: `A ${productID} lamp`,
  description: "It gives light.",
  category: "Lamps",
  price: 10 + n,
  stock: [100_000, 120, 30, 3][n] ?? 0,
}));

/** Builds a shop on a local AWS of its own and seeds it; `more` is what ecomctl.json would say. */
export async function openShop(more: Partial<Shop> = {}): Promise<Running> {
  const world = await startWorld({ tasks: "processes" });
  try {
    const shop = await shopOf(more);
    const { outcome, survey, changes, events } = await run(world.aws, shop);
    expect(troubles({ outcome, survey, changes, events })).toEqual([]);
    const raw = rawClients(world.url);
    await seed({ client: raw.dynamodb, table: shop.names.productsTable, products, now: Date.now() });
    const url = `http://${survey.get("elbv2:load-balancer/ecommerce-alb")?.live?.outputs.dns}`;
    const running = { world, shop, raw, url, stop: () => world.stop() };
    await vi.waitFor(async () => expect((await search(url)).items).toHaveLength(products.length), SLOW);
    return running;
  } catch (error) {
    await world.stop();
    throw error;
  }
}

/** What the shop's search finds. */
async function search(url: string): Promise<{ items: unknown[] }> {
  const response = await fetch(`${url}/api/products?q=lamp`);
  expect(response.status).toBe(200);
  return (await response.json()) as { items: unknown[] };
}

/** Waits until a service has one deployment, completed, with all its tasks, and ECS finds it steady: they are healthy. */
export const atRest = ({ raw }: Running, service: ServiceName) =>
  vi.waitFor(async () => {
    const { services: [it] = [] } = await raw.ecs.describeServices({ cluster: CLUSTER, services: [service] });
    expect(it?.deployments?.map(({ rolloutState }) => rolloutState)).toEqual(["COMPLETED"]);
    expect(it?.runningCount).toBe(it?.desiredCount);
    expect(it?.events?.[0]?.message).toContain("has reached a steady state");
  }, SLOW);

/** The ids of a service's tasks that run. */
export async function tasksOf({ raw }: Running, serviceName: ServiceName): Promise<string[]> {
  const { taskArns = [] } = await raw.ecs.listTasks({ cluster: CLUSTER, serviceName });
  return taskArns.map((arn) => arn.slice(arn.lastIndexOf("/") + 1));
}

/** The processes of a task, as the local ECS notes them. */
export const pidsOf = ({ world }: Running, task: string): number[] =>
  readFileSync(join(world.local.local.dir, "ecs", "tasks", task, "pids"), "utf8")
    .trim()
    .split("\n")
    .map(Number);

/** Kills every process of one task of a service; the task's id. */
export async function kill(running: Running, service: ServiceName): Promise<string> {
  const [task = ""] = await tasksOf(running, service);
  for (const pid of pidsOf(running, task)) process.kill(pid, "SIGKILL");
  return task;
}

/** What one task has logged, line by line. */
export async function logOf({ raw }: Running, service: ServiceName, task: string): Promise<string[]> {
  const logGroupName = `/ecs/ecommerce/${service}`;
  const { logStreams = [] } = await raw.logs.describeLogStreams({ logGroupName });
  const logStreamName = logStreams.find((it) => it.logStreamName?.endsWith(`/${task}`))?.logStreamName;
  if (!logStreamName) return [];
  const { events = [] } = await raw.logs.getLogEvents({ logGroupName, logStreamName, startFromHead: true });
  return events.map(({ message = "" }) => message);
}

/** One line to be ordered. */
export interface Line {
  readonly productID: string;
  readonly quantity: number;
}

/** Places an order; the same id again is the same order. The answer's status, or 0 if there was none. */
export async function place(url: string, line: Line, orderID: string = randomUUID()): Promise<number> {
  const customer = { name: "Ada", email: "ada@example.org", address: "1 Loop Street" };
  try {
    const response = await fetch(`${url}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ orderID, lines: [line], customer }),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** An order as the table has it. */
export interface Decided {
  readonly orderID: string;
  readonly status: string;
  readonly lines: readonly Line[];
}

/** All orders that have been decided. */
export async function decided({ raw, shop }: Running): Promise<Decided[]> {
  const found: Decided[] = [];
  let ExclusiveStartKey: ScanCommandOutput["LastEvaluatedKey"];
  do {
    const page = await raw.dynamodb.scan({
      TableName: shop.names.ordersTable,
      ConsistentRead: true,
      ExclusiveStartKey,
    });
    for (const item of page.Items ?? [])
      found.push({
        orderID: item.orderID?.S ?? "",
        status: item.status?.S ?? "",
        lines: (item.lines?.L ?? []).map(({ M }) => ({
          productID: M?.productID?.S ?? "",
          quantity: Number(M?.quantity?.N),
        })),
      });
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return found;
}

/** The books balance: of every product what was there is what is there and what was confirmed, no less and no more. */
export async function expectBalance(running: Running): Promise<void> {
  const { raw, shop } = running;
  const sold = new Map<string, number>();
  for (const { status, lines } of await decided(running))
    for (const { productID, quantity } of status === "CONFIRMED" ? lines : [])
      sold.set(productID, (sold.get(productID) ?? 0) + quantity);
  for (const { productID, stock } of products) {
    const TableName = shop.names.productsTable;
    const { Item } = await raw.dynamodb.getItem({
      TableName,
      Key: { productID: { S: productID } },
      ConsistentRead: true,
    });
    expect(Number(Item?.stock?.N), productID).toBe(stock - (sold.get(productID) ?? 0));
    expect(Number(Item?.stock?.N), productID).toBeGreaterThanOrEqual(0);
  }
}

/** How many messages a queue holds, waiting or in somebody's hand. */
export async function waitingIn({ raw }: Running, QueueName: string): Promise<number> {
  const { QueueUrl } = await raw.sqs.getQueueUrl({ QueueName });
  const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  const { Attributes } = await raw.sqs.getQueueAttributes({ QueueUrl, AttributeNames: [...names] });
  return names.reduce((sum, name) => sum + Number(Attributes?.[name]), 0);
}
