/** Who asks a resource policy for leave: a service on behalf of one of its resources. */
export interface Request {
  /** `sns.amazonaws.com` */
  readonly service: string;
  /** `sqs:SendMessage` */
  readonly action: string;
  /** ARN of what is acted on. */
  readonly resource: string;
  /** Condition keys as AWS names them, e.g. `aws:SourceArn`. */
  readonly context: Readonly<Record<string, string>>;
}

type Words = string | readonly string[];
interface Statement {
  readonly Effect?: string;
  readonly Principal?: "*" | Readonly<Record<string, Words>>;
  readonly NotPrincipal?: unknown;
  readonly Action?: Words;
  readonly NotAction?: Words;
  readonly Resource?: Words;
  readonly NotResource?: Words;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Words | boolean>>>>;
}

/** Whether a resource's policy (a JSON document; "" is none) admits a request: some Allow applies and no Deny does. */
export function admits(policy: string | undefined, request: Request): boolean {
  if (!policy) return false;
  const { Statement: given = [] }: { Statement?: Statement | Statement[] } = JSON.parse(policy);
  const statements = Array.isArray(given) ? given : [given];
  const applying = statements.filter((statement) => applies(statement, request));
  return (
    applying.some((statement) => statement.Effect === "Allow") &&
    !applying.some((statement) => statement.Effect === "Deny")
  );
}

function applies(statement: Statement, request: Request): boolean {
  const { Action, NotAction, Resource, NotResource } = statement;
  const acts = (words: Words): boolean =>
    list(words).some((word) => like(word.toLowerCase(), request.action.toLowerCase()));
  const covers = (words: Words): boolean => list(words).some((word) => like(word, request.resource));
  return (
    isMeant(statement, request.service) &&
    (Action === undefined ? NotAction !== undefined && !acts(NotAction) : acts(Action)) &&
    (Resource === undefined ? NotResource !== undefined && !covers(NotResource) : covers(Resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, words]) => holds(operator, contextValue(request.context, key), words)),
    )
  );
}

/** A wildcard principal means everybody, services too. */
function isMeant({ Principal, NotPrincipal }: Statement, service: string): boolean {
  if (NotPrincipal !== undefined || Principal === undefined) return false;
  if (Principal === "*") return true;
  return list(Principal.AWS).includes("*") || list(Principal.Service).some((word) => word === "*" || word === service);
}

/** Condition keys are told apart without regard to case. */
function contextValue(context: Request["context"], key: string): string | undefined {
  return Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

function holds(operator: string, value: string | undefined, given: Words | boolean): boolean {
  const words = typeof given === "boolean" ? [String(given)] : list(given).map(String);
  const optional = operator.endsWith("IfExists");
  const name = operator.replace(/^For(Any|All)Values?:/, "").replace(/IfExists$/, "");
  if (name === "Null") return words.some((word) => (word === "true") === (value === undefined));
  const negated = /Not(Equals|Like)/.test(name);
  // A missing key fails what is positive, and satisfies what is negated.
  if (value === undefined) return optional || negated;
  const test = tests[name.replace("Not", "")];
  if (!test) return false;
  return words.some((word) => test(word, value)) !== negated;
}

const tests: Record<string, (word: string, value: string) => boolean> = {
  StringEquals: (word, value) => word === value,
  StringEqualsIgnoreCase: (word, value) => word.toLowerCase() === value.toLowerCase(),
  StringLike: (word, value) => like(word, value),
  // "ArnEquals and ArnLike behave identically" (IAM user guide); each part of an ARN is matched by itself.
  ArnEquals: (word, value) => arnLike(word, value),
  ArnLike: (word, value) => arnLike(word, value),
  Bool: (word, value) => word.toLowerCase() === value.toLowerCase(),
};

function arnLike(pattern: string, arn: string): boolean {
  const split = (text: string): string[] => {
    const parts = text.split(":");
    return [...parts.slice(0, 5), parts.slice(5).join(":")];
  };
  const [wanted, given] = [split(pattern), split(arn)];
  if (pattern === "*") return true;
  return wanted.every((part, index) => like(part, given[index] ?? ""));
}

/** `*` is any text, `?` any character. */
export function like(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replace(/\*/g, "[^]*")
    .replace(/\?/g, "[^]");
  return new RegExp(`^${source}$`).test(text);
}

const list = (words: Words | undefined): readonly string[] =>
  words === undefined ? [] : typeof words === "string" ? [words] : words;
