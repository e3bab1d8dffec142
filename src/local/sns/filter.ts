import { BlockList } from "node:net";

/** A value that a filter looks at. */
type Scalar = string | number | boolean | null;
/** One way for a value to match: the value itself, or an operator. */
type Condition = Scalar | Readonly<Record<string, unknown>>;
/** Attribute or member → what it may be; in a body, members nest. */
export type FilterPolicy = { readonly [key: string]: readonly Condition[] | FilterPolicy | readonly FilterPolicy[] };

export type Scope = "MessageAttributes" | "MessageBody";

/** Attributes of a published message, as far as filters are concerned. */
export type Filtered = Readonly<Record<string, { DataType?: string; StringValue?: string }>>;

/** Whether a message passes: every key matches, by any of its conditions (SNS developer guide, filter policies). */
export function passes(policy: FilterPolicy, scope: Scope, attributes: Filtered, body: string): boolean {
  if (scope === "MessageAttributes") {
    const values = Object.entries(attributes).map(([name, value]) => [name, valuesOf(value)] as const);
    return meets(policy, new Map(values));
  }
  const document = parse(body);
  if (typeof document !== "object" || document === null || Array.isArray(document)) return false;
  return meets(policy, flatten(document));
}

function meets(policy: FilterPolicy, values: ReadonlyMap<string, readonly Scalar[]>, under = ""): boolean {
  return Object.entries(policy).every(([key, rule]) => {
    const path = under + key;
    if (key === "$or" && isAlternatives(rule)) return rule.some((one) => meets(one, values, under));
    if (isNested(rule)) return meets(rule, values, `${path}.`);
    const found = values.get(path);
    return (rule as readonly Condition[]).some((condition) => meetsOne(condition, found));
  });
}

function meetsOne(condition: Condition, found: readonly Scalar[] | undefined): boolean {
  if (typeof condition !== "object" || condition === null) return found?.includes(condition) ?? false;
  const [operator, operand] = Object.entries(condition)[0] ?? [];
  if (operator === "exists") return (found !== undefined) === operand;
  if (!found) return false;
  return found.some((value) => operators[operator ?? ""]?.(value, operand) ?? false);
}

const isText = (value: unknown): value is string => typeof value === "string";

const operators: Readonly<Record<string, (value: Scalar, operand: unknown) => boolean>> = {
  prefix: (value, operand) => isText(value) && isText(operand) && value.startsWith(operand),
  suffix: (value, operand) => isText(value) && isText(operand) && value.endsWith(operand),
  "equals-ignore-case": (value, operand) =>
    isText(value) && isText(operand) && value.toLowerCase() === operand.toLowerCase(),
  "anything-but": (value, operand) =>
    Array.isArray(operand) || typeof operand !== "object" || operand === null
      ? ![operand].flat().includes(value)
      : !meetsOne({ ...operand }, [value]),
  numeric: (value, operand) => typeof value === "number" && Array.isArray(operand) && inBounds(value, operand),
  cidr: (value, operand) => isText(value) && isText(operand) && within(operand, value),
};

function inBounds(value: number, bounds: readonly unknown[]): boolean {
  for (let index = 0; index < bounds.length; index += 2) {
    const bound = Number(bounds[index + 1]);
    const holds = {
      "=": value === bound,
      "<": value < bound,
      "<=": value <= bound,
      ">": value > bound,
      ">=": value >= bound,
    };
    if (!holds[bounds[index] as keyof typeof holds]) return false;
  }
  return true;
}

function within(cidr: string, address: string): boolean {
  const [network = "", bits] = cidr.split("/");
  const block = new BlockList();
  block.addSubnet(network, Number(bits), network.includes(":") ? "ipv6" : "ipv4");
  return block.check(address, address.includes(":") ? "ipv6" : "ipv4");
}

/** A String is itself, a Number a number, a String.Array each of its elements; Binary is not looked at. */
function valuesOf({ DataType = "", StringValue = "" }: Filtered[string]): readonly Scalar[] {
  const kind = DataType.split(".").slice(0, 2).join(".");
  if (kind === "String.Array") {
    const list = parse(StringValue);
    return Array.isArray(list) ? list : [StringValue];
  }
  if (DataType.startsWith("Number")) return [Number(StringValue)];
  return DataType.startsWith("String") ? [StringValue] : [];
}

