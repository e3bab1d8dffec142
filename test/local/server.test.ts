import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQS } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { emulate } from "../../src/local/service.ts";
import { DamagedState } from "../../src/local/store.ts";
import { sts } from "../../src/local/sts.ts";

let dir: string;
let local: LocalServer;
let hungUp = false;

const counter = emulate<SQS, { count: number }>({
  id: "sqs",
  initial: () => ({ count: 0 }),
  load: () => import("@aws-sdk/client-sqs"),
  needs: (operation) => [{ action: `sqs:${operation}`, resource: "arn:aws:sqs:us-east-1:000000000000:q" }],
  allows: (role, { action }) => role === "reader" && action !== "sqs:PurgeQueue",
  http: { prefix: "/v2/", handle: (request, response) => void response.end(`own: ${request.url}`) },
  handlers: {
    PurgeQueue: (_, { state }) => {
      state.count += 1;
    },
    ListQueues: (_, { state, region }) => ({ QueueUrls: [`${region}:${state.count}`] }),
    ReceiveMessage: (_, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          hungUp = true;
          resolve({});
        });
      }),
  },
});

const start = () => startLocal({ dir, port: 0, services: [sts, counter] });
const client = (region = "us-east-1", credentials = { accessKeyId: "operator", secretAccessKey: "secret" }) =>
  new SQS({ endpoint: local.url, region, credentials, maxAttempts: 1, useQueueUrlAsEndpoint: false });
const QueueUrl = "q";
const stateFile = (region: string) => join(dir, "state", "sqs", `${region}.json`);

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-server-"));
  local = await start();
});
afterEach(async () => {
  await local.stop();
  rmSync(dir, { recursive: true });
});

test("says who, where and whether it is ready", async () => {
  const about = await (await fetch(`${local.url}/_ecomctl`)).json();
  expect(about).toEqual({ version: expect.any(String), pid: process.pid, dir, ready: true });
});

test("a change is in its file before it is answered, region by region, and there again after a restart", async () => {
  await client().purgeQueue({ QueueUrl });
  expect(JSON.parse(readFileSync(stateFile("us-east-1"), "utf8"))).toEqual({ count: 1 });
  await client("eu-west-1").purgeQueue({ QueueUrl });
  await client("eu-west-1").purgeQueue({ QueueUrl });
  await local.stop();
  local = await start();
  expect((await client().listQueues()).QueueUrls).toEqual(["us-east-1:1"]);
  expect((await client("eu-west-1").listQueues()).QueueUrls).toEqual(["eu-west-1:2"]);
  expect([...local.local.regions(counter)].sort()).toEqual(["eu-west-1", "us-east-1"]);
});

test("changes at the same time are all kept", async () => {
  const sqs = client();
  await Promise.all(Array.from({ length: 20 }, () => sqs.purgeQueue({ QueueUrl })));
  expect(JSON.parse(readFileSync(stateFile("us-east-1"), "utf8"))).toEqual({ count: 20 });
});

test("a damaged file is named at the start; half a write is not taken for one", async () => {
  await local.stop();
  mkdirSync(join(dir, "state", "sqs"), { recursive: true });
  writeFileSync(`${stateFile("us-east-1")}.tmp`, '{"cou');
  local = await start();
  await local.stop();
  writeFileSync(stateFile("us-east-1"), '{"cou');
  const error = await start().catch((error) => error);
  expect(error).toBeInstanceOf(DamagedState);
  expect(error).toMatchObject({ file: stateFile("us-east-1"), message: expect.stringContaining("remove it") });
});

test("a role's credentials may do what its policies allow, an operator's everything", async () => {
  const reader = client("us-east-1", local.local.credentialsFor("reader", "task1"));
  await reader.listQueues();
  const denial =
    "User: arn:aws:sts::000000000000:assumed-role/reader/task1 is not authorized to perform: sqs:PurgeQueue on resource: arn:aws:sqs:us-east-1:000000000000:q because no identity-based policy allows the sqs:PurgeQueue action";
  await expect(reader.purgeQueue({ QueueUrl })).rejects.toMatchObject({
    name: "AccessDeniedException",
    message: denial,
  });
  const stranger = client("us-east-1", local.local.credentialsFor("gone", "task1"));
  await expect(stranger.listQueues()).rejects.toMatchObject({ name: "AccessDeniedException" });
  await client().purgeQueue({ QueueUrl });
});

test("a handler learns that its client hung up", async () => {
  const given = new AbortController();
  const receiving = client().receiveMessage({ QueueUrl }, { abortSignal: given.signal });
  receiving.catch(() => {});
  await vi.waitFor(() => expect(local.calls).toHaveLength(1), { timeout: 10_000 });
  given.abort();
  await vi.waitFor(() => expect(hungUp).toBe(true), { timeout: 10_000 });
});

test("an open connection and a call under way do not keep it from stopping", async () => {
  const receiving = client().receiveMessage({ QueueUrl });
  receiving.catch(() => {});
  await vi.waitFor(() => expect(local.calls).toHaveLength(1), { timeout: 10_000 });
  await local.stop();
  await expect(receiving).rejects.toThrow();
  await expect(fetch(local.url)).rejects.toThrow("fetch failed");
});

test("a service answers under a path of its own", async () => {
  expect(await (await fetch(`${local.url}/v2/x`)).text()).toBe("own: /v2/x");
});

test("who is nobody, and what is not here, is told so as by AWS", async () => {
  const unsigned = await fetch(local.url, { method: "POST", body: "Action=ListQueues" });
  expect([unsigned.status, await unsigned.text()]).toEqual([
    403,
    expect.stringContaining("MissingAuthenticationToken"),
  ]);
  const headers = {
    authorization:
      "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0",
    "x-amz-target": "Kinesis_20131202.ListStreams",
  };
  const unknown = await fetch(local.url, { method: "POST", headers, body: "{}" });
  expect(await unknown.json()).toMatchObject({
    __type: "UnknownOperationException",
    message: expect.stringContaining("kinesis"),
  });
});

test("a request that is no JSON is refused, not mistaken", async () => {
  const headers = {
    authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
    "x-amz-target": "AmazonSQS.ListQueues",
  };
  const answer = await fetch(local.url, { method: "POST", headers, body: "{" });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ __type: "SerializationException" });
});
