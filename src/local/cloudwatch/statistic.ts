import type { Point } from "./series.ts";

/** The points of a window of time, by whatever part of them lies in it. */
export const within = (points: readonly Point[], from: number, to: number): Point[] =>
  points.filter((point) => point.at < to && (point.at >= from || point.at + point.span > from));

/** A statistic of points: `Sum`, `Average`, `p95`, …; undefined when there is nothing to count. */
export function statistic(points: readonly Point[], stat: string): number | undefined {
  if (points.length === 0) return undefined;
  const sum = points.reduce((total, point) => total + point.sum, 0);
  const count = points.reduce((total, point) => total + point.count, 0);
  switch (stat) {
    case "Sum":
      return sum;
    case "SampleCount":
      return count;
    case "Average":
      return sum / count;
    case "Minimum":
      return Math.min(...points.map((point) => point.min));
    case "Maximum":
      return Math.max(...points.map((point) => point.max));
    default:
      return percentile(points, Number(/^p(\d+(\.\d+)?)$/i.exec(stat)?.[1]));
  }
}

function percentile(points: readonly Point[], rank: number): number | undefined {
  if (Number.isNaN(rank)) return undefined;
  const values = points.flatMap((point) => point.values ?? [point.max]).sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.max(0, Math.ceil((rank / 100) * values.length) - 1))];
}
