/** The value of an expression at one moment; undefined where there is no data. */
export type Value = number | undefined;

/** An expression that metric math does not have here, or that is wrong. */
export class BadExpression extends Error {}

type Call = (args: readonly Value[]) => Value;
const known = (args: readonly Value[]): number[] => args.filter((each) => each !== undefined);
const FUNCTIONS: Readonly<Record<string, Call>> = {
  ABS: ([x]) => x && Math.abs(x),
  CEIL: ([x]) => x && Math.ceil(x),
  FLOOR: ([x]) => x && Math.floor(x),
  FILL: ([x, y]) => x ?? y,
  IF: ([test, yes, no]) => (test === undefined ? undefined : test !== 0 ? yes : no),
  SUM: (args) => (known(args).length > 0 ? known(args).reduce((sum, each) => sum + each, 0) : undefined),
  MAX: (args) => (known(args).length > 0 ? Math.max(...known(args)) : undefined),
  MIN: (args) => (known(args).length > 0 ? Math.min(...known(args)) : undefined),
  AVG: (args) =>
    known(args).length > 0 ? known(args).reduce((sum, each) => sum + each, 0) / known(args).length : undefined,
};

const LEVELS = [["||", "OR"], ["&&", "AND"], ["==", "!=", ">=", "<=", ">", "<"], ["+", "-"], ["*", "/"], ["^"]];
const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  "||": (a, b) => Number(a !== 0 || b !== 0),
  OR: (a, b) => Number(a !== 0 || b !== 0),
  "&&": (a, b) => Number(a !== 0 && b !== 0),
  AND: (a, b) => Number(a !== 0 && b !== 0),
  "==": (a, b) => Number(a === b),
  "!=": (a, b) => Number(a !== b),
  ">=": (a, b) => Number(a >= b),
  "<=": (a, b) => Number(a <= b),
  ">": (a, b) => Number(a > b),
  "<": (a, b) => Number(a < b),
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "^": (a, b) => a ** b,
};

/** Evaluates metric math over the values that ids have: arithmetic, comparisons and the functions for single values. */
export function evaluate(expression: string, read: (id: string) => Value): Value {
  const tokens = expression.match(/\d+(\.\d+)?|[A-Za-z_]\w*|\|\||&&|[=!<>]=|[-+*/^()<>,[\]]|\S/g) ?? [];
  let at = 0;
  const take = (wanted: string): boolean => {
    if (tokens[at] !== wanted) return false;
    at += 1;
    return true;
  };
  const expect = (wanted: string) => {
    if (!take(wanted)) throw new BadExpression(`"${wanted}" is missing in the expression ${expression}`);
  };
  const list = (end: string): Value[] => {
    const args: Value[] = [];
    if (take(end)) return args;
    do args.push(binary(0));
    while (take(","));
    expect(end);
    return args;
  };
  const primary = (): Value => {
    const token = tokens[at++];
    if (token === undefined) throw new BadExpression(`the expression ${expression} ends too early`);
    if (/^\d/.test(token)) return Number(token);
    if (token === "-") {
      const value = primary();
      return value === undefined ? undefined : -value;
    }
    if (token === "(") {
      const value = binary(0);
      expect(")");
      return value;
    }
    if (!/^[A-Za-z_]/.test(token))
      throw new BadExpression(`"${token}" is not expected in the expression ${expression}`);
    if (!take("(")) return read(token);
    // SUM([m1, m2]): a list of metrics is as good as its members
    const args = take("[") ? [...list("]"), ...list(")")] : list(")");
    const call = FUNCTIONS[token.toUpperCase()];
    if (!call) throw new BadExpression(`the function ${token} is not known`);
    return call(args);
  };
  const binary = (level: number): Value => {
    const operators = LEVELS[level];
    if (!operators) return primary();
    let left = binary(level + 1);
    for (let token = tokens[at]; token !== undefined && operators.includes(token); token = tokens[at]) {
      at += 1;
      const right = binary(level + 1);
      const value = left === undefined || right === undefined ? undefined : OPERATORS[token]?.(left, right);
      left = value !== undefined && Number.isFinite(value) ? value : undefined;
    }
    return left;
  };
  const value = binary(0);
  if (at < tokens.length) throw new BadExpression(`"${tokens[at]}" is not expected in the expression ${expression}`);
  return value;
}
