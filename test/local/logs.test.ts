import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testClock } from "../../src/local/clock.ts";
import { logs } from "../../src/local/logs/index.ts";
import { appendLog } from "../../src/local/logs/streams.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";

const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
const clock = testClock();
const hour = 3_600_000;
const logGroupName = "/ecs/shop/web";
let dir: string;
let server: LocalServer;
let client: CloudWatchLogs;

const start = async () => {
  server = await startLocal({ dir, port: 0, services: [logs], clock });
  client = new CloudWatchLogs({ endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 });
};
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-logs-"));
  await start();
});
afterEach(async () => {
  client.destroy();
  await server.stop();
  rmSync(dir, { recursive: true });
});

const write = (logStreamName: string, ...messages: string[]) =>
  appendLog(
    server.local,
    "us-east-1",
    logGroupName,
    logStreamName,
    messages.map((message, i) => ({ timestamp: clock.now() + i, message })),
  );
const messages = (answer: { events?: { message?: string }[] }) => answer.events?.map((event) => event.message);

test("a group is made once, kept as told, tagged and deleted", async () => {
  await client.createLogGroup({ logGroupName, tags: { "ecomctl:stack": "shop" } });
  await expect(client.createLogGroup({ logGroupName })).rejects.toMatchObject({
    name: "ResourceAlreadyExistsException",
    message: "The specified log group already exists",
  });
  await client.putRetentionPolicy({ logGroupName, retentionInDays: 30 });
  await expect(client.putRetentionPolicy({ logGroupName, retentionInDays: 31 })).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
  const { logGroups } = await client.describeLogGroups({ logGroupNamePrefix: "/ecs/" });
  expect(logGroups).toMatchObject([
    {
      logGroupName,
      retentionInDays: 30,
      creationTime: clock.now(),
      arn: `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}:*`,
      logGroupClass: "STANDARD",
      storedBytes: 0,
    },
  ]);
  const resourceArn = logGroups?.[0]?.logGroupArn;
  await client.tagResource({ resourceArn, tags: { a: "b" } });
  await client.untagResource({ resourceArn, tagKeys: ["ecomctl:stack"] });
  expect((await client.listTagsForResource({ resourceArn })).tags).toEqual({ a: "b" });
  await client.deleteRetentionPolicy({ logGroupName });
  expect((await client.describeLogGroups()).logGroups?.[0]?.retentionInDays).toBeUndefined();
  await client.deleteLogGroup({ logGroupName });
  await expect(client.deleteLogGroup({ logGroupName })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "The specified log group does not exist.",
  });
});

test("names of AWS's own are refused", async () => {
  await expect(client.createLogGroup({ logGroupName: "aws/mine" })).rejects.toThrow("reserved for AWS");
});

test("a group under deletion protection stays until that is taken off", async () => {
  await client.createLogGroup({ logGroupName, deletionProtectionEnabled: true });
  await expect(client.deleteLogGroup({ logGroupName })).rejects.toMatchObject({ name: "ValidationException" });
  await client.putLogGroupDeletionProtection({ logGroupIdentifier: logGroupName, deletionProtectionEnabled: false });
  await client.deleteLogGroup({ logGroupName });
});

test("groups are described page by page", async () => {
  for (const name of ["c", "a", "b"]) await client.createLogGroup({ logGroupName: name });
  const first = await client.describeLogGroups({ limit: 2 });
  expect(first.logGroups?.map((group) => group.logGroupName)).toEqual(["a", "b"]);
  const second = await client.describeLogGroups({ limit: 2, nextToken: first.nextToken });
  expect(second.logGroups?.map((group) => group.logGroupName)).toEqual(["c"]);
  expect(second.nextToken).toBeUndefined();
});

test("a task's lines go to a stream that is made on the way, but never to a group that is missing", async () => {
  expect(() => write("web/1", "hello")).toThrow("The specified log group does not exist.");
  await client.createLogGroup({ logGroupName });
  write("web/1", "hello", "world");
  expect(messages(await client.getLogEvents({ logGroupName, logStreamName: "web/1" }))).toEqual(["hello", "world"]);
  const { logStreams } = await client.describeLogStreams({ logGroupName });
  expect(logStreams).toMatchObject([
    { logStreamName: "web/1", firstEventTimestamp: clock.now(), lastEventTimestamp: clock.now() + 1 },
  ]);
  await expect(client.getLogEvents({ logGroupName, logStreamName: "web/2" })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "The specified log stream does not exist.",
  });
});

test("events are put in order of time, and what is too old or too new is left out and said", async () => {
  await client.createLogGroup({ logGroupName });
  const logStreamName = "s";
  const put = (...times: number[]) =>
    client.putLogEvents({
      logGroupName,
      logStreamName,
      logEvents: times.map((time) => ({ timestamp: clock.now() + time, message: `${time}` })),
    });
  await expect(put(0)).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
  await client.createLogStream({ logGroupName, logStreamName });
  await expect(put(2, 1)).rejects.toThrow("must be in chronological order");
  expect((await put(0, 1)).rejectedLogEventsInfo).toBeUndefined();
  expect((await put(2, 3 * hour)).rejectedLogEventsInfo).toEqual({ tooNewLogEventStartIndex: 1 });
  expect((await put(-15 * 24 * hour)).rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1 });
  expect(messages(await client.getLogEvents({ logGroupName, logStreamName }))).toEqual(["0", "1", "2"]);
});

