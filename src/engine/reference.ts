import type { Output } from "./resource.ts";

/** «sns:topic/shop-orders.arn»: guillemets occur in no AWS identifier, and a plan prints them as they are. */
const REFERENCE = /«([^«»]+)\.(\w+)»/g;
const WHOLE = /^«([^«»]+)\.(\w+)»$/;

/** What is known of a resource's outputs by now; `undefined`: not yet. */
export type Known = (id: string, output: string) => Output | undefined;

/** A stand-in for an output of a resource, to be written into the spec of another. */
export const reference = (id: string, output: string): string => `«${id}.${output}»`;

/** The name of a resource, from its id `service:thing/name`; a name may hold slashes itself. */
export const nameIn = (id: string): string => id.slice(id.indexOf("/") + 1);

/** The ids of all resources that a value refers to: the edges of the graph. */
export function referencesIn(value: unknown): Set<string> {
  const found = new Set<string>();
  walk(value, (text) => {
    for (const match of text.matchAll(REFERENCE)) found.add(match[1]!);
    return text;
  });
  return found;
}

/** Writes what is known in the place of references; the others stay. A list takes its place in the list it stands in. */
export const resolve = <Value>(value: Value, known: Known): Value =>
  walk(value, (text) => {
    const whole = WHOLE.exec(text);
    if (whole) return lookUp(whole[1]!, whole[2]!, known) ?? text;
    return text.replace(REFERENCE, (stays, id: string, output: string) => {
      const value = lookUp(id, output, known);
      return value === undefined ? stays : String(value);
    });
  }) as Value;

/** Whether no reference is left in a value. */
export const isKnown = (value: unknown): boolean => referencesIn(value).size === 0;

const lookUp = (id: string, output: string, known: Known) => (output === "name" ? nameIn(id) : known(id, output));

function walk(value: unknown, visit: (text: string) => unknown): unknown {
  if (typeof value === "string") return visit(value);
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      const walked = walk(item, visit);
      return typeof item === "string" ? walked : [walked];
    });
  }
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, visit)]));
}
