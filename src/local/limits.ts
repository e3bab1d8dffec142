import type { Api } from "./wire/smithy.ts";
import type { WireError } from "./wire/wire.ts";

/** What a shape of an API demands. Names of shapes stand for their own entries. */
interface Limits {
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, string>>;
  readonly item?: string;
  readonly key?: string;
  readonly value?: string;
  /** Of a number its value, else its length. */
  readonly min?: number;
  readonly max?: number;
  readonly enum?: readonly string[];
  readonly pattern?: string;
}

interface ServiceLimits {
  readonly operations: Readonly<Record<string, string>>;
  readonly shapes: Readonly<Record<string, Limits>>;
}

/** One demand that an input does not meet. */
export interface Violation {
  /** As the API names members: `Tags`, `1`, `Key`. */
  readonly path: readonly string[];
  readonly value: unknown;
  /** `Member must not be null`. */
  readonly constraint: string;
  readonly kind: "required" | "length" | "range" | "enum" | "pattern";
}

type Table = Readonly<Record<string, ServiceLimits>>;
let table: Promise<Table> | undefined;

/** What of an operation's input AWS would refuse before looking at anything else; by the table that limits.py derives. */
export async function violations(service: string, operation: string, input: object): Promise<Violation[]> {
  table ??= import("./limits.json", { with: { type: "json" } }).then((module) => module.default as Table);
  const limits = (await table)[service];
  const shape = limits?.operations[operation];
  const found: Violation[] = [];
  if (limits && shape) check(limits, shape, input, [], found);
  return found;
}

function check(
  service: ServiceLimits,
  name: string,
  value: unknown,
  path: readonly string[],
  found: Violation[],
): void {
  const limits = service.shapes[name];
  if (!limits) return;
  const add = (kind: Violation["kind"], constraint: string) =>
    found.push({ path, value, kind, constraint: `Member must ${constraint}` });

  if (typeof value === "string") {
    checkBounds(limits, value.length, "length", add);
    if (limits.enum && !limits.enum.includes(value)) add("enum", `satisfy enum value set: [${limits.enum.join(", ")}]`);
    if (limits.pattern && !matches(limits.pattern, value)) {
      add("pattern", `satisfy regular expression pattern: ${limits.pattern}`);
    }
  } else if (typeof value === "number") checkBounds(limits, value, "range", add);
  else if (Array.isArray(value)) {
    checkBounds(limits, value.length, "length", add);
    for (const [index, item] of value.entries()) {
      if (limits.item) check(service, limits.item, item, [...path, String(index + 1), "member"], found);
    }
  } else if (typeof value === "object" && value !== null) checkObject(service, limits, value, path, found, add);
}

type Add = (kind: Violation["kind"], constraint: string) => void;

function checkObject(
  service: ServiceLimits,
  limits: Limits,
  value: object,
  path: readonly string[],
  found: Violation[],
  add: Add,
): void {
  const members = value as Record<string, unknown>;
  for (const name of limits.required ?? []) {
    if (members[name] != null) continue;
    found.push({ path: [...path, name], value: null, kind: "required", constraint: "Member must not be null" });
  }
  for (const [name, shape] of Object.entries(limits.members ?? {})) {
    if (members[name] != null) check(service, shape, members[name], [...path, name], found);
  }
  if (limits.members || limits.required) return;
  checkBounds(limits, Object.keys(members).length, "length", add);
  for (const [name, item] of Object.entries(members)) {
    if (limits.key) check(service, limits.key, name, path, found);
    if (limits.value) check(service, limits.value, item, [...path, name, "member"], found);
  }
}

function checkBounds({ min, max }: Limits, size: number, kind: "length" | "range", add: Add): void {
  const what = kind === "length" ? "have length" : "have value";
  if (min !== undefined && size < min) add(kind, `${what} greater than or equal to ${min}`);
  if (max !== undefined && size > max) add(kind, `${what} less than or equal to ${max}`);
}

const patterns = new Map<string, RegExp>();

/** AWS's patterns are Java's and meant for the whole text; limits.py leaves out what JavaScript would read otherwise. */
function matches(pattern: string, text: string): boolean {
  let compiled = patterns.get(pattern);
  if (!compiled) {
    try {
      compiled = new RegExp(`^(?:${pattern})$`, "u");
    } catch {
      compiled = new RegExp(`^(?:${pattern})$`);
    }
    patterns.set(pattern, compiled);
  }
  return compiled.test(text);
}

/** A list of violations as the service words it. */
export function refusalOf(api: Api, service: string, found: readonly Violation[]): WireError {
  const first = found[0];
  const missing = first?.kind === "required";
  const name = first?.path.filter((part) => part !== "member").join(".") ?? "";
  if (service === "ec2" || service === "sqs") {
    return { name: "MissingParameter", message: `The request must contain the parameter ${name}.` };
  }
  if (service === "s3") {
    return {
      name: "MalformedXML",
      message: "The XML you provided was not well-formed or did not validate against our published schema",
    };
  }
  if (service === "ecr" && first && !missing) {
    const message = `Invalid parameter at '${lowered(first.path)}' failed to satisfy constraint: '${first.constraint.replace("Member ", "")}'`;
    return { name: "InvalidParameterException", message };
  }
  return { name: errorName(api, service), message: sentence(found) };
}

/** By the services' own errors; those that name none for it answer with the frame's. */
function errorName(api: Api, service: string): string {
  const own: Readonly<Record<string, string>> = {
    ecs: "InvalidParameterException",
    ecr: "InvalidParameterException",
    logs: "InvalidParameterException",
    codebuild: "InvalidInputException",
    servicediscovery: "InvalidInput",
    monitoring: "ValidationError",
  };
  return own[service] ?? (api.protocol === "json" ? "ValidationException" : "ValidationError");
}

const lowered = (path: readonly string[]): string =>
  path.map((part) => part.charAt(0).toLowerCase() + part.slice(1)).join(".");

const shown = (value: unknown): string => {
  if (value === null) return "null";
  if (Array.isArray(value))
    return `'[${value.map((item) => (typeof item === "object" ? JSON.stringify(item) : item)).join(", ")}]'`;
  return typeof value === "object" ? `'${JSON.stringify(value)}'` : `'${value}'`;
};

function sentence(found: readonly Violation[]): string {
  const each = found.map(
    ({ path, value, constraint }) =>
      `Value ${shown(value)} at '${lowered(path)}' failed to satisfy constraint: ${constraint}`,
  );
  return `${found.length} validation error${found.length === 1 ? "" : "s"} detected: ${each.join("; ")}`;
}
