import { isIPv4 } from "node:net";
import type { ElasticLoadBalancingV2, TargetDescription } from "@aws-sdk/client-elastic-load-balancing-v2";
import { type Handlers, type Local, Refusal } from "../service.ts";
import type { Health } from "./health.ts";
import type { Metric } from "./metrics.ts";
import { planeOf } from "./plane.ts";
import {
  type ElbState,
  elbKeeper,
  elbState,
  invalid,
  type Target,
  type TargetGroup,
  targetGroupAt,
  usersOf,
} from "./state.ts";

/** Where a target is. */
export interface Address {
  readonly id: string;
  readonly port: number;
}

const find = (group: TargetGroup, { id, port }: Address): Target | undefined =>
  group.targets.find((target) => target.id === id && target.port === port);

function checkAddress(group: TargetGroup, id: string): void {
  if (group.type === "instance")
    throw new Refusal(
      "InvalidTargetException",
      `The following targets are not in a running state and cannot be registered: '${id}'`,
    );
  if (!isIPv4(id)) throw invalid(`The IP address '${id}' is not a valid IPv4 address`);
  // Tasks are processes of this machine: their addresses are on its loopback.
  if (!/^(127|10|172\.(1[6-9]|2\d|3[01])|192\.168|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(id))
    throw new Refusal(
      "InvalidTargetException",
      `The IP address '${id}' is not within the VPC's CIDR blocks or the private ranges`,
    );
}

function add(group: TargetGroup, { id, port }: Address): void {
  const have = find(group, { id, port });
  if (have === undefined) group.targets.push({ id, port });
  else delete have.drainingSince;
}

/** Registers a target; one that is leaving stays. @throws TargetGroupNotFoundException */
export function registerTarget(local: Local, region: string, group: string, address: Address): void {
  const to = targetGroupAt(elbState(local, region), group);
  checkAddress(to, address.id);
  add(to, address);
  local.changed(elbKeeper, region);
  planeOf(local).sync(region);
}

/** Takes a target away: no new requests from now on. Resolves when those under way are done, or its delay is over. */
export async function deregisterTarget(local: Local, region: string, group: string, address: Address): Promise<void> {
  const from = elbState(local, region).targetGroups[group];
  const target = from && find(from, address);
  if (from === undefined || target === undefined) return;
  target.drainingSince ??= local.clock.now();
  local.changed(elbKeeper, region);
  planeOf(local).sync(region);
  await planeOf(local).drained(from, target);
  const now = elbState(local, region).targetGroups[group];
  // It may have been registered again meanwhile.
  if (now === undefined || find(now, address)?.drainingSince === undefined) return;
  now.targets = now.targets.filter((other) => other.id !== address.id || other.port !== address.port);
  local.changed(elbKeeper, region);
}

function healthIn(state: ElbState, local: Local, group: TargetGroup, address: Address): Health {
  const target = find(group, address);
  if (target === undefined)
    return {
      state: "unused",
      reason: "Target.NotRegistered",
      description: "Target is not registered to the target group",
    };
  if (target.drainingSince !== undefined)
    return {
      state: "draining",
      reason: "Target.DeregistrationInProgress",
      description: "Target deregistration is in progress",
    };
  if (usersOf(state, group.arn).length === 0)
    return {
      state: "unused",
      reason: "Target.NotInUse",
      description: "Target group is not configured to receive traffic from the load balancer",
    };
  return planeOf(local).health(group.arn, target);
}

/** How a target is. @throws TargetGroupNotFoundException */
export function targetHealth(local: Local, region: string, group: string, address: Address): Health {
  const state = elbState(local, region);
  return healthIn(state, local, targetGroupAt(state, group), address);
}

/** What those who put targets into a group ask about it; undefined if there is none. */
export function targetGroupOf(
  local: Local,
  region: string,
  group: string,
): { targetType: "instance" | "ip"; port: number; vpc: string; attached: boolean } | undefined {
  const state = elbState(local, region);
  const found = state.targetGroups[group];
  if (found === undefined) return undefined;
  return { targetType: found.type, port: found.port, vpc: found.vpc, attached: usersOf(state, group).length > 0 };
}

/** What the load balancers of a region measured, as metrics of `AWS/ApplicationELB`. */
export function loadBalancerMetrics(local: Local, region: string): Metric[] {
  const arns = Object.keys(elbState(local, region).loadBalancers);
  return planeOf(local).metrics.of((balancer) => arns.some((arn) => arn.endsWith(`/${balancer}`)));
}

const addressOf = (group: TargetGroup, { Id = "", Port }: TargetDescription): Address => ({
  id: Id,
  port: Port ?? group.port,
});

/** Registering targets, and how they are. */
export const targets: Handlers<ElasticLoadBalancingV2, ElbState> = {
  RegisterTargets: (input, { state, region, local }) => {
    const group = targetGroupAt(state, input.TargetGroupArn);
    const addresses = (input.Targets ?? []).map((target) => addressOf(group, target));
    for (const { id } of addresses) checkAddress(group, id);
    for (const address of addresses) add(group, address);
    planeOf(local).sync(region);
    return {};
  },
  DeregisterTargets: (input, { state, region, local }) => {
    const group = targetGroupAt(state, input.TargetGroupArn);
    for (const target of input.Targets ?? []) {
      const leaving = addressOf(group, target);
      deregisterTarget(local, region, group.arn, leaving).catch((error) =>
        local.warn(`draining ${leaving.id}: ${error}`),
      );
    }
    return {};
  },
  DescribeTargetHealth: (input, { state, local }) => {
    const group = targetGroupAt(state, input.TargetGroupArn);
    const wanted = input.Targets?.map((target) => addressOf(group, target)) ?? group.targets;
    return {
      TargetHealthDescriptions: wanted.map((address) => {
        const { state: State, reason, description } = healthIn(state, local, group, address);
        return {
          Target: { Id: address.id, Port: address.port, AvailabilityZone: "all" },
          HealthCheckPort: group.check.port === "traffic-port" ? String(address.port) : group.check.port,
          TargetHealth: { State, Reason: reason, Description: description },
        };
      }),
    };
  },
};
