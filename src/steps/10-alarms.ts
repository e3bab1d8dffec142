import { type AlarmSpec, alarm } from "../aws/cloudwatch/alarm.ts";
import type { Shop } from "../config.ts";
import type { Watched } from "./10-monitoring.ts";

type Watch = Omit<AlarmSpec, "topic" | "period" | "points" | "periods" | "missing"> & Partial<AlarmSpec>;
type Metric = Pick<AlarmSpec, "namespace" | "metric" | "dimensions" | "statistic">;

const over = (threshold: number) => ({ compare: ">" as const, threshold });
/** So many of the last so many minutes. */
const lasting = (points: number, periods = points) => ({ points, periods });
const FIVE_MINUTES = { period: 300 };

/**
 * What somebody should hear of. An alarm refers to what it watches: it is made when that runs, and goes before it, and
 * so tells neither of a shop that is being set up nor of one that is being taken down.
 */
export function alarms({ name, stage, names, loadBalancer }: Shop, topic: string, watched: Watched) {
  const prefix = [name, stage].filter((part) => part !== undefined).join("-");
  const rings = (what: string, watch: Watch, wanted = true) =>
    // A metric without data is one of a thing without traffic: no reason to wake anybody.
    alarm(`${prefix}-${what}`, { topic, period: 60, ...lasting(1), missing: "notBreaching", ...watch }, { wanted });
  const metric = (
    namespace: string,
    metric: string,
    statistic: string,
    dimensions: Readonly<Record<string, string>>,
  ): Metric => ({ namespace, metric, statistic, dimensions });

  const services = (["web", "search", "order"] as const).flatMap((which) => {
    const service = watched.services[which];
    const dimensions = { ClusterName: watched.home.cluster.ref.name, ServiceName: service.ref.name };
    const usage = (what: "cpu" | "memory", name: string) =>
      rings(`${which}-${what}`, {
        description: `${service.name} uses more than 85 % of its ${what}: give it more in ecomctl.json, or more tasks`,
        ...metric("AWS/ECS", name, "Average", dimensions),
        ...over(85),
        ...lasting(5),
      });
    return [
      usage("cpu", "CPUUtilization"),
      usage("memory", "MemoryUtilization"),
      rings(`${which}-down`, {
        description: `no task of ${service.name} runs: see its events and its log`,
        ...metric("ECS/ContainerInsights", "RunningTaskCount", "Minimum", dimensions),
        compare: "<",
        threshold: 1,
        ...lasting(3),
        missing: "breaching",
      }),
    ];
  });

  const inboxes = [
    { which: "order", inbox: watched.orderQueue, dead: names.orderDeadLetters },
    { which: "lookup", inbox: watched.lookupQueue, dead: names.lookupDeadLetters },
  ].flatMap(({ which, inbox, dead }) => {
    const queue = (name: string, metricName: string, statistic: string) =>
      metric("AWS/SQS", metricName, statistic, { QueueName: name });
    return [
      rings(`${which}-dead-letters`, {
        description: `messages that could not be processed are in ${dead}: the log of the service says why`,
        ...queue(dead, "ApproximateNumberOfMessagesVisible", "Maximum"),
        ...over(0),
      }),
      rings(`${which}-backlog-age`, {
        description: `a message has waited in ${inbox.name} for more than 5 minutes: its service is slow, or down`,
        ...queue(inbox.ref.name, "ApproximateAgeOfOldestMessage", "Maximum"),
        ...over(300),
        ...lasting(3),
      }),
      rings(`${which}-backlog`, {
        description: `more than 1000 messages wait in ${inbox.name}: its service needs more tasks`,
        ...queue(inbox.ref.name, "ApproximateNumberOfMessagesVisible", "Average"),
        ...over(1000),
        ...lasting(5),
      }),
    ];
  });

  const { balancer, targets } = watched.services.door;
  const whole = { LoadBalancer: balancer.ref.suffix };
  const behind = { ...whole, TargetGroup: targets.ref.suffix };
  const door = (
    what: string,
    name: string,
    statistic: string,
    dimensions: Record<string, string>,
    more: Omit<Watch, keyof Metric>,
  ) => rings(`door-${what}`, { ...metric("AWS/ApplicationELB", name, statistic, dimensions), ...more }, loadBalancer);
  const doors = [
    door("target-errors", "HTTPCode_Target_5XX_Count", "Sum", behind, {
      description: "the web server answers with errors: see its log",
      ...over(5),
      ...lasting(3, 5),
    }),
    door("errors", "HTTPCode_ELB_5XX_Count", "Sum", whole, {
      description: "the load balancer answers with errors: the web server does not answer it",
      ...over(5),
      ...lasting(3, 5),
    }),
    door("unhealthy", "UnHealthyHostCount", "Maximum", behind, {
      description: "a task of the web server does not answer its health check",
      compare: ">=",
      threshold: 1,
      ...lasting(3),
    }),
    door("slow", "TargetResponseTime", "p95", whole, {
      description: "one visit in twenty takes more than 2 seconds",
      ...over(2),
      ...lasting(5),
    }),
  ];

  const tables = [
    { which: "products", table: watched.products, operation: "GetItem" },
    { which: "orders", table: watched.orders, operation: "TransactWriteItems" },
  ].flatMap(({ which, table, operation }) => {
    const data = (what: string, name: string, description: string, more: Readonly<Record<string, string>> = {}) =>
      rings(`${which}-${what}`, {
        description,
        ...metric("AWS/DynamoDB", name, "Sum", { TableName: table.ref.name, ...more }),
        ...over(0),
        ...FIVE_MINUTES,
      });
    const much = `${table.name} takes no more for a moment: one partition has all the traffic, or it came all at once`;
    return [
      data("read-throttles", "ReadThrottleEvents", much),
      data("write-throttles", "WriteThrottleEvents", much),
      data("errors", "SystemErrors", `DynamoDB itself fails at ${operation} in ${table.name}`, {
        Operation: operation,
      }),
    ];
  });

  const events = rings("events-undelivered", {
    description: `${watched.events.name} cannot deliver: a queue's policy does not let it (\`ecomctl step 3\` mends it)`,
    ...metric("AWS/SNS", "NumberOfNotificationsFailed", "Sum", { TopicName: watched.events.ref.name }),
    ...over(0),
    ...FIVE_MINUTES,
  });

  // Only a server's own proxy counts what its application answers.
  const mesh = (["search", "order"] as const).map((which) => {
    const service = watched.services[which];
    const alias = service.spec.serviceConnect?.alias ?? "";
    return rings(`${which}-errors`, {
      description: `${service.name} answers its neighbours with errors: see its log`,
      ...metric("AWS/ECS", "HTTPCode_Target_5XX_Count", "Sum", {
        TargetDiscoveryName: alias,
        ServiceName: service.ref.name,
        ClusterName: watched.home.cluster.ref.name,
      }),
      ...over(5),
      ...lasting(3, 5),
    });
  });
  return [...services, ...inboxes, ...doors, ...tables, events, ...mesh];
}
