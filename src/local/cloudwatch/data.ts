import type { CloudWatch, Datapoint, MetricDataResult, MetricDatum } from "@aws-sdk/client-cloudwatch";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { BadExpression } from "./expression.ts";
import { dimensionsOf, seriesNamed, windowValue } from "./query.ts";
import { allSeries, keyOf, sample } from "./series.ts";
import type { CloudWatchState, CustomMetric } from "./state.ts";
import { statistic, within } from "./statistic.ts";

const KEPT = 5000;
const MOST = 100_800;

/** A datum as a point: single value, values with counts, or a statistic set. */
function pointOf(datum: MetricDatum, now: number): CustomMetric["points"][number] {
  const at = datum.Timestamp?.getTime() ?? now;
  const set = datum.StatisticValues;
  if (set) return { at, sum: set.Sum ?? 0, count: set.SampleCount ?? 0, min: set.Minimum ?? 0, max: set.Maximum ?? 0 };
  const values = datum.Values ?? [datum.Value ?? 0];
  const counts = values.map((_, i) => datum.Counts?.[i] ?? 1);
  return {
    at,
    sum: values.reduce((sum, value, i) => sum + value * (counts[i] ?? 1), 0),
    count: counts.reduce((sum, count) => sum + count, 0),
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** The beginnings of the periods between two times. */
function periods(start: Date | undefined, end: Date | undefined, seconds: number): { step: number; times: number[] } {
  const step = seconds * 1000;
  const [from, to] = [start?.getTime() ?? 0, end?.getTime() ?? 0];
  if (from >= to)
    throw new Refusal("ValidationException", "The parameter StartTime must be less than the parameter EndTime.");
  const first = Math.floor(from / step) * step;
  const count = Math.ceil((to - first) / step);
  if (count > MOST)
    throw new Refusal("InvalidParameterCombinationException", "You have requested too many datapoints.");
  return { step, times: Array.from({ length: count }, (_, i) => first + i * step) };
}

/** Metrics: put, listed, read. */
export const data: Handlers<CloudWatch, CloudWatchState> = {
  PutMetricData: ({ Namespace: namespace = "", MetricData = [] }, { state, local }) => {
    if (namespace.startsWith("AWS/"))
      throw new Refusal("InvalidParameterValueException", "The value AWS/ for parameter Namespace is invalid.");
    for (const datum of MetricData) {
      const metric = { namespace, name: datum.MetricName ?? "", dimensions: dimensionsOf(datum.Dimensions) };
      const key = keyOf(metric);
      state.custom[key] ??= { ...metric, points: [] };
      const { points } = state.custom[key];
      points.push(pointOf(datum, local.clock.now()));
      points.splice(0, points.length - KEPT);
    }
  },
  ListMetrics: ({ Namespace, MetricName, Dimensions = [], NextToken }, { local, region }) => {
    const found = allSeries(local, region).filter(
      (each) =>
        (Namespace === undefined || each.namespace === Namespace) &&
        (MetricName === undefined || each.name === MetricName) &&
        Dimensions.every(({ Name = "", Value }) =>
          Value === undefined ? Name in each.dimensions : each.dimensions[Name] === Value,
        ),
    );
    const { items, next } = page(found, keyOf, 500, NextToken);
    return {
      Metrics: items.map((each) => ({
        Namespace: each.namespace,
        MetricName: each.name,
        Dimensions: Object.entries(each.dimensions).map(([Name, Value]) => ({ Name, Value })),
      })),
      NextToken: next,
    };
  },
  GetMetricStatistics: (input, { local, region }) => {
    sample(local, region);
    const { step, times } = periods(input.StartTime, input.EndTime, input.Period ?? 60);
    const points = seriesNamed(allSeries(local, region), input)?.points ?? [];
    const Datapoints = times.flatMap((at): Datapoint[] => {
      const window = within(points, at, at + step).filter((point) => point.at >= at);
      if (window.length === 0) return [];
      const basic = Object.fromEntries((input.Statistics ?? []).map((stat) => [stat, statistic(window, stat)]));
      const extended = (input.ExtendedStatistics ?? []).flatMap((stat) => {
        const value = statistic(window, stat);
        return value === undefined ? [] : [[stat, value] as const];
      });
      const more = extended.length > 0 ? { ExtendedStatistics: Object.fromEntries(extended) } : {};
      return [{ Timestamp: new Date(at), Unit: input.Unit ?? "None", ...basic, ...more }];
    });
    return { Label: input.MetricName, Datapoints };
  },
  GetMetricData: ({ MetricDataQueries = [], StartTime, EndTime, ScanBy }, { local, region }) => {
    sample(local, region);
    const all = allSeries(local, region);
    const results = MetricDataQueries.filter((each) => each.ReturnData !== false).map((query): MetricDataResult => {
      const seconds =
        query.Period ??
        query.MetricStat?.Period ??
        MetricDataQueries.find((each) => each.MetricStat)?.MetricStat?.Period;
      const { step, times } = periods(StartTime, EndTime, seconds ?? 60);
      try {
        const values = times.flatMap((at) => {
          const value = windowValue(all, MetricDataQueries, query.Id ?? "", at, at + step);
          return value === undefined ? [] : [{ at, value }];
        });
        if (ScanBy !== "TimestampAscending") values.reverse();
        return {
          Id: query.Id,
          Label: query.Label ?? query.MetricStat?.Metric?.MetricName ?? query.Id,
          Timestamps: values.map(({ at }) => new Date(at)),
          Values: values.map(({ value }) => value),
          StatusCode: "Complete",
        };
      } catch (error) {
        if (error instanceof BadExpression)
          throw new Refusal("ValidationException", `Error in expression '${query.Id}': ${error.message}`);
        throw error;
      }
    });
    return { MetricDataResults: results, Messages: [] };
  },
};
