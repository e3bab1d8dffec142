import { expect, test } from "vitest";
import { type FilterPolicy, passes } from "../../src/local/sns/filter.ts";

const attributes = {
  store: { DataType: "String", StringValue: "example_corp" },
  price: { DataType: "Number", StringValue: "100.5" },
  tags: { DataType: "String.Array", StringValue: '["rugby", 7, null]' },
  ip: { DataType: "String", StringValue: "10.0.0.17" },
};
const ofAttributes: [string, FilterPolicy, boolean][] = [
  ["an exact value", { store: ["other", "example_corp"] }, true],
  ["another value", { store: ["other"] }, false],
  ["every key must match", { store: ["example_corp"], colour: ["red"] }, false],
  ["a prefix", { store: [{ prefix: "example" }] }, true],
  ["a suffix", { store: [{ suffix: "corp" }] }, true],
  ["no regard to case", { store: [{ "equals-ignore-case": "EXAMPLE_corp" }] }, true],
  ["anything but a value", { store: [{ "anything-but": "example_corp" }] }, false],
  ["anything but other values", { store: [{ "anything-but": ["a", "b"] }] }, true],
  ["anything but a prefix", { store: [{ "anything-but": { prefix: "example" } }] }, false],
  ["anything but needs a value", { colour: [{ "anything-but": "red" }] }, false],
  ["a number", { price: [100.5] }, true],
  ["a number is no text", { price: ["100.5"] }, false],
  ["a range", { price: [{ numeric: [">", 100, "<=", 100.5] }] }, true],
  ["outside of a range", { price: [{ numeric: ["<", 100] }] }, false],
  ["an element of an array", { tags: ["rugby"] }, true],
  ["null in an array", { tags: [null] }, true],
  ["something is there", { store: [{ exists: true }] }, true],
  ["nothing is there", { colour: [{ exists: false }] }, true],
  ["something should not be there", { store: [{ exists: false }] }, false],
  ["a network", { ip: [{ cidr: "10.0.0.0/24" }] }, true],
  ["one of several policies", { $or: [{ store: ["no"] }, { price: [{ numeric: ["=", 100.5] }] }] }, true],
];
test.each(ofAttributes)("attributes: %s", (_, policy, expected) => {
  expect(passes(policy, "MessageAttributes", attributes, "")).toBe(expected);
});

const body = JSON.stringify({ order: { total: 12, lines: [{ id: "a" }, { id: "b" }] }, paid: true });
const ofBodies: [string, FilterPolicy, boolean][] = [
  ["a nested member", { order: { total: [{ numeric: [">=", 12] }] } }, true],
  ["a member of any element", { order: { lines: { id: ["b"] } } }, true],
  ["no element", { order: { lines: { id: ["c"] } } }, false],
  ["a boolean", { paid: [true] }, true],
  ["what is not there", { order: { refund: [{ exists: false }] } }, true],
];
test.each(ofBodies)("body: %s", (_, policy, expected) => {
  expect(passes(policy, "MessageBody", {}, body)).toBe(expected);
});

test("a body that is no JSON object passes no filter of bodies", () => {
  expect(passes({ paid: [{ exists: false }] }, "MessageBody", {}, "hello")).toBe(false);
});
