import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { EC2 } from "@aws-sdk/client-ec2";
import { ECS } from "@aws-sdk/client-ecs";
import { IAM } from "@aws-sdk/client-iam";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";
import { sdkStreamMixin } from "@smithy/core/serde";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { emulate, Refusal } from "../../src/local/service.ts";

const noState = { initial: () => ({}) };
const when = new Date("2026-01-02T03:04:05.000Z");
/** What the last handler was given. */
let given: unknown;

const echoes = [
  emulate<SQS, object>({
    ...noState,
    id: "sqs",
    load: () => import("@aws-sdk/client-sqs"),
    handlers: {
      SendMessage: (input) => {
        given = input;
        const digest = createHash("md5").update(String(input.MessageBody));
        return { MessageId: "m", MD5OfMessageBody: digest.digest("hex") };
      },
      GetQueueUrl: ({ QueueName }) => {
        throw new Refusal("QueueDoesNotExist", `no ${QueueName}`);
      },
    },
  }),
  emulate<ECS, object>({
    ...noState,
    id: "ecs",
    load: () => import("@aws-sdk/client-ecs"),
    handlers: {
      CreateCluster: (input) => {
        given = input;
        return { cluster: { clusterName: input.clusterName, tags: input.tags, registeredContainerInstancesCount: 0 } };
      },
      DescribeTasks: () => ({ tasks: [{ createdAt: when, cpu: "512" }] }),
      DeleteCluster: () => {
        throw new Refusal(
          "ClusterContainsServicesException",
          "The Cluster cannot be deleted while Services are active.",
        );
      },
      ListServices: () => {
        throw new TypeError("a bug");
      },
    },
  }),
  emulate<DynamoDB, object>({
    ...noState,
    id: "dynamodb",
    load: () => import("@aws-sdk/client-dynamodb"),
    handlers: {
      PutItem: (input) => {
        given = input;
        const reasons = [{ Code: "ConditionalCheckFailed", Item: { n: { N: "1.5" } } }];
        throw new Refusal("TransactionCanceledException", "cancelled", { data: { CancellationReasons: reasons } });
      },
    },
  }),
  emulate<IAM, object>({
    ...noState,
    id: "iam",
    global: true,
    load: () => import("@aws-sdk/client-iam"),
    handlers: {
      CreateRole: (input) => {
        given = input;
        const Role = {
          Path: "/",
          RoleName: input.RoleName,
          RoleId: "id",
          Arn: "arn",
          CreateDate: when,
          Tags: input.Tags,
        };
        return { Role: { ...Role, AssumeRolePolicyDocument: input.AssumeRolePolicyDocument } };
      },
      GetRole: () => {
        throw new Refusal("NoSuchEntityException", "The role with name <x> cannot be found.");
      },
      DeleteRole: () => {},
    },
  }),
  emulate<SNS, object>({
    ...noState,
    id: "sns",
    load: () => import("@aws-sdk/client-sns"),
    handlers: {
      CreateTopic: (input) => {
        given = input;
        return { TopicArn: "arn" };
      },
      GetTopicAttributes: () => ({ Attributes: { Policy: '{"a":"<&>"}', Empty: "" } }),
      Publish: (input) => {
        given = input;
        return { MessageId: "m" };
      },
    },
  }),
  emulate<EC2, object>({
    ...noState,
    id: "ec2",
    load: () => import("@aws-sdk/client-ec2"),
    handlers: {
      AuthorizeSecurityGroupIngress: (input) => {
        given = input;
        return { Return: true, SecurityGroupRules: [] };
      },
      DescribeVpcs: (input) => {
        given = input;
        return { Vpcs: [{ VpcId: "vpc-1", IsDefault: true, Tags: [{ Key: "k", Value: "a&b" }] }] };
      },
      DescribeSubnets: () => {
        throw new Refusal("InvalidSubnetID.NotFound", "The subnet ID 'subnet-1' does not exist");
      },
    },
  }),
  emulate<CloudWatch, object>({
    ...noState,
    id: "monitoring",
    load: () => import("@aws-sdk/client-cloudwatch"),
    handlers: {
      PutMetricAlarm: (input) => {
        given = input;
      },
      DescribeAlarms: () => ({ MetricAlarms: [{ AlarmName: "a", Threshold: 0.5, StateUpdatedTimestamp: when }] }),
      GetDashboard: () => {
        throw new Refusal("DashboardNotFoundError", "Dashboard x does not exist");
      },
    },
  }),
  emulate<S3, object>({
    ...noState,
    id: "s3",
    global: true,
    load: () => import("@aws-sdk/client-s3"),
    handlers: {
      PutObject: (input) => {
        given = input;
        return { ETag: '"e"', VersionId: "v" };
      },
      GetObject: () => ({
        Body: sdkStreamMixin(Readable.from(["he", "llo"])),
        ContentLength: 5,
        LastModified: when,
        Metadata: { who: "me" },
      }),
      PutBucketLifecycleConfiguration: (input) => {
        given = input;
        return {};
      },
      GetBucketPolicy: () => ({ Policy: '{"a":"<&>"}' }),
      GetBucketTagging: ({ Bucket }) => {
        throw new Refusal("NoSuchTagSet", "The TagSet does not exist", { status: 404, data: { BucketName: Bucket } });
      },
      ListObjectsV2: (input) => {
        given = input;
        return { Contents: [{ Key: "a b", Size: 1, LastModified: when }], KeyCount: 1, IsTruncated: false };
      },
      ListParts: () => ({ UploadId: "u" }),
      HeadBucket: () => {
        throw new Refusal("NotFound", "Not Found", { status: 404 });
      },
    },
  }),
];

