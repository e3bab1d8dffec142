import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { iam } from "../../src/local/iam/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { sts } from "../../src/local/sts.ts";

let dir: string;
let local: LocalServer;
const operator = (): { endpoint: string; region: string; credentials: Credentials } => ({
  endpoint: local.url,
  region: "eu-west-1",
  credentials: { accessKeyId: "operator", secretAccessKey: "secret" },
});
const client = (credentials = operator().credentials) => new STS({ ...operator(), credentials, maxAttempts: 1 });

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-sts-"));
  local = await startLocal({ dir, port: 0, services: [sts, iam] });
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
  const { Role } = await createRole("ecs-task-role-web", { Service: "ecs-tasks.amazonaws.com" });
  const who = await client(local.local.credentialsFor("ecs-task-role-web", "task1")).getCallerIdentity();
  expect(who.Arn).toBe("arn:aws:sts::000000000000:assumed-role/ecs-task-role-web/task1");
  expect(who.UserId).toBe(`${Role?.RoleId}:task1`);
});

test("credentials of a role outlive a restart", async () => {
  const credentials = local.local.credentialsFor("web", "task1");
  await local.stop();
  local = await startLocal({ dir, port: 0, services: [sts, iam] });
  expect((await client(credentials).getCallerIdentity()).Arn).toContain("assumed-role/web/task1");
});

const createRole = (RoleName: string, Principal: object) => {
  const iam = new IAM({ ...operator(), maxAttempts: 1 });
  const Statement = [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }];
  return iam.createRole({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }) });
};
const assume = (RoleArn: string, DurationSeconds?: number) =>
  client().assumeRole({ RoleArn, RoleSessionName: "me", DurationSeconds });

test("whom a role trusts may assume it, for as long as it allows", async () => {
  const { Role } = await createRole("deployer", { AWS: "arn:aws:iam::000000000000:root" });
  const { Credentials, AssumedRoleUser } = await assume(Role?.Arn ?? "");
  expect(AssumedRoleUser).toEqual({
    Arn: "arn:aws:sts::000000000000:assumed-role/deployer/me",
    AssumedRoleId: `${Role?.RoleId}:me`,
  });
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken } = Credentials ?? {};
  const assumed = client({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken });
  expect((await assumed.getCallerIdentity()).Arn).toBe(AssumedRoleUser?.Arn);
  await expect(assume(Role?.Arn ?? "", 7200)).rejects.toMatchObject({ name: "ValidationError" });
});

test("a role that trusts others, one that is not there, and what is no role, cannot be assumed", async () => {
  await createRole("tasks", { Service: "ecs-tasks.amazonaws.com" });
  await expect(assume("arn:aws:iam::000000000000:role/tasks")).rejects.toMatchObject({ name: "AccessDenied" });
  await expect(assume("arn:aws:iam::000000000000:role/none")).rejects.toMatchObject({ name: "AccessDenied" });
  await expect(assume("arn:aws:iam::111111111111:role/tasks")).rejects.toMatchObject({ name: "AccessDenied" });
  await expect(assume("arn:aws:iam::000000000000:user/x")).rejects.toMatchObject({ name: "ValidationError" });
});
