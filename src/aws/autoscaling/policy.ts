import type {
  CustomizedMetricSpecification,
  ScalingPolicy,
  TargetTrackingMetricDataQuery,
  TargetTrackingScalingPolicyConfiguration,
} from "@aws-sdk/client-application-auto-scaling";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { together } from "../together.ts";
import { resourceId, SERVICE_COUNT } from "./target.ts";

export type ScalingPolicySpec = {
  /** The service's name. */
  readonly service: string;
  /** The cluster's name. */
  readonly cluster: string;
  /** The scaling target, which must be there first. */
  readonly target: string;
  /** What is held at the goal: the service's CPU in percent, or the messages of a queue per running task. */
  readonly metric: "cpu" | { readonly backlogOf: string };
  readonly goal: number;
  /** Seconds before scaling out, or in, again. */
  readonly coolDown: { readonly out: number; readonly in: number };
};

/** A policy that holds a metric at a goal by the number of tasks. The alarms it makes are its own. */
export const scalingPolicy = defineKind<ScalingPolicySpec, never>({
  type: "autoscaling:policy",
  outputs: [],
  partOf: "service",
  fixed: ["service", "cluster", "target"],

  async read(aws, name, want) {
    const it = await find(aws, name);
    const tracking = it?.TargetTrackingScalingPolicyConfiguration;
    if (!tracking || it.ResourceId !== resourceId(want)) return undefined;
    const { service, cluster, target } = want;
    return {
      spec: {
        service,
        cluster,
        target,
        metric: metricIn(tracking),
        goal: tracking.TargetValue,
        coolDown: { out: tracking.ScaleOutCooldown ?? 0, in: tracking.ScaleInCooldown ?? 0 },
      },
      outputs: {},
    };
  },

  create: (aws, name, want) => put(aws, name, want),
  update: (aws, name, want) => put(aws, name, want),

  async delete(aws, name, have) {
    const { service = "", cluster = "" } = have.spec;
    const ResourceId = resourceId({ service, cluster });
    await unlessAbsent(
      aws.autoscaling.deleteScalingPolicy({ ...SERVICE_COUNT, ResourceId, PolicyName: name }),
      "ObjectNotFound",
    );
  },
});

async function put(aws: Aws, PolicyName: string, want: ScalingPolicySpec): Promise<void> {
  await aws.autoscaling.putScalingPolicy({
    ...SERVICE_COUNT,
    ResourceId: resourceId(want),
    PolicyName,
    PolicyType: "TargetTrackingScaling",
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: want.goal,
      ScaleOutCooldown: want.coolDown.out,
      ScaleInCooldown: want.coolDown.in,
      ...(want.metric === "cpu"
        ? { PredefinedMetricSpecification: { PredefinedMetricType: "ECSServiceAverageCPUUtilization" } }
        : { CustomizedMetricSpecification: backlogPerTask(want.metric.backlogOf, want) }),
    },
  });
}

/** Messages waiting, divided by the tasks that run: what one task has before it. */
const backlogPerTask = (queue: string, { cluster, service }: ScalingPolicySpec): CustomizedMetricSpecification => ({
  Metrics: [
    query("waiting", "AWS/SQS", "ApproximateNumberOfMessagesVisible", { QueueName: queue }, "Sum"),
    query(
      "running",
      "ECS/ContainerInsights",
      "RunningTaskCount",
      { ClusterName: cluster, ServiceName: service },
      "Average",
    ),
    { Id: "backlog", Expression: "waiting / running", ReturnData: true },
  ],
});

const query = (
  Id: string,
  Namespace: string,
  MetricName: string,
  dimensions: Readonly<Record<string, string>>,
  Stat: string,
): TargetTrackingMetricDataQuery => ({
  Id,
  MetricStat: {
    Metric: { Namespace, MetricName, Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })) },
    Stat,
  },
  ReturnData: false,
});

function metricIn({
  PredefinedMetricSpecification,
  CustomizedMetricSpecification,
}: TargetTrackingScalingPolicyConfiguration): ScalingPolicySpec["metric"] {
  if (PredefinedMetricSpecification) return "cpu";
  const stats = CustomizedMetricSpecification?.Metrics?.map(({ MetricStat }) => MetricStat?.Metric);
  const waiting = stats?.find((metric) => metric?.MetricName === "ApproximateNumberOfMessagesVisible");
  return { backlogOf: waiting?.Dimensions?.find(({ Name }) => Name === "QueueName")?.Value ?? "" };
}

const find = together<Aws, ScalingPolicy>(50, async (aws, PolicyNames) => {
  const { ScalingPolicies = [] } = await aws.autoscaling.describeScalingPolicies({
    ServiceNamespace: "ecs",
    PolicyNames: [...PolicyNames],
  });
  return new Map(ScalingPolicies.map((it) => [it.PolicyName ?? "", it]));
});
