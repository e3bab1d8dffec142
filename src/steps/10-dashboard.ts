import type { Widget } from "../aws/cloudwatch/dashboard.ts";
import type { Shop } from "../config.ts";
import type { Watched } from "./10-monitoring.ts";

/** `[namespace, metric, dimension, value, …]`, as CloudWatch writes a metric. */
type Line = readonly string[];

const WIDTH = 12;
const HEIGHT = 6;

/** The dashboard: visitors, services, queues and tables, two widgets a row. */
export function widgets({ region, names, loadBalancer }: Shop, watched: Watched): Widget[] {
  const { services, home } = watched;
  const door = ["LoadBalancer", services.door.balancer.ref.suffix];
  const running = [services.web, services.search, services.order].map((service) => [
    "ClusterName",
    home.cluster.ref.name,
    "ServiceName",
    service.ref.name,
  ]);
  const queues = [watched.orderQueue.ref.name, watched.lookupQueue.ref.name].map((name) => ["QueueName", name]);
  const dead = [names.orderDeadLetters, names.lookupDeadLetters].map((name) => ["QueueName", name]);
  const tables = [watched.products.ref.name, watched.orders.ref.name].map((name) => ["TableName", name]);
  const each = (namespace: string, metric: string, of: readonly Line[]): Line[] =>
    of.map((dimensions) => [namespace, metric, ...dimensions]);

  const charts: (readonly [title: string, stat: string, metrics: readonly Line[]])[] = [
    ...(loadBalancer
      ? ([
          [
            "Visits, and answers that were errors",
            "Sum",
            ["RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"].flatMap((metric) =>
              each("AWS/ApplicationELB", metric, [door]),
            ),
          ],
          ["Seconds until an answer", "p95", each("AWS/ApplicationELB", "TargetResponseTime", [door])],
        ] as const)
      : []),
    ["CPU in %", "Average", each("AWS/ECS", "CPUUtilization", running)],
    ["Memory in %", "Average", each("AWS/ECS", "MemoryUtilization", running)],
    ["Tasks running", "Minimum", each("ECS/ContainerInsights", "RunningTaskCount", running)],
    ["Messages waiting", "Maximum", each("AWS/SQS", "ApproximateNumberOfMessagesVisible", [...queues, ...dead])],
    ["Age of the oldest message in seconds", "Maximum", each("AWS/SQS", "ApproximateAgeOfOldestMessage", queues)],
    [
      "Events published, and not delivered",
      "Sum",
      ["NumberOfMessagesPublished", "NumberOfNotificationsFailed"].flatMap((metric) =>
        each("AWS/SNS", metric, [["TopicName", watched.events.ref.name]]),
      ),
    ],
    [
      "Reads and writes of the tables",
      "Sum",
      ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"].flatMap((metric) =>
        each("AWS/DynamoDB", metric, tables),
      ),
    ],
    [
      "Throttled by the tables",
      "Sum",
      ["ReadThrottleEvents", "WriteThrottleEvents"].flatMap((metric) => each("AWS/DynamoDB", metric, tables)),
    ],
  ];
  return charts.map(([title, stat, metrics], at) => ({
    type: "metric",
    x: (at % 2) * WIDTH,
    y: Math.floor(at / 2) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: { title, stat, metrics, region, period: 60, view: "timeSeries", stacked: false },
  }));
}
