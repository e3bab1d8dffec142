/** A policy document in one form: lists wherever IAM takes a string or a list. */
export type Document = { readonly Version: "2012-10-17"; readonly Statement: readonly Statement[] };
export type Statement = {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: Readonly<Record<string, readonly string[]>>;
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Condition?: Conditions;
};
/** Operator → key → values. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** A policy that allows: `policy([allow(["sns:Publish"], [topic.ref.arn])])`. */
export const policy = (statements: readonly Statement[]): Document => ({
  Version: "2012-10-17",
  Statement: statements,
});

export const allow = (Action: readonly string[], Resource: readonly string[], Condition?: Conditions): Statement => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition && { Condition }),
});

/** Who may assume a role: one of AWS's services, under conditions. */
export const trusts = (service: string, Condition?: Conditions): Document =>
  policy([
    { Effect: "Allow", Principal: { Service: [service] }, Action: ["sts:AssumeRole"], ...(Condition && { Condition }) },
  ]);

/** A document as AWS gives it back (re-serialised: one-element lists as strings, keys in its own order) in our one form. */
export function normalDocument(text: string): Document {
  const { Version, Statement = [] } = JSON.parse(text) as Record<string, unknown>;
  return { Version: Version as "2012-10-17", Statement: [Statement].flat().map((each) => statementIn(each as Raw)) };
}

type Raw = Readonly<Record<string, unknown>>;

function statementIn(raw: Raw): Statement {
  const { Principal, Action, Resource, Condition, ...rest } = raw;
  return {
    ...(rest as { Effect: "Allow" }),
    ...(Principal !== undefined && {
      Principal: typeof Principal === "string" ? { AWS: [Principal] } : mapLists(Principal),
    }),
    Action: listOf(Action),
    ...(Resource !== undefined && { Resource: listOf(Resource) }),
    ...(Condition !== undefined && {
      Condition: Object.fromEntries(
        Object.entries(Condition as Raw).map(([operator, keys]) => [operator, mapLists(keys)]),
      ),
    }),
  };
}

const listOf = (value: unknown): string[] => (value === undefined ? [] : [value].flat().map(String));
const mapLists = (value: unknown) =>
  Object.fromEntries(Object.entries(value as Raw).map(([key, item]) => [key, listOf(item)]));