const dir = mkdtempSync(join(tmpdir(), "ecomctl-wire-"));
let local: LocalServer;
let warnings: string[] = [];
const client = () => ({
  endpoint: local.url,
  region: "us-east-1",
  credentials: { accessKeyId: "a", secretAccessKey: "b" },
  maxAttempts: 1,
});

beforeAll(async () => {
  local = await startLocal({ dir, port: 0, services: echoes, warn: (message) => warnings.push(message) });
});
afterAll(async () => {
  await local.stop();
  rmSync(dir, { recursive: true });
});

test("JSON 1.0: SQS reads attributes, and an error is known by its name in the SDK", async () => {
  const sqs = new SQS(client());
  const MessageAttributes = { bytes: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2]) } };
  const QueueUrl = `${local.url}/000000000000/q`;
  await expect(sqs.sendMessage({ QueueUrl, MessageBody: "ü", MessageAttributes })).resolves.toMatchObject({
    MessageId: "m",
  });
  expect(given).toMatchObject({ MessageBody: "ü" });
  expect(
    (given as typeof MessageAttributes & { MessageAttributes: typeof MessageAttributes }).MessageAttributes.bytes
      .BinaryValue,
  ).toEqual(new Uint8Array([1, 2]));
  const error = await sqs.getQueueUrl({ QueueName: "q" }).catch((error) => error);
  expect(error).toMatchObject({
    name: "QueueDoesNotExist",
    message: "no q",
    Code: "AWS.SimpleQueueService.NonExistentQueue",
  });
});

test("JSON 1.0: further members of an error travel with it", async () => {
  const put = new DynamoDB(client()).putItem({
    TableName: "t",
    Item: { b: { B: new Uint8Array([7]) }, l: { L: [{ NULL: true }] } },
  });
  await expect(put).rejects.toMatchObject({
    name: "TransactionCanceledException",
    CancellationReasons: [{ Code: "ConditionalCheckFailed", Item: { n: { N: "1.5" } } }],
  });
  expect(given).toEqual({ TableName: "t", Item: { b: { B: new Uint8Array([7]) }, l: { L: [{ NULL: true }] } } });
});

test("JSON 1.1: structures, dates and errors", async () => {
  const ecs = new ECS(client());
  const tags = [{ key: "a", value: "" }];
  const { cluster } = await ecs.createCluster({
    clusterName: "c",
    tags,
    settings: [{ name: "containerInsights", value: "enabled" }],
  });
  expect(cluster).toMatchObject({ clusterName: "c", tags, registeredContainerInstancesCount: 0 });
  expect(given).toMatchObject({ settings: [{ name: "containerInsights", value: "enabled" }] });
  const { tasks } = await ecs.describeTasks({ tasks: ["t"] });
  expect(tasks).toEqual([{ createdAt: when, cpu: "512" }]);
  await expect(ecs.deleteCluster({ cluster: "c" })).rejects.toMatchObject({
    name: "ClusterContainsServicesException",
    $metadata: { httpStatusCode: 400 },
  });
});

