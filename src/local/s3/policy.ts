import { refusal } from "./state.ts";

interface Statement {
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Condition?: object;
}

function statementsOf(text: string): Statement[] {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw refusal("MalformedPolicy", {}, "Policies must be valid JSON and the first byte must be '{'");
  }
  if (typeof policy !== "object" || policy === null || Array.isArray(policy)) {
    throw refusal("MalformedPolicy", {}, "Policies must be valid JSON and the first byte must be '{'");
  }
  const statements: unknown = Reflect.get(policy, "Statement");
  if (statements === undefined) throw refusal("MalformedPolicy", {}, "Missing required field Statement");
  return (Array.isArray(statements) ? statements : [statements]) as Statement[];
}

const list = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];

/** Checks a bucket's policy as S3 does when it is put. Throws MalformedPolicy. */
export function checkPolicy(text: string, bucket: string): void {
  for (const statement of statementsOf(text)) {
    const { Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource } = statement;
    if (Effect !== "Allow" && Effect !== "Deny") throw refusal("MalformedPolicy", {}, `Invalid effect: ${Effect}`);
    if (Principal === undefined && NotPrincipal === undefined) {
      throw refusal("MalformedPolicy", {}, "Missing required field Principal");
    }
    if (Action === undefined && NotAction === undefined)
      throw refusal("MalformedPolicy", {}, "Missing required field Action");
    const arns = list(Resource ?? NotResource);
    if (arns.length === 0) throw refusal("MalformedPolicy", {}, "Missing required field Resource");
    const own = `arn:aws:s3:::${bucket}`;
    if (!arns.every((arn) => arn === own || arn.startsWith(`${own}/`) || arn === `${own}*`)) {
      throw refusal("MalformedPolicy", {}, "Policy has invalid resource");
    }
    const actions = list(Action ?? NotAction);
    if (!actions.every((action) => action === "*" || /^s3:/i.test(action))) {
      throw refusal("MalformedPolicy", {}, "Policy has invalid action");
    }
  }
}

/** Whether a policy lets anybody in: an Allow for everybody without a condition. */
export function isPublic(text: string): boolean {
  return statementsOf(text).some(({ Effect, Principal, Condition }) => {
    const everybody =
      Principal === "*" ||
      (typeof Principal === "object" && Principal !== null && list(Reflect.get(Principal, "AWS")).includes("*"));
    return Effect === "Allow" && everybody && Object.keys(Condition ?? {}).length === 0;
  });
}
