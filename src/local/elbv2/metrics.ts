/** What was measured in one minute. */
export interface Point {
  /** When the minute began, in milliseconds since 1970. */
  readonly at: number;
  sum: number;
  count: number;
  min: number;
  max: number;
  /** The newest values, for percentiles. */
  readonly values: number[];
}

/** One metric of `AWS/ApplicationELB`; times in seconds. */
export interface Metric {
  readonly name: string;
  /** `LoadBalancer` as `app/name/id`, and for some `TargetGroup` as `targetgroup/name/id`. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** Oldest first. Minutes in which nothing was measured are left out. */
  readonly points: readonly Point[];
}

const minute = 60_000;
/** Three hours. */
const mostPoints = 180;
const mostValues = 500;

/** What load balancers measure, minute by minute, since they were started. */
export class Metrics {
  readonly #series = new Map<string, { name: string; dimensions: Readonly<Record<string, string>>; points: Point[] }>();

  observe(now: number, name: string, dimensions: Readonly<Record<string, string>>, value: number): void {
    const key = JSON.stringify([name, dimensions]);
    const series = this.#series.get(key) ?? { name, dimensions, points: [] };
    this.#series.set(key, series);
    const at = Math.floor(now / minute) * minute;
    let point = series.points.at(-1);
    if (point?.at !== at) {
      point = { at, sum: 0, count: 0, min: value, max: value, values: [] };
      series.points.push(point);
      series.points.splice(0, series.points.length - mostPoints);
    }
    point.sum += value;
    point.count += 1;
    point.min = Math.min(point.min, value);
    point.max = Math.max(point.max, value);
    point.values.push(value);
    point.values.splice(0, point.values.length - mostValues);
  }

  /** Observes the same of a load balancer and of one of its target groups. */
  both(now: number, name: string, balancer: string, group: string, value: number): void {
    this.observe(now, name, { LoadBalancer: balancer }, value);
    this.observe(now, name, { LoadBalancer: balancer, TargetGroup: group }, value);
  }

  /** Metrics of load balancers for which `wanted` says yes. */
  of(wanted: (balancer: string) => boolean): Metric[] {
    return [...this.#series.values()].filter(({ dimensions }) => wanted(dimensions.LoadBalancer ?? ""));
  }
}
