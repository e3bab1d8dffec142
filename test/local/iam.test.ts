import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IAM, waitUntilRoleExists } from "@aws-sdk/client-iam";
import { afterEach, beforeEach, expect, test } from "vitest";
import { iam } from "../../src/local/iam/index.ts";
import { ensureServiceLinkedRole } from "../../src/local/iam/linked.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";

const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
let dir: string;
let local: LocalServer;
let client: IAM;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-iam-"));
  local = await startLocal({ dir, port: 0, services: [iam] });
  client = new IAM({ endpoint: local.url, region: "us-east-1", credentials, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await local.stop();
  rmSync(dir, { recursive: true });
});

const trust = (principal: object = { Service: "ecs-tasks.amazonaws.com" }) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" }],
  });
const allow = (Action: string | string[], Resource: string | string[] = "*") =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource }] }, undefined, 2);
const create = (RoleName: string, more: object = {}) =>
  client.createRole({ RoleName, AssumeRolePolicyDocument: trust(), ...more });

test("a role is created, described, changed and deleted", async () => {
  const { Role: made } = await create("ecs-task-role", {
    Path: "/shop/",
    Description: "what the tasks may do",
    Tags: [{ Key: "ecomctl:stack", Value: "shop/dev" }],
  });
  expect(made).toMatchObject({
    Arn: "arn:aws:iam::000000000000:role/shop/ecs-task-role",
    RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
    CreateDate: expect.any(Date),
  });
  await waitUntilRoleExists({ client, maxWaitTime: 10 }, { RoleName: "ecs-task-role" });
  const { Role: role } = await client.getRole({ RoleName: "ecs-task-role" });
  expect(role).toMatchObject({
    Path: "/shop/",
    MaxSessionDuration: 3600,
    Tags: [{ Key: "ecomctl:stack", Value: "shop/dev" }],
  });
  expect(role?.AssumeRolePolicyDocument).not.toMatch(/[{}"':]/);
  expect(JSON.parse(decodeURIComponent(role?.AssumeRolePolicyDocument ?? ""))).toEqual(JSON.parse(trust()));

  await client.updateRole({ RoleName: "ecs-task-role", Description: "less", MaxSessionDuration: 7200 });
  const other = trust({ Service: "codebuild.amazonaws.com" });
  await client.updateAssumeRolePolicy({ RoleName: "ecs-task-role", PolicyDocument: other });
  await client.tagRole({ RoleName: "ecs-task-role", Tags: [{ Key: "a", Value: "b" }] });
  await client.untagRole({ RoleName: "ecs-task-role", TagKeys: ["ecomctl:stack"] });
  const { Role: after } = await client.getRole({ RoleName: "ecs-task-role" });
  expect(after).toMatchObject({ Description: "less", MaxSessionDuration: 7200, Tags: [{ Key: "a", Value: "b" }] });
  expect(decodeURIComponent(after?.AssumeRolePolicyDocument ?? "")).toBe(other);

  await client.deleteRole({ RoleName: "ecs-task-role" });
  await expect(client.getRole({ RoleName: "ecs-task-role" })).rejects.toMatchObject({
    name: "NoSuchEntityException",
    message: "The role with name ecs-task-role cannot be found.",
    $metadata: { httpStatusCode: 404 },
  });
});

test("names are unique whatever their case, and a role made again has a new id", async () => {
  const first = await create("Reader");
  await expect(create("READER")).rejects.toMatchObject({
    name: "EntityAlreadyExistsException",
    message: "Role with name READER already exists.",
    $metadata: { httpStatusCode: 409 },
  });
  expect((await client.getRole({ RoleName: "reader" })).Role?.RoleName).toBe("Reader");
  await client.deleteRole({ RoleName: "Reader" });
  expect((await create("Reader")).Role?.RoleId).not.toBe(first.Role?.RoleId);
});

test("inline policies come back percent-encoded and word for word", async () => {
  await create("r");
  const document = allow("sqs:ReceiveMessage", "arn:aws:sqs:us-east-1:000000000000:Order(Queue)!*'");
  await client.putRolePolicy({ RoleName: "r", PolicyName: "queue", PolicyDocument: document });
  const { PolicyDocument } = await client.getRolePolicy({ RoleName: "r", PolicyName: "queue" });
  expect(PolicyDocument).not.toMatch(/[!'()*]/);
  expect(decodeURIComponent(PolicyDocument ?? "")).toBe(document);
  expect((await client.listRolePolicies({ RoleName: "r" })).PolicyNames).toEqual(["queue"]);
  await client.deleteRolePolicy({ RoleName: "r", PolicyName: "queue" });
  await expect(client.getRolePolicy({ RoleName: "r", PolicyName: "queue" })).rejects.toMatchObject({
    name: "NoSuchEntityException",
    message: "The role policy with name queue cannot be found.",
  });
});

test.each([
  ["no JSON", "{", "This policy contains invalid Json"],
  ["no statement", "{}", "Syntax errors in policy."],
  ["an action without a service", allow("SendMessage"), /prefaced by a vendor/],
  ["a resource that is no ARN", allow("sqs:*", "OrderQueue"), 'Resource OrderQueue must be in ARN format or "*".'],
  ["a principal", trust(), "Policy document should not specify a principal."],
  [
    "an unknown condition",
    JSON.stringify({
      Statement: { Effect: "Allow", Action: "sqs:*", Resource: "*", Condition: { StringSame: { a: "b" } } },
    }),
    "Invalid Condition type : StringSame.",
  ],
])("a policy with %s is refused", async (_, PolicyDocument, message) => {
  await create("r");
  await expect(client.putRolePolicy({ RoleName: "r", PolicyName: "p", PolicyDocument })).rejects.toMatchObject({
    name: "MalformedPolicyDocumentException",
    message: expect.stringMatching(message),
  });
});

test("a trust policy names who may take the role on, and they must exist", async () => {
  const make = (AssumeRolePolicyDocument: string) => client.createRole({ RoleName: "r", AssumeRolePolicyDocument });
  await expect(make(allow("sts:AssumeRole"))).rejects.toThrow("Has prohibited field Resource");
  await expect(make(trust({ AWS: "arn:aws:iam::000000000000:role/nobody" }))).rejects.toThrow(
    'Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:role/nobody"',
  );
  await create("somebody");
  await make(trust({ AWS: "arn:aws:iam::000000000000:role/somebody" }));
});

test("managed policies are attached once, detached once, and known by their documents", async () => {
  await create("execution");
  const PolicyArn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
  await client.attachRolePolicy({ RoleName: "execution", PolicyArn });
  await client.attachRolePolicy({ RoleName: "execution", PolicyArn });
  expect((await client.listAttachedRolePolicies({ RoleName: "execution" })).AttachedPolicies).toEqual([
    { PolicyName: "AmazonECSTaskExecutionRolePolicy", PolicyArn },
  ]);
  const { Policy } = await client.getPolicy({ PolicyArn });
  expect(Policy).toMatchObject({ Path: "/service-role/", DefaultVersionId: "v1", AttachmentCount: 1 });
  const { PolicyVersion } = await client.getPolicyVersion({ PolicyArn, VersionId: "v1" });
  const document = JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? ""));
  expect(document.Statement[0].Action).toContain("logs:PutLogEvents");
  expect(document.Statement[0].Action).not.toContain("logs:CreateLogGroup");
  const missing = "arn:aws:iam::aws:policy/AmazonNothing";
  await expect(client.attachRolePolicy({ RoleName: "execution", PolicyArn: missing })).rejects.toMatchObject({
    name: "NoSuchEntityException",
    message: `Policy ${missing} does not exist or is not attachable.`,
  });
  await client.detachRolePolicy({ RoleName: "execution", PolicyArn });
  await expect(client.detachRolePolicy({ RoleName: "execution", PolicyArn })).rejects.toMatchObject({
    name: "NoSuchEntityException",
  });
});

test("a role that holds policies cannot be deleted", async () => {
  await create("r");
  const PolicyArn = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
  await client.attachRolePolicy({ RoleName: "r", PolicyArn });
  await client.putRolePolicy({ RoleName: "r", PolicyName: "p", PolicyDocument: allow("sns:Publish") });
  await expect(client.deleteRole({ RoleName: "r" })).rejects.toMatchObject({
    name: "DeleteConflictException",
    message: "Cannot delete entity, must detach all policies first.",
    $metadata: { httpStatusCode: 409 },
  });
  await client.detachRolePolicy({ RoleName: "r", PolicyArn });
  await expect(client.deleteRole({ RoleName: "r" })).rejects.toThrow(
    "Cannot delete entity, must delete policies first.",
  );
  await client.deleteRolePolicy({ RoleName: "r", PolicyName: "p" });
  await client.deleteRole({ RoleName: "r" });
});

test("a customer's policy lives until it is deleted, and not before it is detached", async () => {
  await create("r");
  const made = await client.createPolicy({ PolicyName: "mine", PolicyDocument: allow("sqs:*") });
  const PolicyArn = made.Policy?.Arn ?? "";
  await expect(client.createPolicy({ PolicyName: "mine", PolicyDocument: allow("sqs:*") })).rejects.toMatchObject({
    name: "EntityAlreadyExistsException",
  });
  await client.attachRolePolicy({ RoleName: "r", PolicyArn });
  await expect(client.deletePolicy({ PolicyArn })).rejects.toMatchObject({ name: "DeleteConflictException" });
  expect((await client.listEntitiesForPolicy({ PolicyArn })).PolicyRoles).toMatchObject([{ RoleName: "r" }]);
  await client.detachRolePolicy({ RoleName: "r", PolicyArn });
  await client.deletePolicy({ PolicyArn });
  expect((await client.listPolicies({ Scope: "Local" })).Policies).toEqual([]);
});

test("limits: ten managed policies, 10,240 characters inline, 2,048 of trust", async () => {
  await create("r");
  const { Policies = [] } = await client.listPolicies({ Scope: "AWS" });
  const arns = Policies.map(({ Arn = "" }) => Arn);
  for (const PolicyArn of arns.slice(0, 10)) await client.attachRolePolicy({ RoleName: "r", PolicyArn });
  await expect(client.attachRolePolicy({ RoleName: "r", PolicyArn: arns[10] })).rejects.toMatchObject({
    name: "LimitExceededException",
    message: "Cannot exceed quota for PoliciesPerRole: 10",
  });
  const long = allow(
    "sqs:SendMessage",
    Array.from({ length: 180 }, (_, i) => `arn:aws:sqs:us-east-1:000000000000:q${i}`),
  );
  await client.putRolePolicy({ RoleName: "r", PolicyName: "a", PolicyDocument: long });
  await client.putRolePolicy({ RoleName: "r", PolicyName: "a", PolicyDocument: long });
  await expect(client.putRolePolicy({ RoleName: "r", PolicyName: "b", PolicyDocument: long })).rejects.toMatchObject({
    name: "LimitExceededException",
    message: expect.stringContaining("10240"),
  });
  const trusted = trust({ Service: Array.from({ length: 120 }, (_, i) => `service${i}.amazonaws.com`) });
  await expect(client.updateAssumeRolePolicy({ RoleName: "r", PolicyDocument: trusted })).rejects.toMatchObject({
    name: "LimitExceededException",
    message: "Cannot exceed quota for ACLSizePerRole: 2048",
  });
});

test("roles are listed page by page", async () => {
  for (const name of ["e", "B", "a", "d", "C"]) await create(name);
  const names: (string | undefined)[] = [];
  let Marker: string | undefined;
  do {
    const answer = await client.listRoles({ MaxItems: 2, Marker });
    names.push(...(answer.Roles ?? []).map((role) => role.RoleName));
    expect(answer.IsTruncated).toBe(answer.Marker !== undefined);
    Marker = answer.Marker;
  } while (Marker !== undefined);
  expect(names).toEqual(["a", "B", "C", "d", "e"]);
});

test("a service-linked role is made once, and only its service changes it", async () => {
  const { Role } = await client.createServiceLinkedRole({ AWSServiceName: "ecs.amazonaws.com" });
  expect(Role?.Arn).toBe("arn:aws:iam::000000000000:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
  await expect(client.createServiceLinkedRole({ AWSServiceName: "ecs.amazonaws.com" })).rejects.toMatchObject({
    name: "InvalidInputException",
    message: "Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.",
  });
  await expect(client.deleteRole({ RoleName: "AWSServiceRoleForECS" })).rejects.toMatchObject({
    name: "UnmodifiableEntityException",
  });
  ensureServiceLinkedRole(local.local, "ecs.amazonaws.com");
  ensureServiceLinkedRole(local.local, "elasticloadbalancing.amazonaws.com");
  expect((await client.listRoles({ PathPrefix: "/aws-service-role/" })).Roles).toHaveLength(2);
});

test("a simulation says what the policies would", async () => {
  const { Role } = await create("r");
  await client.putRolePolicy({ RoleName: "r", PolicyName: "p", PolicyDocument: allow("sqs:Receive*") });
  const { EvaluationResults } = await client.simulatePrincipalPolicy({
    PolicySourceArn: Role?.Arn,
    ActionNames: ["sqs:ReceiveMessage", "sqs:SendMessage"],
  });
  expect(EvaluationResults?.map((result) => [result.EvalActionName, result.EvalDecision])).toEqual([
    ["sqs:ReceiveMessage", "allowed"],
    ["sqs:SendMessage", "implicitDeny"],
  ]);
});

test("roles outlive a restart", async () => {
  await create("r", { Tags: [{ Key: "a", Value: "b" }] });
  await local.stop();
  local = await startLocal({ dir, port: 0, services: [iam] });
  client = new IAM({ endpoint: local.url, region: "us-east-1", credentials, maxAttempts: 1 });
  expect((await client.listRoleTags({ RoleName: "r" })).Tags).toEqual([{ Key: "a", Value: "b" }]);
});
