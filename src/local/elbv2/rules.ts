import type { ElasticLoadBalancingV2, RuleCondition, Rule as Shown } from "@aws-sdk/client-elastic-load-balancing-v2";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { actionsFrom } from "./actions.ts";
import { planeOf } from "./plane.ts";
import { type ElbState, invalid, type Listener, listenerAt, newId, type Rule, ruleAt } from "./state.ts";
import { withTags } from "./tags.ts";

const fields = ["path-pattern", "host-header", "http-header", "http-request-method", "query-string", "source-ip"];

function checkConditions(conditions: readonly RuleCondition[] | undefined): RuleCondition[] {
  if (!conditions?.length) throw invalid("At least one condition must be specified");
  for (const { Field = "" } of conditions)
    if (!fields.includes(Field)) throw invalid(`Condition field '${Field}' must be one of '[${fields.join(", ")}]'`);
  return [...conditions];
}

const shown = (rule: Rule): Shown => ({
  RuleArn: rule.arn,
  Priority: String(rule.priority),
  Conditions: rule.conditions,
  Actions: rule.actions,
  IsDefault: false,
});

const defaultArn = (listener: Listener): string =>
  `${listener.arn.replace(":listener/", ":listener-rule/")}/${listener.arn.slice(-16).split("").reverse().join("")}`;

const defaultRule = (listener: Listener): Shown => ({
  RuleArn: defaultArn(listener),
  Priority: "default",
  Conditions: [],
  Actions: listener.actions,
  IsDefault: true,
});

/** A rule that may be changed: the default one may not. @throws RuleNotFoundException, OperationNotPermittedException */
function changeable(state: ElbState, arn: string | undefined): { rule: Rule; listener: Listener } {
  if (Object.values(state.listeners).some((listener) => defaultArn(listener) === arn))
    throw new Refusal("OperationNotPermittedException", `Default rule '${arn}' cannot be modified or deleted`);
  return ruleAt(state, arn);
}

function checkFree(listener: Listener, priorities: readonly number[], moving: readonly Rule[] = []): void {
  const others = listener.rules.filter((rule) => !moving.includes(rule)).map((rule) => rule.priority);
  if (priorities.some((priority) => others.includes(priority)) || new Set(priorities).size < priorities.length)
    throw new Refusal("PriorityInUseException", `Priority '${priorities.join(", ")}' is currently in use`);
}

/** Rules: which requests go elsewhere than the listener's default actions say. */
export const rules: Handlers<ElasticLoadBalancingV2, ElbState> = {
  CreateRule: (input, { state, region, local }) => {
    const listener = listenerAt(state, input.ListenerArn);
    const rule: Rule = {
      arn: `${listener.arn.replace(":listener/", ":listener-rule/")}/${newId()}`,
      priority: input.Priority ?? 0,
      conditions: checkConditions(input.Conditions),
      actions: actionsFrom(state, listener.loadBalancer, input.Actions),
      tags: withTags([], input.Tags),
    };
    checkFree(listener, [rule.priority]);
    listener.rules.push(rule);
    planeOf(local).sync(region);
    return { Rules: [shown(rule)] };
  },
  DescribeRules: (input, { state }) => {
    const all = Object.values(state.listeners)
      .filter(
        (listener) => input.ListenerArn === undefined || listener.arn === listenerAt(state, input.ListenerArn).arn,
      )
      .flatMap((listener) => [...listener.rules.map(shown), defaultRule(listener)]);
    const wanted = input.RuleArns?.map((arn) => {
      const found = all.find((rule) => rule.RuleArn === arn);
      if (found === undefined) throw new Refusal("RuleNotFoundException", "One or more rules not found");
      return found;
    });
    const key = (rule: Shown) => `${(rule.Priority ?? "").padStart(7, "0")} ${rule.RuleArn}`;
    const { items, next } = page(wanted ?? all, key, input.PageSize ?? 400, input.Marker);
    return { Rules: items, NextMarker: next };
  },
  ModifyRule: (input, { state, region, local }) => {
    const { rule, listener } = changeable(state, input.RuleArn);
    const conditions = input.Conditions ? checkConditions(input.Conditions) : rule.conditions;
    const actions = input.Actions ? actionsFrom(state, listener.loadBalancer, input.Actions) : rule.actions;
    Object.assign(rule, { conditions, actions });
    planeOf(local).sync(region);
    return { Rules: [shown(rule)] };
  },
  SetRulePriorities: (input, { state }) => {
    const moves = (input.RulePriorities ?? []).map(({ RuleArn, Priority = 0 }) => ({
      ...changeable(state, RuleArn),
      priority: Priority,
    }));
    const moving = moves.map((move) => move.rule);
    for (const { listener } of moves)
      checkFree(
        listener,
        moves.filter((move) => move.listener === listener).map((move) => move.priority),
        moving,
      );
    for (const { rule, priority } of moves) rule.priority = priority;
    return { Rules: moving.map(shown) };
  },
  DeleteRule: (input, { state, region, local }) => {
    const { rule, listener } = changeable(state, input.RuleArn);
    listener.rules = listener.rules.filter((other) => other !== rule);
    planeOf(local).sync(region);
    return {};
  },
};
