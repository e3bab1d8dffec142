import { randomBytes } from "node:crypto";
import type { Action, Certificate, RuleCondition, Tag } from "@aws-sdk/client-elastic-load-balancing-v2";
import { type Keeper, type Local, Refusal } from "../service.ts";

export interface LoadBalancer {
  name: string;
  arn: string;
  scheme: "internet-facing" | "internal";
  vpc: string;
  subnets: { id: string; zone: string; eni: string }[];
  groups: string[];
  created: number;
  activeAt: number;
  /** On 127.0.0.1; the same as long as the load balancer lives. */
  port: number;
  attributes: Record<string, string>;
  tags: Tag[];
}

/** How a target group looks whether a target is well; times in seconds. */
export interface HealthCheck {
  enabled: boolean;
  protocol: "HTTP" | "HTTPS";
  /** `traffic-port`, or a number. */
  port: string;
  path: string;
  interval: number;
  timeout: number;
  healthy: number;
  unhealthy: number;
  /** `200`, `200,202` or `200-299`. */
  codes: string;
}

export interface Target {
  id: string;
  port: number;
  /** Set when it was deregistered: it finishes what it has, and gets nothing new. */
  drainingSince?: number;
}

export interface TargetGroup {
  name: string;
  arn: string;
  type: "instance" | "ip";
  protocol: "HTTP" | "HTTPS";
  protocolVersion: string;
  port: number;
  vpc: string;
  check: HealthCheck;
  attributes: Record<string, string>;
  tags: Tag[];
  targets: Target[];
}

export interface Rule {
  arn: string;
  priority: number;
  conditions: RuleCondition[];
  actions: Action[];
  tags: Tag[];
}

export interface Listener {
  arn: string;
  loadBalancer: string;
  protocol: "HTTP" | "HTTPS";
  port: number;
  certificates: Certificate[];
  sslPolicy?: string;
  actions: Action[];
  rules: Rule[];
  tags: Tag[];
  /** Why no request ever arrives here, though the record is as on AWS. */
  notServed?: string;
}

/** Everything by its ARN; one state per region. */
export interface ElbState {
  loadBalancers: Record<string, LoadBalancer>;
  targetGroups: Record<string, TargetGroup>;
  listeners: Record<string, Listener>;
}

/** Where the state of Elastic Load Balancing is kept. */
export const elbKeeper: Keeper<ElbState> = {
  id: "elasticloadbalancing",
  initial: () => ({ loadBalancers: {}, targetGroups: {}, listeners: {} }),
};

/** The load balancers of a region. */
export const elbState = (local: Local, region: string): ElbState => local.state(elbKeeper, region);

/** The last part of an ARN: sixteen digits. */
export const newId = (): string => randomBytes(8).toString("hex");

/** @throws ValidationError */
export const invalid = (message: string) => new Refusal("ValidationError", message, { status: 400 });

function byArn<Item>(items: Record<string, Item>, arn: string | undefined, word: string, error: string): Item {
  const found = items[arn ?? ""];
  if (found !== undefined) return found;
  if (!arn?.startsWith("arn:")) throw invalid(`'${arn}' is not a valid ${word} ARN`);
  throw new Refusal(error, `One or more ${word}s not found`);
}

/** @throws LoadBalancerNotFoundException */
export const loadBalancerAt = (state: ElbState, arn: string | undefined): LoadBalancer =>
  byArn(state.loadBalancers, arn, "load balancer", "LoadBalancerNotFoundException");

/** @throws TargetGroupNotFoundException */
export const targetGroupAt = (state: ElbState, arn: string | undefined): TargetGroup =>
  byArn(state.targetGroups, arn, "target group", "TargetGroupNotFoundException");

/** @throws ListenerNotFoundException */
export const listenerAt = (state: ElbState, arn: string | undefined): Listener =>
  byArn(state.listeners, arn, "listener", "ListenerNotFoundException");

/** A rule and the listener it belongs to. @throws RuleNotFoundException */
export function ruleAt(state: ElbState, arn: string | undefined): { rule: Rule; listener: Listener } {
  for (const listener of Object.values(state.listeners)) {
    const rule = listener.rules.find((candidate) => candidate.arn === arn);
    if (rule !== undefined) return { rule, listener };
  }
  throw new Refusal("RuleNotFoundException", "One or more rules not found");
}

/** The target groups that actions send requests to. */
export const groupsIn = (actions: readonly Action[]): string[] =>
  actions.flatMap((action) => action.ForwardConfig?.TargetGroups?.flatMap((group) => group.TargetGroupArn ?? []) ?? []);

/** All actions of a listener, its rules' among them. */
export const actionsOf = (listener: Listener): Action[] => [
  ...listener.actions,
  ...listener.rules.flatMap((rule) => rule.actions),
];

/** The load balancers that send requests to a target group. */
export const usersOf = (state: ElbState, group: string): string[] => [
  ...new Set(
    Object.values(state.listeners)
      .filter((listener) => groupsIn(actionsOf(listener)).includes(group))
      .map((listener) => listener.loadBalancer),
  ),
];