test("a stream is read forwards and backwards", async () => {
  await client.createLogGroup({ logGroupName });
  write("s", "1", "2", "3", "4", "5");
  const about = { logGroupName, logStreamName: "s", limit: 2 };
  const last = await client.getLogEvents(about);
  expect(messages(last)).toEqual(["4", "5"]);
  expect(messages(await client.getLogEvents({ ...about, nextToken: last.nextBackwardToken }))).toEqual(["2", "3"]);
  const end = await client.getLogEvents({ ...about, nextToken: last.nextForwardToken });
  expect(messages(end)).toEqual([]);
  expect(end.nextForwardToken).toBe(last.nextForwardToken);
  write("s", "6");
  expect(messages(await client.getLogEvents({ ...about, nextToken: end.nextForwardToken }))).toHaveLength(1);
  expect(messages(await client.getLogEvents({ ...about, startFromHead: true }))).toHaveLength(2);
});

test.each([
  ["ERROR", ["ERROR out of stock"]],
  ['"out of stock"', ["ERROR out of stock"]],
  ["?ERROR ?WARN", ["ERROR out of stock", "WARN slow"]],
  ["-ERROR -WARN", ['{"level":"error","status":500,"at":{"path":"/orders"}}', '{"level":"info","status":200}']],
  ['{ $.level = "error" }', ['{"level":"error","status":500,"at":{"path":"/orders"}}']],
  ["{ $.status >= 200 && $.status < 300 }", ['{"level":"info","status":200}']],
  [
    '{ $.at.path = "/ord*" || $.level = info }',
    ['{"level":"error","status":500,"at":{"path":"/orders"}}', '{"level":"info","status":200}'],
  ],
  ["{ $.at NOT EXISTS }", ['{"level":"info","status":200}']],
])("the filter pattern %s", async (filterPattern, expected) => {
  await client.createLogGroup({ logGroupName });
  write("a", "ERROR out of stock", '{"level":"error","status":500,"at":{"path":"/orders"}}');
  write("b", "WARN slow", '{"level":"info","status":200}');
  const found = messages(await client.filterLogEvents({ logGroupName, filterPattern }));
  expect(found?.sort()).toEqual([...expected].sort());
});

test("a filter reads the streams it is told to, page by page", async () => {
  await client.createLogGroup({ logGroupName });
  write("web/1", "a", "b");
  write("web/2", "c");
  write("order/1", "d");
  const about = { logGroupName, logStreamNamePrefix: "web/", limit: 2 };
  const first = await client.filterLogEvents(about);
  const second = await client.filterLogEvents({ ...about, nextToken: first.nextToken });
  expect([...(messages(first) ?? []), ...(messages(second) ?? [])].sort()).toEqual(["a", "b", "c"]);
  await expect(client.filterLogEvents({ logGroupName, filterPattern: "{ nonsense }" })).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "Invalid filter pattern",
  });
});

test("streams are ordered by name or by their last event", async () => {
  await client.createLogGroup({ logGroupName });
  write("b", "first");
  clock.advance(1000);
  write("a", "second");
  const names = async (more: object) =>
    (await client.describeLogStreams({ logGroupName, ...more })).logStreams?.map((stream) => stream.logStreamName);
  expect(await names({})).toEqual(["a", "b"]);
  expect(await names({ orderBy: "LastEventTime" })).toEqual(["b", "a"]);
  expect(await names({ orderBy: "LastEventTime", descending: true, limit: 1 })).toEqual(["a"]);
});

test("events are in files, outlive a restart, and go with their group", async () => {
  await client.createLogGroup({ logGroupName });
  write("s", "kept");
  await client.createLogStream({ logGroupName, logStreamName: "other" });
  await server.stop();
  await start();
  expect(messages(await client.getLogEvents({ logGroupName, logStreamName: "s" }))).toEqual(["kept"]);
  const [folder = ""] = readdirSync(join(dir, "logs", "us-east-1"));
  const [file = ""] = readdirSync(join(dir, "logs", "us-east-1", folder));
  expect(readFileSync(join(dir, "logs", "us-east-1", folder, file), "utf8")).toContain("kept");
  expect((await client.describeLogStreams({ logGroupName })).logStreams).toHaveLength(2);
  await client.deleteLogGroup({ logGroupName });
  expect(readdirSync(join(dir, "logs", "us-east-1"))).toEqual([]);
});

test("what retention has passed is gone", async () => {
  await client.createLogGroup({ logGroupName });
  write("s", "old");
  clock.advance(25 * hour);
  write("s", "new");
  await client.putRetentionPolicy({ logGroupName, retentionInDays: 1 });
  expect(messages(await client.getLogEvents({ logGroupName, logStreamName: "s" }))).toEqual(["new"]);
  const onDisk = () => {
    const [folder = ""] = readdirSync(join(dir, "logs", "us-east-1"));
    const files = readdirSync(join(dir, "logs", "us-east-1", folder));
    return files.map((file) => readFileSync(join(dir, "logs", "us-east-1", folder, file), "utf8")).join("");
  };
  expect(onDisk()).toContain("old");
  await server.stop();
  await start();
  expect(onDisk()).not.toContain("old");
  expect(messages(await client.getLogEvents({ logGroupName, logStreamName: "s" }))).toEqual(["new"]);
});
