import { randomUUID } from "node:crypto";
import type { LifecycleRule } from "@aws-sdk/client-s3";
import { refusal } from "./state.ts";

const actions = [
  "Expiration",
  "Transitions",
  "NoncurrentVersionExpiration",
  "NoncurrentVersionTransitions",
  "AbortIncompleteMultipartUpload",
] as const;

/** Lifecycle rules as S3 takes them: each with an id. Throws InvalidRequest, InvalidArgument or MalformedXML. */
export function checkRules(rules: readonly LifecycleRule[] | undefined): LifecycleRule[] {
  if (!rules || rules.length === 0) throw refusal("MalformedXML");
  const named = rules.map((rule) => ({ ...rule, ID: rule.ID || randomUUID() }));
  if (new Set(named.map(({ ID }) => ID)).size < named.length) {
    throw refusal("InvalidArgument", {}, "Rule ID must be unique. Found same ID for more than one rule");
  }
  for (const rule of named) {
    if (rule.ID.length > 255) throw refusal("InvalidArgument", {}, "ID length should not exceed allowed limit of 255");
    if (rule.Status !== "Enabled" && rule.Status !== "Disabled") throw refusal("MalformedXML");
    if (rule.Filter === undefined && rule.Prefix === undefined) throw refusal("MalformedXML");
    if (!actions.some((action) => rule[action] !== undefined)) {
      throw refusal("InvalidRequest", {}, "At least one action needs to be specified in a rule");
    }
    positive(rule.Expiration?.Days, "'Days' for Expiration action must be a positive integer");
    positive(
      rule.NoncurrentVersionExpiration?.NoncurrentDays,
      "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
    );
    positive(
      rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
      "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer",
    );
  }
  return named;
}

function positive(days: number | undefined, why: string): void {
  if (days !== undefined && days <= 0) throw refusal("InvalidArgument", {}, why);
}

/** Rules read back from a file, where their dates are text. */
export const withDates = (rules: readonly LifecycleRule[]): LifecycleRule[] =>
  rules.map((rule) => ({
    ...rule,
    ...(rule.Expiration && { Expiration: dated(rule.Expiration) }),
    ...(rule.Transitions && { Transitions: rule.Transitions.map(dated) }),
  }));

const dated = <Part extends { Date?: Date }>(part: Part): Part =>
  part.Date ? { ...part, Date: new Date(part.Date) } : part;
