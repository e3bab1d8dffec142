import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { bundle, ServiceProcess } from "../../common/test/support/process.ts";
import { type ShopAws, startShop } from "../../common/test/support/shop.ts";

let bundled: Awaited<ReturnType<typeof bundle>>;
beforeAll(async () => {
  bundled = await bundle("order-processing");
}, 60_000);
afterAll(() => bundled.remove());

let aws: ShopAws;
beforeEach(async () => {
  aws = await startShop();
  await aws.seed([{ productID: "mug", name: "Mug", price: 5, stock: 10 }]);
}, 60_000);
const processes: ServiceProcess[] = [];
afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.end()));
  await aws.stop();
});

function start(environment: Record<string, string> = {}): ServiceProcess {
  const process = new ServiceProcess(bundled.file("order-processing"), { ...aws.environment, ...environment });
  processes.push(process);
  return process;
}

const buy = () =>
  aws.sqs.sendMessage({
    QueueUrl: aws.queues.OrderQueue,
    MessageBody: JSON.stringify({
      orderID: "o1",
      lines: [{ productID: "mug", name: "Mug", quantity: 3, price: 5 }],
      customer: { name: "Ada", email: "ada@example.com", address: "1 Engine Street" },
      placedAt: 1_700_000_000_000,
    }),
    MessageAttributes: {
      eventType: { DataType: "String", StringValue: "order.placed" },
      requestId: { DataType: "String", StringValue: "checkout-1" },
    },
  });

/** Keeps AWS from answering an operation; `reached` resolves when it was asked for. */
function hold(operation: string) {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  aws.faults.add({ operation, effect: { hold: held } });
  const [service, name] = operation.split(":");
  const reached = vi.waitFor(
    () => expect(aws.calls.some((call) => call.service === service && call.operation === name)).toBe(true),
    { timeout: 30_000, interval: 20 },
  );
  return {
    reached,
    release() {
      aws.faults.clear();
      release();
    },
  };
}

const item = async (TableName: string, Key: Record<string, string>) =>
  (await aws.dynamodb.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item;

const left = async () => {
  const { Attributes } = await aws.sqs.getQueueAttributes({
    QueueUrl: aws.queues.OrderQueue,
    AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
  });
  return Object.values(Attributes ?? {}).reduce((sum, count) => sum + Number(count), 0);
};

test.each(["dynamodb:TransactWriteItems", "sns:Publish"])(
  "killed after %s and before the message was deleted, the order is processed once and its outcome is told",
  async (operation) => {
    const held = hold(operation);
    const first = start();
    await buy();
    await held.reached;
    await vi.waitFor(async () => expect(await item("Orders", { orderID: "o1" })).toBeDefined(), 20_000);
    first.kill("SIGKILL");
    expect(await first.exit).toMatchObject({ signal: "SIGKILL" });
    held.release();
    expect(await left()).toBe(1);

    aws.advance(60_000);
    const second = start();
    const line = await second.line(({ msg }) => msg === "order decided");
    expect(line).toMatchObject({ orderID: "o1", status: "CONFIRMED", requestId: "checkout-1" });
    await vi.waitFor(async () => expect(await left()).toBe(0), 20_000);
    expect(await item("Products", { productID: "mug" })).toMatchObject({ stock: 7 });
    const told = await aws.take("LookupQueue");
    expect(told.map(({ MessageAttributes }) => MessageAttributes?.eventType?.StringValue)).toContain("order.confirmed");
  },
  120_000,
);

test("SIGTERM lets the message in flight finish, starts no other, and exits 0", async () => {
  const held = hold("sns:Publish");
  const process = start();
  await buy();
  await held.reached;
  process.kill("SIGTERM");
  await process.line(({ msg }) => msg === "finishing what is in flight");
  held.release();
  expect(await process.exit).toEqual({ code: 0, signal: null });
  expect(await left()).toBe(0);
  expect(await item("Orders", { orderID: "o1" })).toMatchObject({ status: "CONFIRMED" });
}, 60_000);

test("SIGTERM does not wait for the end of a long poll", async () => {
  const process = start();
  await process.url();
  await vi.waitFor(() => expect(aws.calls.some(({ operation }) => operation === "ReceiveMessage")).toBe(true), 20_000);
  process.kill("SIGTERM");
  expect(await process.exit).toEqual({ code: 0, signal: null });
  const poll = aws.calls.filter(({ operation }) => operation === "ReceiveMessage");
  expect(poll).toHaveLength(1);
}, 15_000);

test("a missing variable is named, and nothing starts", async () => {
  const process = start({ ORDERS_TABLE: "", TOPIC_ARN: "ecommerce-events" });
  expect(await process.exit).toEqual({ code: 1, signal: null });
  expect(process.lines).toMatchObject([{ level: "fatal", service: "order-processing" }]);
  expect(process.lines[0]?.problems).toEqual([
    "ORDERS_TABLE is missing",
    "TOPIC_ARN=ecommerce-events: expected an ARN of sns",
  ]);
}, 30_000);
