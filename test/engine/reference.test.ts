import { expect, it } from "vitest";
import { isKnown, reference, referencesIn, resolve } from "../../src/engine/reference.ts";

const arn = reference("sns:topic/events", "arn");
const known = (values: Record<string, string | string[]>) => (id: string, output: string) => values[`${id}.${output}`];

it("is found in templates, lists and objects", () => {
  expect([...referencesIn({ a: [`x${arn}y`], b: { c: reference("sqs:queue/q", "url") } })]).toEqual([
    "sns:topic/events",
    "sqs:queue/q",
  ]);
});

it("is filled in where it is known, and stays where it is not", () => {
  const want = { policy: `from ${arn}`, other: reference("a:b/c", "id") };
  const filled = resolve(want, known({ "sns:topic/events.arn": "arn:1" }));
  expect(filled).toEqual({ policy: "from arn:1", other: "«a:b/c.id»" });
  expect(isKnown(filled)).toBe(false);
});

it("lets a list take its place in the list it is written into", () => {
  const subnets = reference("net:vpc/default", "subnets");
  expect(
    resolve({ in: ["first", subnets], alone: subnets }, known({ "net:vpc/default.subnets": ["s1", "s2"] })),
  ).toEqual({ in: ["first", "s1", "s2"], alone: ["s1", "s2"] });
});

it("knows a name at once, slashes and all", () => {
  expect(resolve(reference("logs:log-group//ecs/shop/web", "name"), () => undefined)).toBe("/ecs/shop/web");
});

it("keeps what is not a string as it is", () => {
  expect(resolve({ n: 1, b: true, none: null, nested: [[1], ["a"]] }, () => undefined)).toEqual({
    n: 1,
    b: true,
    none: null,
    nested: [[1], ["a"]],
  });
});