/** `{a: {b: [1, 2]}}` → `a.b`: 1, 2. Objects in a list are looked at together. */
function flatten(value: unknown, path = "", into = new Map<string, Scalar[]>()): Map<string, Scalar[]> {
  if (Array.isArray(value)) for (const one of value) flatten(one, path, into);
  else if (typeof value === "object" && value !== null)
    for (const [key, member] of Object.entries(value)) flatten(member, path ? `${path}.${key}` : key, into);
  else if (isScalar(value)) into.set(path, [...(into.get(path) ?? []), value]);
  return into;
}

const isScalar = (value: unknown): value is Scalar =>
  value === null || ["string", "number", "boolean"].includes(typeof value);

const isNested = (rule: unknown): rule is FilterPolicy =>
  typeof rule === "object" && rule !== null && !Array.isArray(rule);

const isAlternatives = (rule: unknown): rule is readonly FilterPolicy[] =>
  Array.isArray(rule) && rule.length > 1 && rule.every(isNested);

/** A policy read from its text, or what SNS says is wrong with it. */
export function readPolicy(text: string, scope: Scope): FilterPolicy | string {
  const policy = parse(text);
  if (!isNested(policy)) return "FilterPolicy: failed to parse JSON. Expecting a JSON object";
  if (Buffer.byteLength(text) > 256 * 1024) return "FilterPolicy: Filter policy is larger than 256 KB";
  const leaves: number[] = [];
  const wrong = fault(policy, scope, 0, leaves);
  if (wrong) return `FilterPolicy: ${wrong}`;
  if (leaves.length > 5) return "FilterPolicy: Filter policy can not have more than 5 keys";
  const combinations = leaves.reduce((product, count) => product * count, 1);
  return combinations > 150 ? "FilterPolicy: Filter policy is too complex" : policy;
}

/** Counts the conditions of each key in `leaves`: in a body, each counts as often as its key is deep. */
function fault(policy: FilterPolicy, scope: Scope, depth: number, leaves: number[]): string | undefined {
  for (const [key, rule] of Object.entries(policy)) {
    if (key === "$or" && isAlternatives(rule)) {
      const wrong = rule.map((one) => fault(one, scope, depth, leaves)).find(Boolean);
      if (wrong) return wrong;
    } else if (isNested(rule)) {
      if (scope === "MessageAttributes")
        return "Filter policy scope MessageAttributes does not support nested filter policy";
      const wrong = fault(rule, scope, depth + 1, leaves);
      if (wrong) return wrong;
    } else if (Array.isArray(rule)) {
      if (rule.length === 0) return `Empty arrays are not allowed`;
      const wrong = rule.map(conditionFault).find(Boolean);
      if (wrong) return wrong;
      leaves.push(rule.length * (depth + 1));
    } else return `"${key}" must be an object or an array`;
  }
  return undefined;
}

function conditionFault(condition: unknown): string | undefined {
  if (isScalar(condition)) return undefined;
  if (!isNested(condition)) return "Match value must be String, number, true, false, or null";
  const [[operator, operand] = ["", undefined], ...more] = Object.entries(condition) as [string, unknown][];
  if (more.length > 0) return "Only one key allowed in match expression";
  switch (operator) {
    case "exists":
      return typeof operand === "boolean" ? undefined : "exists match pattern must be either true or false.";
    case "prefix":
    case "suffix":
    case "equals-ignore-case":
      return isText(operand) ? undefined : `${operator} match pattern must be a string`;
    case "anything-but":
      if (isNested(operand)) return conditionFault(operand);
      return [operand].flat().every(isScalar)
        ? undefined
        : "Value of anything-but must be an array, a string or a number";
    case "numeric":
      return numericFault(operand);
    case "cidr":
      return isText(operand) && /^[\da-f.:]+\/\d+$/i.test(operand) ? undefined : "Malformed CIDR, one '/' required";
    default:
      return `Unrecognized match type ${operator}`;
  }
}

function numericFault(operand: unknown): string | undefined {
  if (!Array.isArray(operand) || operand.length === 0) return "Value of numeric must be an array";
  if (operand.length !== 2 && operand.length !== 4) return "Too many elements in numeric expression";
  for (let index = 0; index < operand.length; index += 2) {
    if (!["=", "<", "<=", ">", ">="].includes(String(operand[index])))
      return `Unrecognized numeric range operator: ${operand[index]}`;
    if (typeof operand[index + 1] !== "number") return `Value of ${operand[index]} must be numeric`;
  }
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
