import { Refusal } from "../service.ts";

interface Rule {
  readonly rulePriority?: unknown;
  readonly selection?: {
    readonly tagStatus?: unknown;
    readonly tagPrefixList?: unknown;
    readonly tagPatternList?: unknown;
    readonly countType?: unknown;
    readonly countUnit?: unknown;
    readonly countNumber?: unknown;
  };
  readonly action?: { readonly type?: unknown };
}

/** Checks a lifecycle policy by the rules of its documentation and gives it back. Throws InvalidParameterException. */
export function lifecyclePolicy(text: string): string {
  const rules = rulesOf(text);
  const priorities = new Set<unknown>();
  for (const { rulePriority, selection = {}, action } of rules) {
    const listed = [selection.tagPrefixList, selection.tagPatternList].filter(Array.isArray).length;
    const dated = selection.countType === "sinceImagePushed";
    if (!positive(rulePriority) || priorities.has(rulePriority))
      throw invalid("rulePriority must be unique, from 1 on");
    if (!["tagged", "untagged", "any"].includes(String(selection.tagStatus))) throw invalid("unknown tagStatus");
    if (listed !== (selection.tagStatus === "tagged" ? 1 : 0)) {
      throw invalid("tagPrefixList or tagPatternList is given with, and only with, tagStatus tagged");
    }
    if (!dated && selection.countType !== "imageCountMoreThan") throw invalid("unknown countType");
    if ((selection.countUnit === "days") !== dated) throw invalid("countUnit days belongs to sinceImagePushed");
    if (!positive(selection.countNumber)) throw invalid("countNumber must be a positive number");
    if (action?.type !== "expire") throw invalid("the only action is expire");
    priorities.add(rulePriority);
  }
  return text;
}

function rulesOf(text: string): readonly Rule[] {
  try {
    const { rules } = JSON.parse(text) as { rules?: unknown };
    if (Array.isArray(rules) && rules.length > 0) return rules as readonly Rule[];
  } catch {
    throw invalid("the policy is not JSON");
  }
  throw invalid("the policy has no rules");
}

const positive = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0;

const invalid = (why: string): Refusal =>
  new Refusal(
    "InvalidParameterException",
    `Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: ${why}'`,
  );
