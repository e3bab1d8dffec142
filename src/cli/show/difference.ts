import { isDeepStrictEqual } from "node:util";
import { canonical, type Difference } from "../../engine/compare.ts";
import { isKnown } from "../../engine/reference.ts";

const LONGEST = 90;

/** A difference as lines for a person: of what is nested, only the leaves that differ. */
export function differenceLines({ field, have, want }: Difference): string[] {
  return leaves(field, have, want).map(({ path, have, want }) => {
    if (isAbsent(have)) return `${path}: ${isAbsent(want) ? "none" : `+ ${wanted(want)}`}`;
    if (isAbsent(want)) return `${path}: - ${shown(have)}`;
    const [before, after] = bothShown(have, want);
    return `${path}: ${before} → ${after}${knowledge(want)}`;
  });
}

/** A field of a thing that is to be made. */
export const fieldLine = ({ field, want }: Difference): string => `${field}: ${wanted(want)}`;

interface Leaf {
  readonly path: string;
  readonly have: unknown;
  readonly want: unknown;
}

function leaves(path: string, have: unknown, want: unknown): Leaf[] {
  if (isDeepStrictEqual(canonical(have), canonical(want))) return [];
  if (isObject(have) && isObject(want)) {
    const keys = new Set([...Object.keys(have), ...Object.keys(want)]);
    return [...keys].flatMap((key) => leaves(`${path}.${key}`, have[key], want[key]));
  }
  if (Array.isArray(have) && Array.isArray(want)) {
    // The order of a list means nothing: what is on one side only differs.
    const [gone, more] = [without(have, want), without(want, have)];
    if (gone.length === 1 && more.length === 1) return leaves(`${path}[]`, gone[0], more[0]);
    return [
      ...gone.map((item) => ({ path: `${path}[]`, have: item, want: undefined })),
      ...more.map((item) => ({ path: `${path}[]`, have: undefined, want: item })),
    ];
  }
  return [{ path, have, want }];
}

const without = (list: readonly unknown[], other: readonly unknown[]) =>
  list.filter((item) => !other.some((each) => isDeepStrictEqual(canonical(item), canonical(each))));
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isAbsent = (value: unknown) => value === undefined || value === null;

const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
const shown = (value: unknown) => cut(text(value), 0);
const wanted = (want: unknown) => `${shown(want)}${knowledge(want)}`;
const knowledge = (want: unknown) => (isKnown(want) ? "" : " (known after apply)");

/** Of two long texts, the part where they begin to differ. */
function bothShown(have: unknown, want: unknown): [string, string] {
  const [before, after] = [text(have), text(want)];
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  const from = Math.max(before.length, after.length) > LONGEST ? Math.max(0, same - 20) : 0;
  return [cut(before, from), cut(after, from)];
}

const cut = (whole: string, from: number) => {
  const part = whole.slice(from, from + LONGEST);
  return `${from > 0 ? "…" : ""}${part}${from + LONGEST < whole.length ? "…" : ""}`;
};
