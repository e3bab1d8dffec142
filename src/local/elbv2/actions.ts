import type { Action, TargetGroupTuple } from "@aws-sdk/client-elastic-load-balancing-v2";
import { Refusal } from "../service.ts";
import { type ElbState, invalid, targetGroupAt, usersOf } from "./state.ts";

function forward(state: ElbState, balancer: string, action: Action): Action {
  const given: TargetGroupTuple[] =
    action.ForwardConfig?.TargetGroups ?? (action.TargetGroupArn ? [{ TargetGroupArn: action.TargetGroupArn }] : []);
  if (given.length === 0) throw invalid("A target group must be specified for a forward action");
  const groups = given.map(({ TargetGroupArn, Weight = 1 }) => {
    const { arn } = targetGroupAt(state, TargetGroupArn);
    if (usersOf(state, arn).some((user) => user !== balancer))
      throw new Refusal(
        "TargetGroupAssociationLimitException",
        `The following target groups cannot be associated with more than one load balancer: ${arn}`,
      );
    return { TargetGroupArn: arn, Weight };
  });
  return {
    Type: "forward",
    // AWS shows the short form too where there is only one group.
    ...(groups.length === 1 && { TargetGroupArn: groups[0]?.TargetGroupArn }),
    ForwardConfig: {
      TargetGroups: groups,
      TargetGroupStickinessConfig: action.ForwardConfig?.TargetGroupStickinessConfig ?? { Enabled: false },
    },
  };
}

function one(state: ElbState, balancer: string, action: Action): Action {
  const order = action.Order === undefined ? {} : { Order: action.Order };
  if (action.Type === "forward") return { ...forward(state, balancer, action), ...order };
  if (action.Type === "redirect") {
    const redirect = action.RedirectConfig;
    if (redirect?.StatusCode === undefined) throw invalid("A redirect action must specify a status code");
    const whole = { Protocol: "#{protocol}", Port: "#{port}", Host: "#{host}", Path: "/#{path}", Query: "#{query}" };
    return { Type: "redirect", RedirectConfig: { ...whole, ...redirect }, ...order };
  }
  if (action.Type === "fixed-response") {
    if (!/^[245]\d\d$/.test(action.FixedResponseConfig?.StatusCode ?? ""))
      throw invalid("A fixed-response action must specify a status code of 2XX, 4XX or 5XX");
    return { Type: "fixed-response", FixedResponseConfig: action.FixedResponseConfig, ...order };
  }
  throw new Refusal("InvalidLoadBalancerActionException", `Action type '${action.Type}' is not supported here`);
}

/** Actions as AWS keeps and shows them. @throws ValidationError, TargetGroupNotFoundException, TargetGroupAssociationLimitException */
export function actionsFrom(state: ElbState, balancer: string, given: readonly Action[] | undefined): Action[] {
  if (!given?.length) throw invalid("At least one action must be specified");
  const actions = given.map((action) => one(state, balancer, action));
  if (actions.length > 1)
    throw new Refusal(
      "InvalidLoadBalancerActionException",
      "Exactly one action of the types 'forward', 'redirect' and 'fixed-response' must be specified",
    );
  return actions;
}
