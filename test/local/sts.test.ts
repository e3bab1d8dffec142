import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STS } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { sts } from "../../src/local/sts.ts";

let dir: string;
let local: LocalServer;
const client = (credentials = { accessKeyId: "operator", secretAccessKey: "secret" }) =>
  new STS({ endpoint: local.url, region: "eu-west-1", credentials, maxAttempts: 1 });

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-sts-"));
  local = await startLocal({ dir, port: 0, services: [sts] });
});
afterEach(async () => {
  await local.stop();
  rmSync(dir, { recursive: true });
});

test("whoever has no role is the account's operator", async () => {
  const who = await client().getCallerIdentity();
  expect(who).toMatchObject({ Account: "000000000000", Arn: "arn:aws:iam::000000000000:root", UserId: "000000000000" });
  expect(who.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
});

test("a task is its role's session", async () => {
  const who = await client(local.local.credentialsFor("ecs-task-role-web", "task1")).getCallerIdentity();
  expect(who.Arn).toBe("arn:aws:sts::000000000000:assumed-role/ecs-task-role-web/task1");
  expect(who.UserId).toMatch(/^AROA[0-9A-F]{17}:task1$/);
});

test("credentials of a role outlive a restart", async () => {
  const credentials = local.local.credentialsFor("web", "task1");
  await local.stop();
  local = await startLocal({ dir, port: 0, services: [sts] });
  expect((await client(credentials).getCallerIdentity()).Arn).toContain("assumed-role/web/task1");
});

test("a role of another account, and what is no role, cannot be assumed", async () => {
  const assume = (RoleArn: string) => client().assumeRole({ RoleArn, RoleSessionName: "me" });
  await expect(assume("arn:aws:iam::111111111111:role/x")).rejects.toMatchObject({ name: "AccessDenied" });
  await expect(assume("arn:aws:iam::000000000000:user/x")).rejects.toMatchObject({ name: "ValidationError" });
});
