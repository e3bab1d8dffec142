import type { z } from "zod";
import { Problem } from "../engine/problem.ts";
import { nearest } from "./nearest.ts";
import { jsonSchema } from "./schema.ts";

/** What is wrong with a configuration, as three lines for a person; all that is wrong, the first thing first. */
export function complaint(file: string, settings: unknown, issues: readonly z.core.$ZodIssue[]): Problem {
  const unknown = issues.find((issue) => issue.code === "unrecognized_keys");
  if (unknown) return unknownKey(file, unknown.path, unknown.keys[0]!);
  const told = issues.map(
    (issue) => `${keyAt(issue.path)} ${reason(issue)}, and is ${shown(valueAt(settings, issue.path))}`,
  );
  return new Problem(
    "config-invalid",
    `${file} says what cannot be`,
    told.join("; "),
    "mend it, and run the command again",
  );
}

function unknownKey(file: string, path: readonly PropertyKey[], key: string): Problem {
  const known = keysAt(path);
  const meant = nearest(key, known);
  const parent = path.length > 0 ? `${keyAt(path)}.` : "";
  return new Problem(
    "config-unknown-key",
    `${file} has an unknown key: ${parent}${key}`,
    path.length > 0 ? `${keyAt(path)} may have: ${known.join(", ")}` : `it may have: ${known.join(", ")}`,
    meant ? `did you mean ${parent}${meant}?` : "take it out",
  );
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
}

const keysAt = (path: readonly PropertyKey[]): string[] => {
  const node = path.reduce<Node | undefined>((at, key) => at?.properties?.[String(key)], jsonSchema() as Node);
  return Object.keys(node?.properties ?? {}).filter((key) => key !== "$schema");
};

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );

const keyAt = (path: readonly PropertyKey[]) => (path.length > 0 ? path.map(String).join(".") : "it");
const shown = (value: unknown) => (value === undefined ? "missing" : JSON.stringify(value));

function reason(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  if (issue.code === "invalid_type") return `must be ${words[issue.expected] ?? `a ${issue.expected}`}`;
  if (issue.code === "too_small" && issue.origin !== "string")
    return `must be at least ${issue.minimum}${issue.origin === "array" ? " long" : ""}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum}${issue.origin === "number" ? "" : " long"}`;
  return issue.message;
}

const words: Partial<Record<string, string>> = {
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
};
