import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQS } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testClock } from "../../src/local/clock.ts";
import { faultsFrom } from "../../src/local/faults.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { emulate } from "../../src/local/service.ts";

interface Queues {
  names: string[];
}
const queues = emulate<SQS, Queues>({
  id: "sqs",
  initial: () => ({ names: [] }),
  load: () => import("@aws-sdk/client-sqs"),
  handlers: {
    CreateQueue: ({ QueueName = "" }, { state }) => {
      state.names.push(QueueName);
      return { QueueUrl: QueueName };
    },
    ListQueues: (_, { state }) => ({ QueueUrls: state.names }),
  },
});

const clock = testClock();
let dir: string;
let local: LocalServer;
let sqs: SQS;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-faults-"));
  local = await startLocal({ dir, port: 0, services: [queues], clock });
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  sqs = new SQS({ endpoint: local.url, region: "us-east-1", credentials, maxAttempts: 1 });
});
afterEach(async () => {
  sqs.destroy();
  await local.stop();
  rmSync(dir, { recursive: true });
});

const create = (QueueName: string) => sqs.createQueue({ QueueName });
const listed = async () => (await sqs.listQueues()).QueueUrls ?? [];

test("the nth call is refused, and nothing is done by it", async () => {
  local.faults.add({ operation: "sqs:CreateQueue", on: 2, effect: { error: "QueueDeletedRecently", message: "wait" } });
  await create("one");
  await expect(create("two")).rejects.toMatchObject({ name: "QueueDeletedRecently", message: "wait" });
  await create("three");
  expect(await listed()).toEqual(["one", "three"]);
});

test("calls are throttled so many times", async () => {
  local.faults.add({ operation: "sqs:*", times: 2, effect: { throttle: true } });
  await expect(create("one")).rejects.toMatchObject({ name: "ThrottlingException", message: "Rate exceeded" });
  await expect(create("one")).rejects.toMatchObject({ name: "ThrottlingException" });
  await create("one");
});

test("a lost reply leaves the deed done", async () => {
  local.faults.add({ operation: "sqs:CreateQueue", effect: { loseReply: true } });
  await expect(create("one")).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(await listed()).toEqual(["one"]);
});

test("reads after a write answer for a while from before it", async () => {
  await create("one");
  local.faults.add({ operation: "sqs:CreateQueue", effect: { stale: 2 } });
  await create("two");
  expect(await listed()).toEqual(["one"]);
  expect(await listed()).toEqual(["one"]);
  expect(await listed()).toEqual(["one", "two"]);
});

test("replies are held until so many calls are in flight", async () => {
  local.faults.add({ operation: "sqs:CreateQueue", effect: { hold: 3 } });
  let done = 0;
  const two = ["one", "two"].map((name) => create(name).then(() => done++));
  await vi.waitFor(() => expect(local.calls).toHaveLength(2), { timeout: 10_000 });
  await listed();
  expect(done).toBe(0);
  await Promise.all([...two, create("three")]);
});

test("clearing the rules lets go what they hold", async () => {
  local.faults.add({ operation: "sqs:CreateQueue", effect: { hold: 2 } });
  const held = create("one");
  await vi.waitFor(() => expect(local.calls).toHaveLength(1), { timeout: 10_000 });
  local.faults.clear();
  await held;
});

test("every call is recorded, refused ones too", async () => {
  local.faults.add({ operation: "sqs:CreateQueue", effect: { throttle: true } });
  await create("one").catch(() => {});
  await listed();
  expect(local.calls).toMatchObject([
    { service: "sqs", operation: "CreateQueue", input: { QueueName: "one" }, at: clock.now() },
    { service: "sqs", operation: "ListQueues" },
  ]);
});

test("rules come from the environment as JSON, and a mistake in them is said", () => {
  expect(faultsFrom(undefined)).toEqual([]);
  expect(faultsFrom('[{"operation":"ecs:*","on":"always","effect":{"delay":5}}]')).toEqual([
    { operation: "ecs:*", on: "always", effect: { delay: 5 } },
  ]);
  expect(() => faultsFrom("{}")).toThrow("a JSON list of faults");
  expect(() => faultsFrom('[{"operation":"ecs:*"}]')).toThrow('"operation" and "effect" are needed');
});

test("a test's clock wakes sleepers in their order, and only when told to", async () => {
  const time = testClock(1000);
  const woken: string[] = [];
  const sleeps = [time.sleep(20).then(() => woken.push("late")), time.sleep(10).then(() => woken.push("early"))];
  const given = new AbortController();
  const stopped = time.sleep(10, given.signal);
  given.abort(new Error("enough"));
  await expect(stopped).rejects.toThrow("enough");
  expect(time.sleepers).toBe(2);
  time.advance(9);
  expect(time.sleepers).toBe(2);
  time.advance(11);
  await Promise.all(sleeps);
  expect(woken).toEqual(["early", "late"]);
  expect(time.now()).toBe(1020);
});
