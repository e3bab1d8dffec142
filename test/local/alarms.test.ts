import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cloudwatch } from "../../src/local/cloudwatch/index.ts";
import { ecsWith } from "../../src/local/ecs/index.ts";
import { recordsRunner } from "../../src/local/ecs/records-runner.ts";
import { elbv2 } from "../../src/local/elbv2/index.ts";
import { registerTarget } from "../../src/local/elbv2/targets.ts";
import { sns } from "../../src/local/sns/sns.ts";
import { sqs } from "../../src/local/sqs/sqs.ts";
import { definition, ground, type Room, room, service } from "./ecs-room.ts";

let place: Room;
let watch: CloudWatch;
let queue: SQS;
let topicArn: string;
let inbox: string;
let runs: boolean;

beforeEach(async () => {
  runs = true;
  const runner = recordsRunner(() => (runs ? "runs" : { exits: 1 }));
  place = await room(
    ecsWith(() => runner),
    [sns, sqs, cloudwatch, elbv2],
  );
  const { options } = place.clients;
  watch = new CloudWatch(options);
  queue = new SQS(options);
  const topic = new SNS(options);
  topicArn = (await topic.createTopic({ Name: "alarms" })).TopicArn ?? "";
  const Statement = [
    { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: "*" },
  ];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  inbox = (await queue.createQueue({ QueueName: "inbox", Attributes: { Policy } })).QueueUrl ?? "";
  await topic.subscribe({
    TopicArn: topicArn,
    Protocol: "sqs",
    Endpoint: "arn:aws:sqs:us-east-1:000000000000:inbox",
    Attributes: { RawMessageDelivery: "true" },
  });
}, 60_000);
afterEach(() => place.close(), 60_000);

/** Waits for an alarm's state. */
const becomes = (AlarmName: string, state: string) =>
  vi.waitFor(
    async () => {
      const { MetricAlarms } = await watch.describeAlarms({ AlarmNames: [AlarmName] });
      expect(MetricAlarms?.[0]?.StateValue).toBe(state);
    },
    { timeout: 40_000, interval: 200 },
  );

/** What the alarm told its topic: `name: state`. */
async function told(): Promise<string | undefined> {
  const { Messages = [] } = await queue.receiveMessage({ QueueUrl: inbox, WaitTimeSeconds: 10 });
  const [first] = Messages;
  if (!first) return undefined;
  await queue.deleteMessage({ QueueUrl: inbox, ReceiptHandle: first.ReceiptHandle });
  const { AlarmName, NewStateValue } = JSON.parse(first.Body ?? "{}");
  return `${AlarmName}: ${NewStateValue}`;
}

test("an alarm over running tasks rings when none is left, and tells its topic", async () => {
  const { ecs } = place.clients;
  const base = await ground(place);
  await ecs.updateClusterSettings({ cluster: "shop", settings: [{ name: "containerInsights", value: "enabled" }] });
  await ecs.registerTaskDefinition(definition(base, "app"));
  await ecs.createService(service(base, "app"));
  await watch.putMetricAlarm({
    AlarmName: "app-down",
    Namespace: "ECS/ContainerInsights",
    MetricName: "RunningTaskCount",
    Dimensions: [
      { Name: "ClusterName", Value: "shop" },
      { Name: "ServiceName", Value: "app" },
    ],
    Statistic: "Minimum",
    Period: 60,
    EvaluationPeriods: 2,
    Threshold: 1,
    ComparisonOperator: "LessThanThreshold",
    TreatMissingData: "breaching",
    AlarmActions: [topicArn],
  });
  await becomes("app-down", "OK");
  while (await told());
  runs = false;
  const { taskArns = [] } = await ecs.listTasks({ cluster: "shop", serviceName: "app" });
  await ecs.stopTask({ cluster: "shop", task: taskArns[0] });
  await becomes("app-down", "ALARM");
  expect(await told()).toBe("app-down: ALARM");
}, 120_000);

test("an alarm over unhealthy hosts rings when a target fails its checks, and tells its topic", async () => {
  const elb = new ElasticLoadBalancingV2(place.clients.options);
  const { subnets } = await ground(place);
  const balancer = (await elb.createLoadBalancer({ Name: "shop", Subnets: subnets })).LoadBalancers?.[0];
  const { Subnets } = await place.clients.ec2.describeSubnets({});
  const group = (
    await elb.createTargetGroup({
      Name: "web",
      TargetType: "ip",
      Protocol: "HTTP",
      Port: 8080,
      VpcId: Subnets?.[0]?.VpcId,
      HealthCheckPath: "/",
    })
  ).TargetGroups?.[0];
  await elb.createListener({
    LoadBalancerArn: balancer?.LoadBalancerArn,
    Protocol: "HTTP",
    Port: 80,
    DefaultActions: [{ Type: "forward", TargetGroupArn: group?.TargetGroupArn }],
  });
  let status = 200;
  const target: Server = createServer((_, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const { port } = target.address() as AddressInfo;
  registerTarget(place.server.local, "us-east-1", group?.TargetGroupArn ?? "", { id: "127.0.0.1", port });
  await watch.putMetricAlarm({
    AlarmName: "door-unhealthy",
    Namespace: "AWS/ApplicationELB",
    MetricName: "UnHealthyHostCount",
    Dimensions: [
      { Name: "LoadBalancer", Value: balancer?.LoadBalancerArn?.split(":loadbalancer/")[1] },
      { Name: "TargetGroup", Value: group?.TargetGroupArn?.split(":").at(-1) },
    ],
    Statistic: "Maximum",
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: "GreaterThanOrEqualToThreshold",
    TreatMissingData: "notBreaching",
    AlarmActions: [topicArn],
  });
  await becomes("door-unhealthy", "OK");
  status = 500;
  await becomes("door-unhealthy", "ALARM");
  expect(await told()).toBe("door-unhealthy: ALARM");
  target.close();
  target.closeAllConnections();
}, 120_000);
