import { expect, test } from "vitest";
import { sortRange } from "../src/select.ts";

/** Numbers that look random and are the same in every run. */
function* pseudoRandom(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state;
  }
}

test("a sorted range is what sorting everything would have put there", () => {
  const numbers = pseudoRandom(7);
  for (let round = 0; round < 500; round += 1) {
    const [length, distinct] = [numbers.next().value % 60, (numbers.next().value % 30) + 1];
    const items = Int32Array.from({ length }, () => numbers.next().value % distinct);
    const from = numbers.next().value % 70;
    const to = from + (numbers.next().value % 20);
    const whole = items.slice().sort();
    sortRange(items, length, from, to, (a, b) => a - b);
    expect([...items.subarray(from, Math.min(to, length))]).toEqual([...whole.subarray(from, Math.min(to, length))]);
    expect([...items].sort((a, b) => a - b)).toEqual([...whole]);
  }
});
