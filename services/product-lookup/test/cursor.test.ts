import { expect, test } from "vitest";
import { Cursor } from "../src/cursor.ts";

const late = { usual: 10_000, sometimes: 60_000 };

test("changes are asked for again until some time has passed since they were seen, and then no more", () => {
  let now = 0;
  const cursor = new Cursor(100_000, late, () => now);
  now = 1000;
  cursor.saw(105_000);
  cursor.saw(104_000);
  now = 10_999;
  expect(cursor.since("usual")).toBe(100_000);
  now = 11_000;
  expect(cursor.since("usual")).toBe(105_000);
  now = 60_999;
  expect(cursor.since("sometimes")).toBe(100_000);
  now = 61_000;
  expect(cursor.since("sometimes")).toBe(105_000);
});

test("what was there at the beginning is read again once, by a look that goes further back", () => {
  let now = 0;
  const cursor = new Cursor(100_000, late, () => now);
  expect([cursor.since("usual"), cursor.since("sometimes")]).toEqual([100_000, 40_000]);
  now = 60_000;
  expect([cursor.since("usual"), cursor.since("sometimes")]).toEqual([100_000, 100_000]);
});

test("what was seen long ago is forgotten, but the newest of it", () => {
  let now = 0;
  const cursor = new Cursor(0, late, () => now);
  for (now = 1000; now < 200_000; now += 1000) cursor.saw(now);
  expect(cursor.since("sometimes")).toBe(140_000);
  now = 900_000;
  cursor.saw(1);
  expect(cursor.since("sometimes")).toBe(199_000);
});
