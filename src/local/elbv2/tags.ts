import type { ElasticLoadBalancingV2, Tag } from "@aws-sdk/client-elastic-load-balancing-v2";
import { type Handlers, Refusal } from "../service.ts";
import { type ElbState, listenerAt, loadBalancerAt, ruleAt, targetGroupAt } from "./state.ts";

function thing(state: ElbState, arn: string): { tags: Tag[] } {
  if (arn.includes(":targetgroup/")) return targetGroupAt(state, arn);
  if (arn.includes(":listener-rule/")) return ruleAt(state, arn).rule;
  if (arn.includes(":listener/")) return listenerAt(state, arn);
  return loadBalancerAt(state, arn);
}

/** Tags with others put over them. @throws DuplicateTagKeysException, TooManyTagsException */
export function withTags(have: readonly Tag[], more: readonly Tag[] | undefined): Tag[] {
  const given = more ?? [];
  if (new Set(given.map((tag) => tag.Key)).size < given.length)
    throw new Refusal("DuplicateTagKeysException", "Tag keys must be unique");
  const tags = [...have.filter((tag) => !given.some((other) => other.Key === tag.Key)), ...given];
  if (tags.length > 50) throw new Refusal("TooManyTagsException", "The maximum number of tags is 50");
  return tags;
}

/** Tags of load balancers, target groups, listeners and rules. */
export const tags: Handlers<ElasticLoadBalancingV2, ElbState> = {
  AddTags: (input, { state }) => {
    const things = (input.ResourceArns ?? []).map((arn) => thing(state, arn));
    for (const item of things) item.tags = withTags(item.tags, input.Tags);
    return {};
  },
  RemoveTags: (input, { state }) => {
    const things = (input.ResourceArns ?? []).map((arn) => thing(state, arn));
    for (const item of things) item.tags = item.tags.filter((tag) => !input.TagKeys?.includes(tag.Key ?? ""));
    return {};
  },
  DescribeTags: (input, { state }) => ({
    TagDescriptions: (input.ResourceArns ?? []).map((arn) => ({ ResourceArn: arn, Tags: thing(state, arn).tags })),
  }),
};