test("an operation that nobody handles is refused as AWS refuses it", async () => {
  await expect(new ECS(client()).listClusters()).rejects.toMatchObject({ name: "UnknownOperationException" });
  await expect(new IAM(client()).listUsers()).rejects.toMatchObject({ name: "InvalidAction" });
  await expect(new EC2(client()).describeImages()).rejects.toMatchObject({ name: "InvalidAction" });
  await expect(new S3(client()).listBuckets()).rejects.toMatchObject({ name: "NotImplemented" });
});

test("a bug in a handler is AWS's internal failure, and a warning with its trace", async () => {
  warnings = [];
  await expect(new ECS(client()).listServices()).rejects.toMatchObject({
    name: "InternalFailure",
    $metadata: { httpStatusCode: 500 },
  });
  expect(warnings).toEqual([expect.stringMatching(/^ecs: TypeError: a bug\n.*wire\.test/s)]);
});

test("a value of the wrong type is refused before a handler sees it", async () => {
  const headers = {
    authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/ecs/aws4_request, SignedHeaders=host, Signature=0",
    "x-amz-target": "AmazonEC2ContainerServiceV20141113.CreateCluster",
  };
  const answer = async (body: string) => (await fetch(local.url, { method: "POST", headers, body })).json();
  const refusals: [string, string][] = [
    ['{"clusterName":5}', "NUMBER_VALUE can not be converted to a String"],
    ['{"clusterName":{}}', "Start of structure or map found where not expected."],
    ['{"tags":"x"}', "Expected list or null"],
    ['{"tags":[5]}', "Expected structure or null"],
  ];
  for (const [body, message] of refusals) {
    expect(await answer(body), body).toEqual({ __type: "SerializationException", message });
  }
  expect(await answer('{"clusterName":null,"unheardOf":1}')).toMatchObject({ cluster: {} });
  await expect(
    new IAM(client()).createRole({ RoleName: "r", AssumeRolePolicyDocument: "{}", MaxSessionDuration: Number.NaN }),
  ).rejects.toMatchObject({ name: "MalformedInput" });
});

test("query: lists, dates, escaping, no output, errors under their older code", async () => {
  const iam = new IAM(client());
  const Tags = [
    { Key: "one", Value: "1" },
    { Key: "two", Value: "" },
  ];
  const { Role } = await iam.createRole({
    RoleName: "r",
    AssumeRolePolicyDocument: '{"a":"<&>"}',
    Tags,
    MaxSessionDuration: 3600,
  });
  expect(Role).toMatchObject({ RoleName: "r", CreateDate: when, Tags, AssumeRolePolicyDocument: '{"a":"<&>"}' });
  expect(given).toEqual({ RoleName: "r", AssumeRolePolicyDocument: '{"a":"<&>"}', Tags, MaxSessionDuration: 3600 });
  await iam.deleteRole({ RoleName: "r" });
  await expect(iam.getRole({ RoleName: "x" })).rejects.toMatchObject({
    name: "NoSuchEntityException",
    message: "The role with name <x> cannot be found.",
    Error: { Code: "NoSuchEntity" },
    $metadata: { httpStatusCode: 404 },
  });
});

test("query: maps and bytes", async () => {
  const sns = new SNS(client());
  await sns.createTopic({ Name: "t", Attributes: { DisplayName: "d", Empty: "" }, Tags: [] });
  expect(given).toEqual({ Name: "t", Attributes: { DisplayName: "d", Empty: "" }, Tags: [] });
  const { Attributes } = await sns.getTopicAttributes({ TopicArn: "arn" });
  expect(Attributes).toEqual({ Policy: '{"a":"<&>"}', Empty: "" });
  const MessageAttributes = { raw: { DataType: "Binary", BinaryValue: new Uint8Array([9]) } };
  await sns.publish({ TopicArn: "arn", Message: "m", MessageAttributes });
  expect(given).toEqual({ TopicArn: "arn", Message: "m", MessageAttributes });
});

