import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { evaluate } from "../../src/local/cloudwatch/expression.ts";
import { cloudwatch } from "../../src/local/cloudwatch/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { sns } from "../../src/local/sns/sns.ts";
import { sqs } from "../../src/local/sqs/sqs.ts";

let dir: string;
let local: LocalServer;
let watch: CloudWatch;
let queue: SQS;
let topic: SNS;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-watch-"));
  local = await startLocal({ dir, port: 0, services: [sns, sqs, cloudwatch] });
  const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
  const options = { endpoint: local.url, region: "us-east-1", credentials, maxAttempts: 1 };
  watch = new CloudWatch(options);
  queue = new SQS(options);
  topic = new SNS(options);
});
afterEach(async () => {
  for (const client of [watch, queue, topic]) client.destroy();
  await local.stop();
  rmSync(dir, { recursive: true });
});

const depthAlarm = (more: object = {}) => ({
  AlarmName: "orders-dlq",
  Namespace: "AWS/SQS",
  MetricName: "ApproximateNumberOfMessagesVisible",
  Dimensions: [{ Name: "QueueName", Value: "OrderQueue-dlq" }],
  Statistic: "Maximum" as const,
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 0,
  ComparisonOperator: "GreaterThanThreshold" as const,
  TreatMissingData: "notBreaching",
  ...more,
});
const stateOf = async (name: string) =>
  (await watch.describeAlarms({ AlarmNames: [name] })).MetricAlarms?.[0]?.StateValue;

test("an alarm over the depth of a queue rings, tells its topic, and is quiet again", async () => {
  const { QueueUrl = "" } = await queue.createQueue({ QueueName: "OrderQueue-dlq" });
  const { TopicArn = "" } = await topic.createTopic({ Name: "alarms" });
  const inbox = await queue.createQueue({
    QueueName: "inbox",
    Attributes: {
      Policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: "*" },
        ],
      }),
    },
  });
  await topic.subscribe({
    TopicArn,
    Protocol: "sqs",
    Endpoint: "arn:aws:sqs:us-east-1:000000000000:inbox",
    Attributes: { RawMessageDelivery: "true" },
  });
  await watch.putMetricAlarm(depthAlarm({ AlarmActions: [TopicArn], Tags: [{ Key: "a", Value: "b" }] }));
  await vi.waitFor(async () => expect(await stateOf("orders-dlq")).toBe("OK"), { timeout: 15_000 });
  await queue.sendMessage({ QueueUrl, MessageBody: "lost" });
  await vi.waitFor(async () => expect(await stateOf("orders-dlq")).toBe("ALARM"), { timeout: 15_000 });
  const { Messages } = await queue.receiveMessage({ QueueUrl: inbox.QueueUrl, WaitTimeSeconds: 10 });
  expect(JSON.parse(Messages?.[0]?.Body ?? "{}")).toMatchObject({
    AlarmName: "orders-dlq",
    NewStateValue: "ALARM",
    NewStateReason: expect.stringContaining("was greater than the threshold (0.0)"),
  });
  const { Messages: lost } = await queue.receiveMessage({ QueueUrl });
  await queue.deleteMessage({ QueueUrl, ReceiptHandle: lost?.[0]?.ReceiptHandle });
  await vi.waitFor(async () => expect(await stateOf("orders-dlq")).toBe("OK"), { timeout: 15_000 });
  const { Tags } = await watch.listTagsForResource({
    ResourceARN: "arn:aws:cloudwatch:us-east-1:000000000000:alarm:orders-dlq",
  });
  expect(Tags).toEqual([{ Key: "a", Value: "b" }]);
});

