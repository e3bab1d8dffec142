/** Sorts no more than it must: afterwards `items[from..to)` is what it would be if all `count` of them were sorted. */
export function sortRange(
  items: Int32Array,
  count: number,
  from: number,
  to: number,
  compare: (a: number, b: number) => number,
): void {
  const end = Math.min(to, count);
  if (from >= end) return;
  if (from > 0) partition(items, 0, count, from, compare);
  if (end < count) partition(items, from, count, end, compare);
  items.subarray(from, end).sort(compare);
}

/** Hoare's quickselect: what belongs before `at` ends up before it. */
function partition(
  items: Int32Array,
  begin: number,
  count: number,
  at: number,
  compare: (a: number, b: number) => number,
): void {
  let low = begin;
  let high = count - 1;
  while (low < high) {
    const pivot = items[(low + high) >> 1] as number;
    let i = low;
    let j = high;
    while (i <= j) {
      while (compare(items[i] as number, pivot) < 0) i += 1;
      while (compare(items[j] as number, pivot) > 0) j -= 1;
      if (i > j) break;
      const swap = items[i] as number;
      items[i] = items[j] as number;
      items[j] = swap;
      i += 1;
      j -= 1;
    }
    if (at <= j) high = j;
    else if (at >= i) low = i;
    else return;
  }
}
