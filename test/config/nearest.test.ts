import { expect, it } from "vitest";
import { nearest } from "../../src/config/nearest.ts";

it.each([
  ["nmae", "name"],
  ["loadbalancer", "loadBalancer"],
  ["alarm", "alarms"],
  ["zzz", undefined],
])("%s most likely means %s", (word, meant) => {
  expect(nearest(word, ["name", "region", "loadBalancer", "alarms", "vpc"])).toBe(meant);
});
