import { expect, test } from "vitest";
import { Cursor } from "../src/cursor.ts";

test("changes are asked for again until some time has passed since they were seen, and then no more", () => {
  let now = 0;
  const cursor = new Cursor(100, 60_000, () => now);
  expect(cursor.since(10_000)).toBe(100);
  now = 1000;
  cursor.saw(500);
  cursor.saw(400);
  expect(cursor.since(10_000)).toBe(100);
  now = 10_999;
  expect(cursor.since(10_000)).toBe(100);
  now = 11_000;
  expect(cursor.since(10_000)).toBe(500);
  expect(cursor.since(60_000)).toBe(100);
});

test("what was seen long ago is forgotten, but the newest of it", () => {
  let now = 0;
  const cursor = new Cursor(0, 60_000, () => now);
  for (now = 1000; now < 200_000; now += 1000) cursor.saw(now);
  expect(cursor.since(60_000)).toBe(140_000);
  now = 900_000;
  cursor.saw(1);
  expect(cursor.since(60_000)).toBe(199_000);
});
