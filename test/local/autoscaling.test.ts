import { ApplicationAutoScaling } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { SQS } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applicationAutoScaling } from "../../src/local/autoscaling/index.ts";
import { cloudwatch } from "../../src/local/cloudwatch/index.ts";
import { ecsWith } from "../../src/local/ecs/index.ts";
import { recordsRunner } from "../../src/local/ecs/records-runner.ts";
import { sqs } from "../../src/local/sqs/sqs.ts";
import { definition, ground, type Room, room, service, shown, until } from "./ecs-room.ts";

let here: Room;
let scaling: ApplicationAutoScaling;
let watch: CloudWatch;

const target = {
  ServiceNamespace: "ecs" as const,
  ResourceId: "service/shop/app",
  ScalableDimension: "ecs:service:DesiredCount" as const,
};
const cpu = {
  ...target,
  PolicyName: "cpu",
  PolicyType: "TargetTrackingScaling" as const,
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue: 60,
    PredefinedMetricSpecification: { PredefinedMetricType: "ECSServiceAverageCPUUtilization" as const },
  },
};

beforeEach(async () => {
  here = await room(
    ecsWith(() => recordsRunner()),
    [sqs, cloudwatch, applicationAutoScaling],
  );
  scaling = new ApplicationAutoScaling(here.clients.options);
  watch = new CloudWatch(here.clients.options);
  const base = await ground(here);
  const { ecs } = here.clients;
  await ecs.updateClusterSettings({ cluster: "shop", settings: [{ name: "containerInsights", value: "enabled" }] });
  await ecs.registerTaskDefinition(definition(base, "app"));
  await ecs.createService(service(base, "app"));
  await until(here, "app", (found) => expect(found.runningCount).toBe(1));
});
afterEach(() => here.close());

test("a scalable target moves the desired count into its limits, and is written over and tagged", async () => {
  const { ScalableTargetARN } = await scaling.registerScalableTarget({
    ...target,
    MinCapacity: 2,
    MaxCapacity: 4,
    Tags: { a: "b" },
  });
  await until(here, "app", (found) => expect(found.runningCount).toBe(2));
  await scaling.registerScalableTarget({ ...target, MaxCapacity: 8, Tags: { c: "d" } });
  const { ScalableTargets } = await scaling.describeScalableTargets({ ...target, ResourceIds: [target.ResourceId] });
  expect(ScalableTargets).toMatchObject([{ MinCapacity: 2, MaxCapacity: 8, ScalableTargetARN }]);
  expect((await scaling.listTagsForResource({ ResourceARN: ScalableTargetARN })).Tags).toEqual({ a: "b" });
});

test("what is not there is refused in AWS's words", async () => {
  await expect(
    scaling.registerScalableTarget({ ...target, ResourceId: "service/shop/nobody", MinCapacity: 1, MaxCapacity: 2 }),
  ).rejects.toMatchObject({ name: "ValidationException", message: "ECS service doesn't exist: service/shop/nobody" });
  await expect(scaling.putScalingPolicy(cpu)).rejects.toMatchObject({ name: "ObjectNotFoundException" });
  await expect(scaling.deregisterScalableTarget(target)).rejects.toMatchObject({ name: "ObjectNotFoundException" });
  await expect(scaling.deleteScalingPolicy({ ...target, PolicyName: "cpu" })).rejects.toMatchObject({
    name: "ObjectNotFoundException",
  });
});

test("a target tracking policy has two alarms, which go with it", async () => {
  await scaling.registerScalableTarget({ ...target, MinCapacity: 1, MaxCapacity: 2 });
  const { Alarms = [], PolicyARN } = await scaling.putScalingPolicy(cpu);
  expect(Alarms.map((each) => each.AlarmName)).toEqual([
    expect.stringMatching(/^TargetTracking-service\/shop\/app-AlarmHigh-/),
    expect.stringMatching(/^TargetTracking-service\/shop\/app-AlarmLow-/),
  ]);
  const { MetricAlarms } = await watch.describeAlarms({ AlarmNames: Alarms.map((each) => each.AlarmName ?? "") });
  expect(MetricAlarms).toMatchObject([
    { Threshold: 60, EvaluationPeriods: 3, AlarmActions: [PolicyARN], MetricName: "CPUUtilization" },
    { Threshold: 54, EvaluationPeriods: 15 },
  ]);
  const again = await scaling.putScalingPolicy(cpu);
  expect(again).toMatchObject({ PolicyARN, Alarms });
  await scaling.deregisterScalableTarget(target);
  expect((await watch.describeAlarms({})).MetricAlarms).toEqual([]);
  expect((await scaling.describeScalingPolicies({ ServiceNamespace: "ecs" })).ScalingPolicies).toEqual([]);
});

test("a backlog per task above its goal adds tasks, up to the most allowed", async () => {
  const queue = new SQS(here.clients.options);
  const { QueueUrl } = await queue.createQueue({ QueueName: "OrderQueue" });
  const stat = (Id: string, Namespace: string, MetricName: string, Dimensions: { Name: string; Value: string }[]) => ({
    Id,
    ReturnData: false,
    MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Stat: "Average" },
  });
  await scaling.registerScalableTarget({ ...target, MinCapacity: 1, MaxCapacity: 3 });
  await scaling.putScalingPolicy({
    ...target,
    PolicyName: "backlog",
    PolicyType: "TargetTrackingScaling",
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 2,
      CustomizedMetricSpecification: {
        Metrics: [
          stat("m1", "AWS/SQS", "ApproximateNumberOfMessagesVisible", [{ Name: "QueueName", Value: "OrderQueue" }]),
          stat("m2", "ECS/ContainerInsights", "RunningTaskCount", [
            { Name: "ClusterName", Value: "shop" },
            { Name: "ServiceName", Value: "app" },
          ]),
          { Id: "backlog", Expression: "m1 / IF(m2 > 0, m2, 1)" },
        ],
      },
    },
  });
  const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: String(i), MessageBody: "order" }));
  await queue.sendMessageBatch({ QueueUrl, Entries });
  await until(here, "app", (found) => expect(found.runningCount).toBe(3));
  expect((await shown(here, "app")).desiredCount).toBe(3);
  const { ScalingActivities } = await scaling.describeScalingActivities({ ServiceNamespace: "ecs" });
  expect(ScalingActivities?.[0]?.Cause).toMatch(/AlarmHigh-.* in state ALARM triggered policy backlog$/);
  queue.destroy();
});
