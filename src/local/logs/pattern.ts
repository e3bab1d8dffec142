import { like } from "../like.ts";
import { Refusal } from "../service.ts";

type Test = (message: string) => boolean;

const invalid = () => new Refusal("InvalidParameterException", "Invalid filter pattern");

/**
 * A filter pattern: terms (`ERROR "out of stock" -debug`, any of `?a ?b`, `%regex%`) or a comparison of JSON fields
 * (`{ $.level = "error" && $.status >= 500 }`). Patterns of space-delimited fields are refused.
 * @throws InvalidParameterException
 */
export function filterPattern(pattern: string | undefined): Test {
  const text = (pattern ?? "").trim();
  if (text === "") return () => true;
  if (text.startsWith("{")) return jsonPattern(text);
  if (text.startsWith("[")) throw invalid();
  return termPattern(text);
}

function termPattern(text: string): Test {
  const terms = text.match(/[-?]?(?:"(?:\\.|[^"\\])*"|%[^%]+%|\S+)/g) ?? [];
  const tests = terms.map((term) => {
    const sign = /^[-?](?=.)/.test(term) ? term[0] : "";
    const body = sign ? term.slice(1) : term;
    const words = /^"(.*)"$/s.exec(body)?.[1]?.replace(/\\(.)/g, "$1") ?? body;
    const regex = /^%(.+)%$/.exec(body)?.[1];
    const test: Test = regex === undefined ? (message) => message.includes(words) : expression(regex);
    return { sign, test };
  });
  const of = (sign: string) => tests.filter((one) => one.sign === sign).map((one) => one.test);
  const [all, none, any] = [of(""), of("-"), of("?")];
  return (message) =>
    all.every((test) => test(message)) &&
    !none.some((test) => test(message)) &&
    // Optional terms count only where nothing is required.
    (any.length === 0 || all.length > 0 || any.some((test) => test(message)));
}

function expression(source: string): Test {
  try {
    const regex = new RegExp(source);
    return (message) => regex.test(message);
  } catch {
    throw invalid();
  }
}

const comparison = /^\$((?:\.[\w-]+|\[\d+\])+)\s*(=|!=|>=|<=|>|<|IS|NOT EXISTS)\s*("(?:\\.|[^"\\])*"|[^\s"]*)$/;

function jsonPattern(text: string): Test {
  if (!text.endsWith("}")) throw invalid();
  // `&&` binds closer than `||`; parentheses are not read.
  const anyOf = text
    .slice(1, -1)
    .split("||")
    .map((all) => all.split("&&").map((one) => compare(one.trim())));
  return (message) => {
    let value: unknown;
    try {
      value = JSON.parse(message);
    } catch {
      return false;
    }
    return anyOf.some((all) => all.every((test) => test(value)));
  };
}

function compare(text: string): (value: unknown) => boolean {
  const [, path = "", operator = "", operand = ""] = comparison.exec(text) ?? [];
  if (operator === "") throw invalid();
  const keys = path.match(/[\w-]+/g) ?? [];
  const wanted = operand.startsWith('"') ? operand.slice(1, -1) : operand;
  const tests: Record<string, (have: unknown) => boolean> = {
    "=": (have) => have !== undefined && like(wanted, String(have)),
    "!=": (have) => have !== undefined && !like(wanted, String(have)),
    ">": (have) => typeof have === "number" && have > Number(wanted),
    ">=": (have) => typeof have === "number" && have >= Number(wanted),
    "<": (have) => typeof have === "number" && have < Number(wanted),
    "<=": (have) => typeof have === "number" && have <= Number(wanted),
    IS: (have) => String(have) === wanted.toLowerCase(),
    "NOT EXISTS": (have) => have === undefined,
  };
  return (value) => tests[operator]?.(keys.reduce<unknown>(member, value)) ?? false;
}

const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
