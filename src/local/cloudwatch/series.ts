import { insights, utilization } from "../ecs/metrics.ts";
import { loadBalancerMetrics } from "../elbv2/targets.ts";
import type { Local } from "../service.ts";
import { topicMetrics } from "../sns/topics.ts";
import { depth } from "../sqs/deliver.ts";
import { sqsKeeper } from "../sqs/queues.ts";
import { cloudWatchState } from "./state.ts";

/** What was measured from `at` on for `span` milliseconds; an instant has a span of 0. */
export interface Point {
  readonly at: number;
  readonly span: number;
  readonly sum: number;
  readonly count: number;
  readonly min: number;
  readonly max: number;
  /** Single values, for percentiles, where they are known. */
  readonly values?: readonly number[];
}

/** A metric with what is known of it, oldest first. */
export interface Series {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly points: readonly Point[];
}

/** A value read at this moment. */
interface Reading extends Omit<Series, "points"> {
  readonly value: number;
  /** Counts up for ever: what is measured is its growth. */
  readonly counter?: boolean;
}

const KEPT = 3600;
const MINUTE = 60_000;

function readings(local: Local, region: string): Reading[] {
  const queues = Object.keys(local.state(sqsKeeper, region).queues).flatMap((name) => {
    const { visible, inFlight, delayed, oldest } = depth(local, region, name);
    const dimensions = { QueueName: name };
    return [
      { namespace: "AWS/SQS", name: "ApproximateNumberOfMessagesVisible", dimensions, value: visible },
      { namespace: "AWS/SQS", name: "ApproximateNumberOfMessagesNotVisible", dimensions, value: inFlight },
      { namespace: "AWS/SQS", name: "ApproximateNumberOfMessagesDelayed", dimensions, value: delayed },
      { namespace: "AWS/SQS", name: "ApproximateAgeOfOldestMessage", dimensions, value: Math.round(oldest / 1000) },
    ];
  });
  const topics = Object.entries(topicMetrics(local, region)).flatMap(([topic, metrics]) =>
    Object.entries(metrics).map(([name, value]) => ({
      namespace: "AWS/SNS",
      name,
      dimensions: { TopicName: topic },
      value: Number(value),
      counter: true,
    })),
  );
  const services = insights(local, region).flatMap(({ cluster, service, counts }) =>
    Object.entries(counts).map(([name, value]) => ({
      namespace: "ECS/ContainerInsights",
      name,
      dimensions: { ClusterName: cluster, ServiceName: service },
      value,
    })),
  );
  const uses = utilization(local, region).flatMap(({ cluster, service, use }) =>
    Object.entries(use).map(([name, value]) => ({
      namespace: "AWS/ECS",
      name,
      dimensions: { ClusterName: cluster, ServiceName: service },
      value,
    })),
  );
  return [...queues, ...topics, ...services, ...uses];
}

/** What identifies a metric, whatever the order of its dimensions. */
export const keyOf = ({ namespace, name, dimensions }: Omit<Series, "points">): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** Measures of one local AWS, since it was started. */
class Samples {
  readonly #series = new Map<string, Omit<Series, "points"> & { points: Point[]; last: number }>();

  take(local: Local, region: string): void {
    const now = local.clock.now();
    for (const { value, counter, ...metric } of readings(local, region)) {
      const key = `${region} ${keyOf(metric)}`;
      const series = this.#series.get(key) ?? { ...metric, points: [], last: value };
      this.#series.set(key, series);
      const measured = counter ? Math.max(0, value - series.last) : value;
      series.last = value;
      // a counter that stands still measures nothing, as on AWS
      if (counter && measured === 0) continue;
      series.points.push({
        at: now,
        span: 0,
        sum: measured,
        count: 1,
        min: measured,
        max: measured,
        values: [measured],
      });
      series.points.splice(0, series.points.length - KEPT);
    }
  }

  of(region: string): Series[] {
    return [...this.#series].filter(([key]) => key.startsWith(`${region} `)).map(([, series]) => series);
  }
}

const taken = new WeakMap<Local, Samples>();
function samplesOf(local: Local): Samples {
  const found = taken.get(local) ?? new Samples();
  taken.set(local, found);
  return found;
}

/** Reads every gauge and counter once. */
export const sample = (local: Local, region: string): void => samplesOf(local).take(local, region);

/** Every metric of a region: sampled, measured by load balancers, and put by callers. */
export function allSeries(local: Local, region: string): Series[] {
  const balancers = loadBalancerMetrics(local, region).map(({ name, dimensions, points }) => ({
    namespace: "AWS/ApplicationELB",
    name,
    dimensions,
    points: points.map((point) => ({ ...point, span: MINUTE })),
  }));
  const custom = Object.values(cloudWatchState(local, region).custom).map((metric) => ({
    ...metric,
    points: metric.points.map((point) => ({ ...point, span: 0 })),
  }));
  return [...samplesOf(local).of(region), ...balancers, ...custom];
}
