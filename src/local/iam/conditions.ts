import { BlockList, isIPv4 } from "node:net";
import { like } from "../like.ts";
import { listed, type Statement } from "./document.ts";

/** What is known of a call, by condition key (`aws:SourceArn`, `sqs:…`); keys know no case. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

/** Each of the six parts of an ARN is matched for itself; the last one may hold colons. */
function arnLike(pattern: string, arn: string): boolean {
  const parts = (text: string) => [...text.split(":").slice(0, 5), text.split(":").slice(5).join(":")];
  const wanted = parts(pattern);
  return arn.split(":").length >= 6 && parts(arn).every((part, i) => like(wanted[i] ?? "", part));
}

function inNetwork(range: string, address: string): boolean {
  const [network = "", bits = "32"] = range.split("/");
  if (!isIPv4(network) || !isIPv4(address)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits));
  return list.check(address);
}

const order: Record<string, (difference: number) => boolean> = {
  Equals: (d) => d === 0,
  LessThan: (d) => d < 0,
  LessThanEquals: (d) => d <= 0,
  GreaterThan: (d) => d > 0,
  GreaterThanEquals: (d) => d >= 0,
};

/** Whether one value of the call fits one value of the policy; the operator without its Not and IfExists. */
function fits(operator: string, wanted: string, have: string): boolean {
  if (operator === "StringEquals" || operator === "BinaryEquals") return wanted === have;
  if (operator === "StringEqualsIgnoreCase" || operator === "Bool") return wanted.toLowerCase() === have.toLowerCase();
  if (operator === "StringLike") return like(wanted, have);
  if (operator === "ArnEquals" || operator === "ArnLike") return arnLike(wanted, have);
  if (operator === "IpAddress") return inNetwork(wanted, have);
  if (operator.startsWith("Numeric")) return order[operator.slice(7)]?.(Number(have) - Number(wanted)) ?? false;
  if (operator.startsWith("Date")) return order[operator.slice(4)]?.(Date.parse(have) - Date.parse(wanted)) ?? false;
  return false;
}

/** `${aws:PrincipalTag/team}` and the like; a variable without a value fits nothing. */
const filled = (text: string, context: Context): string | undefined => {
  let missing = false;
  const result = text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name === "*" || name === "?" || name === "$") return name;
    const value = valuesOf(context, name)?.[0];
    missing ||= value === undefined;
    return value ?? "";
  });
  return missing ? undefined : result;
};

function valuesOf(context: Context, key: string): readonly string[] | undefined {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
  return found === undefined ? undefined : listed(found);
}

function holds(name: string, key: string, wanted: readonly string[], context: Context): boolean {
  const have = valuesOf(context, key);
  if (name === "Null") return wanted.includes(String(have === undefined));
  const set = name.startsWith("ForAllValues:") ? "all" : name.startsWith("ForAnyValue:") ? "any" : "one";
  const ifExists = name.endsWith("IfExists");
  const plain = name.replace(/^For\w+:/, "").replace(/IfExists$/, "");
  const negated = plain.includes("Not");
  const operator = plain.replace("Not", "");
  // A key that is missing fails a test, but for the negated ones, …IfExists and ForAllValues.
  if (have === undefined) return ifExists || set === "all" || (negated && set === "one");
  const values = wanted.flatMap((text) => filled(text, context) ?? []);
  const one = (value: string) => values.some((text) => fits(operator, text, value)) !== negated;
  return set === "all" || negated ? have.every(one) : have.some(one);
}

/** Whether all conditions of a statement hold. */
export const conditionsHold = (conditions: Statement["Condition"], context: Context): boolean =>
  Object.entries(conditions ?? {}).every(([name, tests]) =>
    Object.entries(tests).every(([key, wanted]) =>
      holds(
        name,
        key,
        typeof wanted === "object" || typeof wanted === "string" ? listed(wanted) : [`${wanted}`],
        context,
      ),
    ),
  );

/** Whether a policy's resource, with its variables filled in, is the one asked for. */
export function resourceFits(pattern: string, resource: string, context: Context): boolean {
  const text = filled(pattern, context);
  return text !== undefined && like(text, resource);
}
