import { Refusal } from "../service.ts";

type OneOrMore = string | readonly string[];

/** A statement of a policy document, as written. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: "*" | Readonly<Record<string, OneOrMore>>;
  readonly NotPrincipal?: unknown;
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore | boolean | number>>>>;
}

const operator =
  /^(ForAllValues:|ForAnyValue:)?(String(Not)?(Equals|EqualsIgnoreCase|Like)|Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|(Not)?IpAddress|Arn(Not)?(Equals|Like)|BinaryEquals)(IfExists)?$/;

const malformed = (message: string) => new Refusal("MalformedPolicyDocumentException", message);

/** One value or several, as a list. */
export const listed = (value: OneOrMore | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

/** The statements of a document that was accepted before. */
export function statementsOf(text: string): readonly Statement[] {
  const { Statement: found }: { Statement: Statement | Statement[] } = JSON.parse(text);
  return Array.isArray(found) ? found : [found];
}

/** The statements of a document, checked as IAM does. @throws MalformedPolicyDocumentException */
function parse(text: string | undefined): readonly Statement[] {
  let document: unknown;
  try {
    document = JSON.parse(text ?? "");
  } catch {
    throw malformed("This policy contains invalid Json");
  }
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw malformed("Syntax errors in policy.");
  const fields = new Map<string, unknown>(Object.entries(document));
  const stray = [...fields.keys()].find((key) => !["Version", "Id", "Statement"].includes(key));
  const version = fields.get("Version");
  if (stray !== undefined || (version !== undefined && version !== "2012-10-17" && version !== "2008-10-17"))
    throw malformed("Syntax errors in policy.");
  const found = fields.get("Statement");
  const statements: Statement[] = Array.isArray(found) ? found : found === undefined ? [] : [found];
  if (statements.length === 0) throw malformed("Syntax errors in policy.");
  for (const statement of statements) checkStatement(statement);
  const ids = statements.flatMap((statement) => statement.Sid ?? []);
  if (new Set(ids).size < ids.length) throw malformed("Statement IDs (SID) in a single policy must be unique.");
  return statements;
}

const members = "Sid Effect Principal NotPrincipal Action NotAction Resource NotResource Condition".split(" ");

function checkStatement(statement: Statement): void {
  if (
    typeof statement !== "object" ||
    statement === null ||
    Object.keys(statement).some((key) => !members.includes(key))
  )
    throw malformed("Syntax errors in policy.");
  if (statement.Effect === undefined) throw malformed("Missing required field Effect");
  if (statement.Effect !== "Allow" && statement.Effect !== "Deny")
    throw malformed(`Invalid effect: ${String(statement.Effect)}`);
  const actions = [...listed(statement.Action), ...listed(statement.NotAction)];
  if (actions.length === 0) throw malformed("Policy statement must contain actions.");
  for (const action of actions) {
    if (action === "*") continue;
    if (!action.includes(":"))
      throw malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    if (!/^[a-z0-9-]+:[A-Za-z0-9*?]+$/i.test(action)) throw malformed("Actions/Condition can contain only one colon.");
  }
  for (const [name, tests] of Object.entries(statement.Condition ?? {})) {
    if (name !== "Null" && !operator.test(name)) throw malformed(`Invalid Condition type : ${name}.`);
    if (typeof tests !== "object" || tests === null) throw malformed("Syntax errors in policy.");
  }
}

/** Checks a policy that says what a role may do. @throws MalformedPolicyDocumentException */
export function checkIdentityPolicy(text: string | undefined): void {
  for (const statement of parse(text)) {
    if (statement.Principal !== undefined || statement.NotPrincipal !== undefined)
      throw malformed("Policy document should not specify a principal.");
    const resources = [...listed(statement.Resource), ...listed(statement.NotResource)];
    if (resources.length === 0) throw malformed("Policy statement must contain resources.");
    for (const resource of resources)
      if (resource !== "*" && !/^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+/s.test(resource))
        throw malformed(`Resource ${resource} must be in ARN format or "*".`);
  }
}

/** Checks who may take a role on; `roleExists` says whether an ARN names a role. @throws MalformedPolicyDocumentException */
export function checkTrustPolicy(text: string | undefined, roleExists: (arn: string) => boolean): void {
  for (const statement of parse(text)) {
    if (statement.Resource !== undefined || statement.NotResource !== undefined)
      throw malformed("Has prohibited field Resource");
    if (statement.Principal === undefined && statement.NotPrincipal === undefined)
      throw malformed("Missing required field Principal");
    if (listed(statement.Action).some((action) => action !== "*" && !/^sts:/i.test(action)))
      throw malformed("AssumeRole policy may only specify STS AssumeRole actions.");
    if (typeof statement.Principal === "object")
      for (const [type, names] of Object.entries(statement.Principal))
        for (const name of listed(names)) checkPrincipal(type, name, roleExists);
  }
}

function checkPrincipal(type: string, name: string, roleExists: (arn: string) => boolean): void {
  const valid =
    type === "Service"
      ? /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(name)
      : type === "AWS"
        ? name === "*" ||
          /^(arn:aws:iam::)?\d{12}(:root)?$/.test(name) ||
          /^arn:aws:(sts|iam)::\d{12}:(user|assumed-role)\//.test(name) ||
          roleExists(name)
        : type === "Federated" || type === "CanonicalUser";
  if (!valid) throw malformed(`Invalid principal in policy: "${type === "Service" ? "SERVICE" : type}":"${name}"`);
}

/** How much of its limit a document uses: white space does not count. */
export const sizeOf = (text: string): number => JSON.stringify(JSON.parse(text)).length;

/** As IAM answers documents: percent-encoded after RFC 3986. */
export const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
