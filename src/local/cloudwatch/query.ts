import type { Dimension, MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { evaluate, type Value } from "./expression.ts";
import { keyOf, type Series } from "./series.ts";
import { statistic, within } from "./statistic.ts";

export const dimensionsOf = (dimensions: readonly Dimension[] = []): Record<string, string> =>
  Object.fromEntries(dimensions.map(({ Name = "", Value = "" }) => [Name, Value]));

/** A metric by its name and exactly these dimensions. */
export function seriesNamed(
  all: readonly Series[],
  metric: { Namespace?: string; MetricName?: string; Dimensions?: Dimension[] },
): Series | undefined {
  const wanted = keyOf({
    namespace: metric.Namespace ?? "",
    name: metric.MetricName ?? "",
    dimensions: dimensionsOf(metric.Dimensions),
  });
  return all.find((each) => keyOf(each) === wanted);
}

/** Values of queries in one window of time, by id: metrics first, then what is computed of them. */
export function windowValue(
  all: readonly Series[],
  queries: readonly MetricDataQuery[],
  id: string,
  from: number,
  to: number,
): Value {
  const byId = new Map(queries.map((each) => [each.Id, each]));
  const read = (name: string, seen: ReadonlySet<string>): Value => {
    const query = byId.get(name);
    if (!query || seen.has(name)) return undefined;
    if (query.Expression !== undefined)
      return evaluate(query.Expression, (other) => read(other, new Set([...seen, name])));
    const series = query.MetricStat?.Metric && seriesNamed(all, query.MetricStat.Metric);
    return series && statistic(within(series.points, from, to), query.MetricStat?.Stat ?? "Average");
  };
  return read(id, new Set());
}

/** The query whose value counts: the one that returns data. */
export const returned = (queries: readonly MetricDataQuery[]): string | undefined =>
  (queries.find((each) => each.ReturnData === true) ?? queries.find((each) => each.ReturnData !== false))?.Id;
