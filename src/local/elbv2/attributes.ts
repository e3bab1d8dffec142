import type { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { type Handlers, Refusal } from "../service.ts";
import { type ElbState, invalid, loadBalancerAt, targetGroupAt } from "./state.ts";

/** What a new load balancer has. */
export const loadBalancerDefaults: Readonly<Record<string, string>> = {
  "access_logs.s3.enabled": "false",
  "access_logs.s3.bucket": "",
  "access_logs.s3.prefix": "",
  "client_keep_alive.seconds": "3600",
  "connection_logs.s3.enabled": "false",
  "connection_logs.s3.bucket": "",
  "connection_logs.s3.prefix": "",
  "deletion_protection.enabled": "false",
  "idle_timeout.timeout_seconds": "60",
  "ipv6.deny_all_igw_traffic": "false",
  "load_balancing.cross_zone.enabled": "true",
  "routing.http.desync_mitigation_mode": "defensive",
  "routing.http.drop_invalid_header_fields.enabled": "false",
  "routing.http.preserve_host_header.enabled": "false",
  "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
  "routing.http.xff_client_port.enabled": "false",
  "routing.http.xff_header_processing.mode": "append",
  "routing.http2.enabled": "true",
  "waf.fail_open.enabled": "false",
  "zonal_shift.config.enabled": "false",
};

/** What a new target group has. */
export const targetGroupDefaults: Readonly<Record<string, string>> = {
  "deregistration_delay.timeout_seconds": "300",
  "load_balancing.algorithm.anomaly_mitigation": "off",
  "load_balancing.algorithm.type": "round_robin",
  "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
  "slow_start.duration_seconds": "0",
  "stickiness.app_cookie.cookie_name": "",
  "stickiness.app_cookie.duration_seconds": "86400",
  "stickiness.enabled": "false",
  "stickiness.lb_cookie.duration_seconds": "86400",
  "stickiness.type": "lb_cookie",
  "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
  "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
  "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
  "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
};

/** Bounds of the attributes that are numbers, in seconds. */
const bounds: Readonly<Record<string, readonly [number, number]>> = {
  "idle_timeout.timeout_seconds": [1, 4000],
  "client_keep_alive.seconds": [60, 604_800],
  "deregistration_delay.timeout_seconds": [0, 3600],
  "stickiness.lb_cookie.duration_seconds": [1, 604_800],
  "stickiness.app_cookie.duration_seconds": [1, 604_800],
};

function checked(
  defaults: Readonly<Record<string, string>>,
  word: string,
  given: readonly { Key?: string; Value?: string }[],
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { Key = "", Value = "" } of given) {
    const standard = defaults[Key];
    if (standard === undefined)
      throw new Refusal("InvalidConfigurationRequestException", `${word} attribute key '${Key}' is not recognized`);
    const [least, most] = bounds[Key] ?? [];
    const number = Number(Value);
    if (least !== undefined && most !== undefined && !(/^\d+$/.test(Value) && number >= least && number <= most))
      throw new Refusal(
        "InvalidConfigurationRequestException",
        `${word} attribute value for '${Key}' must be between '${least}' and '${most}' inclusive`,
      );
    if ((standard === "true" || standard === "false") && Value !== "true" && Value !== "false")
      throw invalid(`${word} attribute value for '${Key}' must be one of: 'true', 'false'`);
    values[Key] = Value;
  }
  return values;
}

const listed = (attributes: Readonly<Record<string, string>>) =>
  Object.entries(attributes).map(([Key, Value]) => ({ Key, Value }));

/** Settings of load balancers and target groups. */
export const attributes: Handlers<ElasticLoadBalancingV2, ElbState> = {
  DescribeLoadBalancerAttributes: (input, { state }) => ({
    Attributes: listed({ ...loadBalancerDefaults, ...loadBalancerAt(state, input.LoadBalancerArn).attributes }),
  }),
  ModifyLoadBalancerAttributes: (input, { state }) => {
    const balancer = loadBalancerAt(state, input.LoadBalancerArn);
    Object.assign(balancer.attributes, checked(loadBalancerDefaults, "Load balancer", input.Attributes ?? []));
    return { Attributes: listed({ ...loadBalancerDefaults, ...balancer.attributes }) };
  },
  DescribeTargetGroupAttributes: (input, { state }) => ({
    Attributes: listed({ ...targetGroupDefaults, ...targetGroupAt(state, input.TargetGroupArn).attributes }),
  }),
  ModifyTargetGroupAttributes: (input, { state }) => {
    const group = targetGroupAt(state, input.TargetGroupArn);
    Object.assign(group.attributes, checked(targetGroupDefaults, "Target group", input.Attributes ?? []));
    return { Attributes: listed({ ...targetGroupDefaults, ...group.attributes }) };
  },
};

/** How long a leaving target may finish its requests, in seconds. */
export const drainSeconds = (group: { attributes: Record<string, string> }): number =>
  Number(group.attributes["deregistration_delay.timeout_seconds"] ?? 300);

/** How long a connection may be silent, in seconds. */
export const idleSeconds = (balancer: { attributes: Record<string, string> }): number =>
  Number(balancer.attributes["idle_timeout.timeout_seconds"] ?? 60);
