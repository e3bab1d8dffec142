import type {
  CreateTargetGroupCommandInput,
  ElasticLoadBalancingV2,
  ModifyTargetGroupCommandInput,
  TargetGroup as Shown,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { ec2State } from "../ec2/state.ts";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { checkName } from "./place.ts";
import { planeOf } from "./plane.ts";
import {
  type ElbState,
  type HealthCheck,
  invalid,
  loadBalancerAt,
  newId,
  type TargetGroup,
  targetGroupAt,
  usersOf,
} from "./state.ts";
import { withTags } from "./tags.ts";

const defaults: HealthCheck = {
  enabled: true,
  protocol: "HTTP",
  port: "traffic-port",
  path: "/",
  interval: 30,
  timeout: 5,
  healthy: 5,
  unhealthy: 2,
  codes: "200",
};

/** A health check with what a call changes of it. @throws ValidationError */
function checkFrom(
  have: HealthCheck,
  input: CreateTargetGroupCommandInput | ModifyTargetGroupCommandInput,
): HealthCheck {
  const protocol = input.HealthCheckProtocol ?? have.protocol;
  if (protocol !== "HTTP" && protocol !== "HTTPS")
    throw invalid(`Health check protocol '${protocol}' must be one of: 'HTTP', 'HTTPS'`);
  const check: HealthCheck = {
    enabled: input.HealthCheckEnabled ?? have.enabled,
    protocol,
    port: input.HealthCheckPort ?? have.port,
    path: input.HealthCheckPath ?? have.path,
    interval: input.HealthCheckIntervalSeconds ?? have.interval,
    timeout: input.HealthCheckTimeoutSeconds ?? have.timeout,
    healthy: input.HealthyThresholdCount ?? have.healthy,
    unhealthy: input.UnhealthyThresholdCount ?? have.unhealthy,
    codes: input.Matcher?.HttpCode ?? have.codes,
  };
  if (check.interval <= check.timeout) throw invalid("Health check interval must be greater than the timeout.");
  if (!check.path.startsWith("/")) throw invalid(`Health check path '${check.path}' must begin with a '/' character`);
  if (!/^[2-5]\d\d(-[2-5]\d\d)?(,[2-5]\d\d(-[2-5]\d\d)?)*$/.test(check.codes))
    throw invalid(`Health check matcher HTTP code '${check.codes}' must be within '200-499' inclusive`);
  return check;
}

const shown = (state: ElbState, group: TargetGroup): Shown => ({
  TargetGroupArn: group.arn,
  TargetGroupName: group.name,
  TargetType: group.type,
  Protocol: group.protocol,
  ProtocolVersion: group.protocolVersion,
  Port: group.port,
  VpcId: group.vpc,
  IpAddressType: "ipv4",
  HealthCheckEnabled: group.check.enabled,
  HealthCheckProtocol: group.check.protocol,
  HealthCheckPort: group.check.port,
  HealthCheckPath: group.check.path,
  HealthCheckIntervalSeconds: group.check.interval,
  HealthCheckTimeoutSeconds: group.check.timeout,
  HealthyThresholdCount: group.check.healthy,
  UnhealthyThresholdCount: group.check.unhealthy,
  Matcher: { HttpCode: group.check.codes },
  LoadBalancerArns: usersOf(state, group.arn),
});

/** What may differ between two groups; not how many targets they have, nor their tags. */
const settings = ({ type, protocol, protocolVersion, port, vpc, check }: TargetGroup): string =>
  JSON.stringify([type, protocol, protocolVersion, port, vpc, Object.entries(check).sort()]);

/** Target groups of addresses. */
export const targetGroups: Handlers<ElasticLoadBalancingV2, ElbState> = {
  CreateTargetGroup: (input, { state, region, account, local }) => {
    const { Name: name = "", TargetType: type = "instance", Protocol: protocol, Port: port, VpcId: vpc } = input;
    checkName(name, "Target group");
    if (type !== "instance" && type !== "ip")
      throw invalid(`Target type '${type}' is not supported here: only 'instance' and 'ip' are`);
    if (protocol === undefined) throw invalid("A protocol must be specified");
    if (protocol !== "HTTP" && protocol !== "HTTPS")
      throw invalid(`Protocol '${protocol}' is not supported here: only 'HTTP' and 'HTTPS' are`);
    if (port === undefined) throw invalid("A port must be specified");
    if (vpc === undefined) throw invalid("A VPC ID must be specified");
    if (ec2State(local, region).vpcs[vpc] === undefined) throw invalid(`The VPC ID '${vpc}' is not found`);
    const group: TargetGroup = {
      name,
      arn: `arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/${name}/${newId()}`,
      type,
      protocol,
      protocolVersion: input.ProtocolVersion ?? "HTTP1",
      port,
      vpc,
      check: checkFrom(defaults, input),
      attributes: {},
      tags: withTags([], input.Tags),
      targets: [],
    };
    const twin = Object.values(state.targetGroups).find((other) => other.name === name);
    if (twin !== undefined && settings(twin) !== settings(group))
      throw new Refusal(
        "DuplicateTargetGroupNameException",
        `A target group with the same name '${name}' exists, but with different settings`,
      );
    if (twin === undefined) state.targetGroups[group.arn] = group;
    return { TargetGroups: [shown(state, twin ?? group)] };
  },
  DescribeTargetGroups: (input, { state }) => {
    const all = Object.values(state.targetGroups);
    if (input.Names?.some((name) => !all.some((group) => group.name === name)))
      throw new Refusal("TargetGroupNotFoundException", "One or more target groups not found");
    const balancer = input.LoadBalancerArn && loadBalancerAt(state, input.LoadBalancerArn).arn;
    const wanted = input.TargetGroupArns?.map((arn) => targetGroupAt(state, arn)) ?? all;
    const found = wanted
      .filter((group) => input.Names?.includes(group.name) ?? true)
      .filter((group) => balancer === undefined || usersOf(state, group.arn).includes(balancer));
    const { items, next } = page(found, (group) => group.arn, input.PageSize ?? 400, input.Marker);
    return { TargetGroups: items.map((group) => shown(state, group)), NextMarker: next };
  },
  ModifyTargetGroup: (input, { state }) => {
    const group = targetGroupAt(state, input.TargetGroupArn);
    group.check = checkFrom(group.check, input);
    return { TargetGroups: [shown(state, group)] };
  },
  // The API has no error for a group that is not there.
  DeleteTargetGroup: (input, { state, region, local }) => {
    const group = state.targetGroups[input.TargetGroupArn ?? ""];
    if (group === undefined) return {};
    if (usersOf(state, group.arn).length > 0)
      throw new Refusal(
        "ResourceInUseException",
        `Target group '${group.arn}' is currently in use by a listener or a rule`,
      );
    delete state.targetGroups[group.arn];
    planeOf(local).sync(region);
    return {};
  },
};
