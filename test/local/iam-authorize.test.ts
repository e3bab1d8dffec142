import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ec2 } from "../../src/local/ec2/index.ts";
import { assumable, authorize } from "../../src/local/iam/authorize.ts";
import { iam } from "../../src/local/iam/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { sts } from "../../src/local/sts.ts";

const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
const queue = "arn:aws:sqs:us-east-1:000000000000:OrderQueue";
let dir: string;
let server: LocalServer;
let client: IAM;

const trust = (more: object = {}) =>
  JSON.stringify({
    Statement: [
      { Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole", ...more },
    ],
  });

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-iam-"));
  server = await startLocal({ dir, port: 0, services: [sts, iam, ec2] });
  client = new IAM({ endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 });
  await client.createRole({ RoleName: "task", AssumeRolePolicyDocument: trust() });
});
afterEach(async () => {
  client.destroy();
  await server.stop();
  rmSync(dir, { recursive: true });
});

const policy = (...statements: object[]) =>
  client.putRolePolicy({
    RoleName: "task",
    PolicyName: "p",
    PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
  });
const may = (action: string, resource = queue, context = {}) =>
  authorize(server.local, "task", [{ action, resource }], context).allowed;

test("what no policy allows is refused, in AWS's words", () => {
  expect(authorize(server.local, "task", [{ action: "sqs:ReceiveMessage", resource: queue }])).toEqual({
    allowed: false,
    action: "sqs:ReceiveMessage",
    resource: queue,
    why: "because no identity-based policy allows the sqs:ReceiveMessage action",
  });
  expect(authorize(server.local, "gone", [{ action: "sqs:ReceiveMessage", resource: queue }]).allowed).toBe(false);
  expect(authorize(server.local, "task", []).allowed).toBe(true);
});

test("actions match whatever their case, resources do not", async () => {
  await policy({ Effect: "Allow", Action: ["SQS:receive*"], Resource: "arn:aws:sqs:*:*:Order*" });
  expect(may("sqs:ReceiveMessage")).toBe(true);
  expect(may("sqs:SendMessage")).toBe(false);
  expect(may("sqs:ReceiveMessage", queue.replace("Order", "order"))).toBe(false);
});

test("every permission that a call needs must be there", async () => {
  await policy({ Effect: "Allow", Action: "dynamodb:PutItem", Resource: "*" });
  const table = "arn:aws:dynamodb:us-east-1:000000000000:table/Orders";
  expect(
    authorize(server.local, "task", [
      { action: "dynamodb:PutItem", resource: table },
      { action: "dynamodb:UpdateItem", resource: table },
    ]),
  ).toMatchObject({ allowed: false, action: "dynamodb:UpdateItem" });
});

test("a denial wins over everything that allows", async () => {
  await policy(
    { Effect: "Allow", Action: "*", Resource: "*" },
    { Effect: "Deny", Action: "sqs:Delete*", Resource: queue },
  );
  expect(may("sqs:SendMessage")).toBe(true);
  expect(authorize(server.local, "task", [{ action: "sqs:DeleteQueue", resource: queue }])).toMatchObject({
    why: "with an explicit deny in an identity-based policy",
  });
});

test("NotAction and NotResource mean all others", async () => {
  await policy({ Effect: "Allow", NotAction: "sqs:Delete*", NotResource: "arn:aws:sqs:*:*:Secret*" });
  expect(may("sqs:SendMessage")).toBe(true);
  expect(may("sqs:DeleteMessage")).toBe(false);
  expect(may("sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:SecretQueue")).toBe(false);
});

test("managed policies allow what AWS wrote into them", async () => {
  await client.attachRolePolicy({ RoleName: "task", PolicyArn: "arn:aws:iam::aws:policy/AmazonSQSFullAccess" });
  expect(may("sqs:SendMessage")).toBe(true);
  expect(may("sns:Publish", "*")).toBe(false);
});

test("a permissions boundary bounds", async () => {
  await policy({ Effect: "Allow", Action: "*", Resource: "*" });
  const PermissionsBoundary = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
  await client.putRolePermissionsBoundary({ RoleName: "task", PermissionsBoundary });
  expect(may("sqs:SendMessage")).toBe(true);
  expect(authorize(server.local, "task", [{ action: "sns:Publish", resource: "*" }])).toMatchObject({
    why: "because no permissions boundary allows the sns:Publish action",
  });
});