test("ec2Query: flat lists in, nested lists out, errors without a shape", async () => {
  const ec2 = new EC2(client());
  const rule = {
    IpProtocol: "tcp",
    FromPort: 8080,
    ToPort: 8080,
    IpRanges: [{ CidrIp: "0.0.0.0/0", Description: "all" }],
  };
  await ec2.authorizeSecurityGroupIngress({ GroupId: "sg-1", IpPermissions: [rule] });
  expect(given).toEqual({ GroupId: "sg-1", IpPermissions: [rule] });
  const { Vpcs } = await ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true", "x"] }], DryRun: false });
  expect(given).toEqual({ Filters: [{ Name: "is-default", Values: ["true", "x"] }], DryRun: false });
  expect(Vpcs).toEqual([{ VpcId: "vpc-1", IsDefault: true, Tags: [{ Key: "k", Value: "a&b" }] }]);
  await expect(ec2.describeSubnets()).rejects.toMatchObject({
    name: "InvalidSubnetID.NotFound",
    $metadata: { httpStatusCode: 400 },
  });
});

test("CBOR, which the aws CLI speaks to CloudWatch, and JSON are the same to a handler", async () => {
  for (const protocol of [undefined, AwsSmithyRpcV2CborProtocol]) {
    const cloudwatch = new CloudWatch({ ...client(), ...(protocol && { protocol }) });
    const alarm = {
      AlarmName: "a",
      EvaluationPeriods: 2,
      Threshold: 0.5,
      ComparisonOperator: "LessThanThreshold" as const,
    };
    await cloudwatch.putMetricAlarm(alarm);
    expect(given).toEqual(alarm);
    const { MetricAlarms } = await cloudwatch.describeAlarms();
    expect(MetricAlarms).toEqual([{ AlarmName: "a", Threshold: 0.5, StateUpdatedTimestamp: when }]);
    await expect(cloudwatch.getDashboard({ DashboardName: "x" })).rejects.toMatchObject({
      message: "Dashboard x does not exist",
      $metadata: { httpStatusCode: 404 },
    });
  }
});

test("restXml: bodies, headers, metadata; streams lose their frames", async () => {
  const s3 = new S3(client());
  const put = await s3.putObject({
    Bucket: "b",
    Key: "a b/ü",
    Body: "hello",
    ContentType: "text/plain",
    Metadata: { who: "me" },
  });
  expect(put).toMatchObject({ ETag: '"e"', VersionId: "v" });
  expect(given).toMatchObject({ Bucket: "b", Key: "a b/ü", ContentType: "text/plain", Metadata: { who: "me" } });
  await s3.putObject({
    Bucket: "b",
    Key: "k",
    Body: Readable.from([Buffer.from("abc"), Buffer.from("def")]),
    ContentLength: 6,
  });
  expect(String((given as { Body: Buffer }).Body)).toBe("abcdef");
  const got = await s3.getObject({ Bucket: "b", Key: "k" });
  expect(got).toMatchObject({ ContentLength: 5, LastModified: when, Metadata: { who: "me" } });
  expect(await got.Body?.transformToString()).toBe("hello");
});

test("restXml: operations are told apart, documents go both ways", async () => {
  const s3 = new S3(client());
  const Rules = [
    {
      ID: "r",
      Status: "Enabled" as const,
      Filter: { Prefix: "" },
      NoncurrentVersionExpiration: { NoncurrentDays: 30 },
    },
  ];
  await s3.putBucketLifecycleConfiguration({ Bucket: "b", LifecycleConfiguration: { Rules } });
  expect(given).toMatchObject({ Bucket: "b", LifecycleConfiguration: { Rules } });
  expect((await s3.getBucketPolicy({ Bucket: "b" })).Policy).toBe('{"a":"<&>"}');
  const listed = await s3.listObjectsV2({ Bucket: "b", Prefix: "src/", MaxKeys: 2 });
  expect(given).toMatchObject({ Bucket: "b", Prefix: "src/", MaxKeys: 2 });
  expect(listed.Contents).toEqual([{ Key: "a b", Size: 1, LastModified: when }]);
  expect(await s3.listParts({ Bucket: "b", Key: "k", UploadId: "u" })).toMatchObject({ UploadId: "u" });
  await expect(s3.getBucketTagging({ Bucket: "b" })).rejects.toMatchObject({ name: "NoSuchTagSet", BucketName: "b" });
  await expect(s3.headBucket({ Bucket: "b" })).rejects.toMatchObject({ name: "NotFound" });
});