test("PutMetricAlarm overwrites everything but tags, and DeleteAlarms ignores what is not there", async () => {
  await watch.putMetricAlarm(depthAlarm({ AlarmDescription: "one", Tags: [{ Key: "a", Value: "1" }] }));
  await watch.putMetricAlarm(depthAlarm({ Threshold: 5, Tags: [{ Key: "a", Value: "2" }] }));
  const { MetricAlarms: [alarm] = [] } = await watch.describeAlarms({ AlarmNamePrefix: "orders" });
  expect(alarm).toMatchObject({ Threshold: 5, ActionsEnabled: true, AlarmActions: [] });
  expect(alarm?.AlarmDescription).toBeUndefined();
  expect((await watch.listTagsForResource({ ResourceARN: alarm?.AlarmArn })).Tags).toEqual([{ Key: "a", Value: "1" }]);
  await watch.setAlarmState({ AlarmName: "orders-dlq", StateValue: "ALARM", StateReason: "by hand" });
  expect(
    (await watch.describeAlarmHistory({ AlarmName: "orders-dlq" })).AlarmHistoryItems?.[0]?.HistorySummary,
  ).toMatch(/to ALARM$/);
  await watch.deleteAlarms({ AlarmNames: ["orders-dlq", "nobody"] });
  expect((await watch.describeAlarms({})).MetricAlarms).toEqual([]);
  await expect(
    watch.setAlarmState({ AlarmName: "orders-dlq", StateValue: "OK", StateReason: "" }),
  ).rejects.toMatchObject({ name: expect.stringMatching(/^ResourceNotFound/) });
});

test("a dashboard is checked, kept whatever the region, and deleted all or nothing", async () => {
  const body = JSON.stringify({ widgets: [{ type: "metric", properties: { region: "us-east-1", metrics: [] } }] });
  await watch.putDashboard({ DashboardName: "shop", DashboardBody: body });
  expect((await watch.getDashboard({ DashboardName: "shop" })).DashboardBody).toBe(body);
  expect((await watch.listDashboards({ DashboardNamePrefix: "sh" })).DashboardEntries).toMatchObject([
    { DashboardName: "shop", Size: body.length },
  ]);
  for (const wrong of ["{", "{}", JSON.stringify({ widgets: [{ type: "metric", properties: {} }] })])
    await expect(watch.putDashboard({ DashboardName: "bad", DashboardBody: wrong })).rejects.toMatchObject({
      name: "DashboardInvalidInputError",
      dashboardValidationMessages: [{ Message: expect.any(String) }],
    });
  await expect(watch.deleteDashboards({ DashboardNames: ["shop", "nobody"] })).rejects.toMatchObject({
    // on the wire both of CloudWatch's "not found" bear one code
    name: expect.stringMatching(/NotFound/),
  });
  await watch.deleteDashboards({ DashboardNames: ["shop"] });
  await expect(watch.getDashboard({ DashboardName: "shop" })).rejects.toMatchObject({
    name: expect.stringMatching(/NotFound/),
  });
});

test("metrics are put, listed, read and computed with", async () => {
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000);
  const put = (MetricName: string, Value: number) =>
    watch.putMetricData({ Namespace: "Shop", MetricData: [{ MetricName, Value, Timestamp: at }] });
  await put("orders", 6);
  await put("orders", 2);
  await put("tasks", 4);
  expect((await watch.listMetrics({ Namespace: "Shop" })).Metrics?.map((each) => each.MetricName)).toEqual([
    "orders",
    "tasks",
  ]);
  const window = { StartTime: new Date(at.getTime() - 60_000), EndTime: new Date(at.getTime() + 60_000) };
  const { Datapoints } = await watch.getMetricStatistics({
    Namespace: "Shop",
    MetricName: "orders",
    Period: 60,
    Statistics: ["Sum", "Average"],
    ...window,
  });
  expect(Datapoints).toMatchObject([{ Sum: 8, Average: 4, Timestamp: at }]);
  const stat = (Id: string, MetricName: string) => ({
    Id,
    ReturnData: false,
    MetricStat: { Metric: { Namespace: "Shop", MetricName }, Period: 60, Stat: "Sum" },
  });
  const { MetricDataResults } = await watch.getMetricData({
    MetricDataQueries: [stat("m1", "orders"), stat("m2", "tasks"), { Id: "e1", Expression: "m1 / m2" }],
    ...window,
  });
  expect(MetricDataResults).toMatchObject([{ Id: "e1", Values: [2], StatusCode: "Complete" }]);
});

test.each([
  ["m1 / m2", 4],
  ["m1 / IF(m2 > 2, m2, 1) + 1", 9],
  ["-(m1 - 2) * 2 ^ 2", -24],
  ["FILL(m3, 7)", 7],
  ["m1 / m3", undefined],
  ["m1 / 0", undefined],
  ["MAX([m1, m2, m3])", 8],
])("metric math: %s", (expression, value) => {
  const values: Record<string, number> = { m1: 8, m2: 2 };
  expect(evaluate(expression, (id) => values[id])).toBe(value);
});
