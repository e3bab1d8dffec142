import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STS } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { sts } from "../../src/local/sts.ts";

const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
let dir: string;
let local: LocalServer;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-server-"));
  local = await startLocal({ dir, port: 0, services: [sts] });
});
afterEach(async () => {
  await local.stop();
  rmSync(dir, { recursive: true });
});

test("says who, where and whether it is ready", async () => {
  const about = await (await fetch(`${local.url}/_ecomctl`)).json();
  expect(about).toEqual({ pid: process.pid, dir, ready: true });
});

test("an operator's call is answered, and recorded", async () => {
  const client = new STS({ endpoint: local.url, region: "eu-west-1", credentials, maxAttempts: 1 });
  const who = await client.getCallerIdentity();
  expect(who).toMatchObject({ Account: "000000000000", Arn: "arn:aws:iam::000000000000:root" });
  expect(who.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(local.calls).toMatchObject([
    { service: "sts", operation: "GetCallerIdentity", caller: { accessKeyId: "operator" } },
  ]);
});