test.each([
  [
    { StringEquals: { "aws:RequestedRegion": ["us-east-1", "eu-west-1"] } },
    { "aws:RequestedRegion": "eu-west-1" },
    true,
  ],
  [{ StringEquals: { "aws:RequestedRegion": "us-east-1" } }, { "AWS:requestedregion": "eu-west-1" }, false],
  [{ StringEquals: { "aws:RequestedRegion": "us-east-1" } }, {}, false],
  [{ StringEqualsIfExists: { "aws:RequestedRegion": "us-east-1" } }, {}, true],
  [{ StringNotEquals: { "aws:RequestedRegion": "us-east-1" } }, {}, true],
  [{ StringLike: { "s3:prefix": "shop/*" } }, { "s3:prefix": "shop/a" }, true],
  [{ ArnLike: { "aws:SourceArn": "arn:aws:ecs:*:*:*" } }, { "aws:SourceArn": "arn:aws:ecs:us-east-1:0:task/a" }, true],
  [{ ArnEquals: { "aws:SourceArn": "arn:aws:ecs:*" } }, { "aws:SourceArn": "arn:aws:sns:us-east-1:0:t" }, false],
  [{ Bool: { "aws:SecureTransport": true } }, { "aws:SecureTransport": "true" }, true],
  [{ Null: { "aws:TokenIssueTime": "false" } }, {}, false],
  [{ Null: { "aws:TokenIssueTime": true } }, {}, true],
  [{ NumericLessThanEquals: { "s3:max-keys": 10 } }, { "s3:max-keys": "10" }, true],
  [{ DateGreaterThan: { "aws:CurrentTime": "2026-01-01T00:00:00Z" } }, { "aws:CurrentTime": "2025-01-01" }, false],
  [{ IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, { "aws:SourceIp": "10.1.2.3" }, true],
  [{ "ForAllValues:StringEquals": { "aws:TagKeys": ["a", "b"] } }, { "aws:TagKeys": ["a", "c"] }, false],
  [{ "ForAnyValue:StringEquals": { "aws:TagKeys": ["a", "b"] } }, { "aws:TagKeys": ["a", "c"] }, true],
  [{ StringEquals: { "aws:PrincipalAccount": `\${aws:PrincipalAccount}` } }, {}, true],
])("the condition %j with %j holds: %s", async (Condition, context, holds) => {
  await policy({ Effect: "Allow", Action: "sqs:*", Resource: "*", Condition });
  expect(may("sqs:SendMessage", queue, context)).toBe(holds);
});

test("only the trusted service takes a role on, under the conditions of the trust", async () => {
  const tasks = "ecs-tasks.amazonaws.com";
  expect(assumable(server.local, "task", tasks)).toEqual({ allowed: true });
  expect(assumable(server.local, "task", "ecs.amazonaws.com").allowed).toBe(false);
  expect(assumable(server.local, "gone", tasks)).toMatchObject({ why: "The role with name gone cannot be found." });
  const Condition = {
    StringEquals: { "aws:SourceAccount": "000000000000" },
    ArnLike: { "aws:SourceArn": "arn:aws:ecs:us-east-1:000000000000:*" },
  };
  await client.updateAssumeRolePolicy({ RoleName: "task", PolicyDocument: trust({ Condition }) });
  expect(assumable(server.local, "task", tasks).allowed).toBe(false);
  const context = { "aws:SourceArn": "arn:aws:ecs:us-east-1:000000000000:task/c/1" };
  expect(assumable(server.local, "task", tasks, context).allowed).toBe(true);
});

test("a task's call is refused by the server until its role allows it", async () => {
  const session = server.local.credentialsFor("task", "session");
  const asTask = { endpoint: server.url, region: "us-east-1", credentials: session, maxAttempts: 1 };
  const network = new EC2(asTask);
  await expect(network.describeVpcs()).rejects.toMatchObject({
    name: "UnauthorizedOperation",
    message: expect.stringMatching(/assumed-role\/task\/session is not authorized to perform: ec2:DescribeVpcs/),
  });
  await expect(new IAM(asTask).getRole({ RoleName: "task" })).rejects.toMatchObject({
    name: "AccessDenied",
    message: expect.stringContaining("on resource: arn:aws:iam::000000000000:role/task because no identity-based"),
  });
  await policy({ Effect: "Allow", Action: "ec2:Describe*", Resource: "*" });
  expect((await network.describeVpcs()).Vpcs).toHaveLength(1);
});
