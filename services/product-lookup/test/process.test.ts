import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { productPage } from "../../common/src/shop.ts";
import { bundle, ServiceProcess } from "../../common/test/support/process.ts";
import { type ShopAws, startShop } from "../../common/test/support/shop.ts";

let bundled: Awaited<ReturnType<typeof bundle>>;
let aws: ShopAws;
beforeAll(async () => {
  [bundled, aws] = await Promise.all([bundle("product-lookup"), startShop()]);
  await aws.seed([{ productID: "lamp", name: "Brass Lamp", price: 60, stock: 3 }]);
}, 60_000);
afterAll(async () => {
  await aws.stop();
  await bundled.remove();
});

const processes: ServiceProcess[] = [];
afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.end()));
});

async function start(): Promise<{ process: ServiceProcess; url: string }> {
  const process = new ServiceProcess(bundled.file("product-lookup"), aws.environment);
  processes.push(process);
  const url = await process.url();
  await process.line(({ msg }) => msg === "index loaded");
  return { process, url };
}

test("SIGTERM lets the search in flight finish, and exits 0 with nothing but JSON in the log", async () => {
  const { process, url } = await start();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  aws.faults.add({ operation: "dynamodb:BatchGetItem", effect: { hold: held } });
  const search = fetch(`${url}/products?q=lamp`);
  await vi.waitFor(() => expect(aws.calls.some(({ operation }) => operation === "BatchGetItem")).toBe(true), 20_000);
  process.kill("SIGTERM");
  await process.line(({ msg }) => msg === "finishing what is in flight");
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  aws.faults.clear();
  release();
  expect(productPage.parse(await (await search).json()).items).toHaveLength(1);
  expect(await process.exit).toEqual({ code: 0, signal: null });
  expect(process.stderr).toEqual([]);
}, 60_000);

test("SIGTERM in the middle of the interest being counted lets it be written first", async () => {
  const { process } = await start();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  aws.faults.add({ operation: "dynamodb:UpdateItem", effect: { hold: held } });
  await aws.sqs.sendMessage({
    QueueUrl: aws.queues.LookupQueue,
    MessageBody: '{"productID":"lamp"}',
    MessageAttributes: { eventType: { DataType: "String", StringValue: "product.viewed" } },
  });
  await vi.waitFor(() => expect(aws.calls.some(({ operation }) => operation === "UpdateItem")).toBe(true), 20_000);
  process.kill("SIGTERM");
  await process.line(({ msg }) => msg === "finishing what is in flight");
  aws.faults.clear();
  release();
  expect(await process.exit).toEqual({ code: 0, signal: null });
  const { Attributes } = await aws.sqs.getQueueAttributes({
    QueueUrl: aws.queues.LookupQueue,
    AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
  });
  expect(Object.values(Attributes ?? {})).toEqual(["0", "0"]);
}, 60_000);
