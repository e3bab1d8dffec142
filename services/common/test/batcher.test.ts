import { expect, test } from "vitest";
import { createBatcher } from "../src/batcher.ts";

test("items go together, at most so many at a time, and each learns what became of its batch", async () => {
  const flushed: (readonly number[])[] = [];
  const add = createBatcher<number>(3, 1, async (items) => {
    flushed.push(items);
    if (items.includes(4)) throw new Error("four");
  });
  const results = await Promise.allSettled([1, 2, 3, 4, 5].map(add));
  expect(flushed).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "rejected"]);
});
