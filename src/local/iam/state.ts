import { randomInt } from "node:crypto";
import type { Tag } from "@aws-sdk/client-iam";
import { type Keeper, type Local, Refusal } from "../service.ts";
import { managedPolicy } from "./aws-managed.ts";

/** A role as it is kept; policy documents are JSON texts. */
export interface Role {
  name: string;
  path: string;
  id: string;
  arn: string;
  created: number;
  trust: string;
  description?: string;
  maxSession: number;
  boundary?: string;
  tags: Tag[];
  inline: Record<string, string>;
  /** ARNs of managed policies. */
  attached: string[];
  /** The service a service-linked role belongs to. */
  linkedTo?: string;
}

/** A customer's own managed policy. */
export interface Policy {
  name: string;
  path: string;
  id: string;
  arn: string;
  created: number;
  description?: string;
  document: string;
  tags: Tag[];
}

/** Roles by their name in lower case (names are unique whatever their case), policies by ARN. */
export interface IamState {
  roles: Record<string, Role>;
  policies: Record<string, Policy>;
}

/** Where IAM's state is kept, apart from its handlers, for those who only look. */
export const iamKeeper: Keeper<IamState> = { id: "iam", global: true, initial: () => ({ roles: {}, policies: {} }) };

/** IAM's state; it knows no region. */
export const iamState = (local: Local): IamState => local.state(iamKeeper, "us-east-1");

/** @throws NoSuchEntityException */
export function roleNamed(state: IamState, name: string | undefined): Role {
  const role = state.roles[(name ?? "").toLowerCase()];
  if (role === undefined) throw new Refusal("NoSuchEntityException", `The role with name ${name} cannot be found.`);
  return role;
}

/** A role that the caller may change. @throws UnmodifiableEntityException for service-linked roles */
export function ownRole(state: IamState, name: string | undefined): Role {
  const role = roleNamed(state, name);
  if (role.linkedTo !== undefined)
    throw new Refusal(
      "UnmodifiableEntityException",
      `Cannot perform the operation on the protected role '${role.name}' - this role is only modifiable by AWS`,
    );
  return role;
}

/** The text of a managed policy, AWS's or the customer's own; undefined if there is none. */
export const managedDocument = (state: IamState, arn: string): string | undefined =>
  state.policies[arn]?.document ?? managedPolicy(arn)?.document;

/** An identifier as IAM makes them: `AROA` for roles, `ANPA` for managed policies; never given twice. */
export function uniqueId(prefix: "AROA" | "ANPA"): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return prefix + Array.from({ length: 17 }, () => letters[randomInt(letters.length)]).join("");
}

/** Tags with the given ones put over them; a key stays where it was. */
export function withTags(have: readonly Tag[], more: readonly Tag[]): Tag[] {
  const tags = new Map(have.map((tag) => [tag.Key, tag]));
  for (const tag of more) tags.set(tag.Key, { Key: tag.Key, Value: tag.Value });
  if (tags.size > 50) throw new Refusal("LimitExceededException", "Cannot exceed quota for TagsPerRole: 50");
  return [...tags.values()];
}
