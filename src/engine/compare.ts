import { isDeepStrictEqual } from "node:util";
import type { Fields } from "./resource.ts";

/** One field that is not as it should be. */
export interface Difference {
  readonly field: string;
  readonly have: unknown;
  readonly want: unknown;
}

/** The fields that `want` declares and `have` says otherwise. The order of a list means nothing; null and absent are the same. */
export function compare(want: Readonly<Fields>, have: Readonly<Fields>): Difference[] {
  return Object.keys(want)
    .filter((field) => !isDeepStrictEqual(canonical(want[field]), canonical(have[field])))
    .map((field) => ({ field, have: have[field] ?? null, want: want[field] ?? null }));
}

/** Lists sorted, keys in order, what is null or undefined left out. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value
      .map(canonical)
      .map((item) => [JSON.stringify(item), item] as const)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([, item]) => item);
  }
  if (value === null || value === undefined) return undefined;
  if (typeof value !== "object") return value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const inner = canonical(item);
    return inner === undefined ? [] : [[key, inner] as const];
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
