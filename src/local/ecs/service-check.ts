import type { LoadBalancer, NetworkConfiguration } from "@aws-sdk/client-ecs";
import { ec2State } from "../ec2/state.ts";
import { targetGroupOf } from "../elbv2/targets.ts";
import { type Call, Refusal } from "../service.ts";

import type { Revision } from "./service-record.ts";
import type { DefinitionRecord, EcsState } from "./state.ts";

function refuse(message: string): never {
  throw new Refusal("InvalidParameterException", message);
}

/** Refuses networks that are not there: for services and for RunTask. */
export function checkNetwork(
  call: Call<EcsState>,
  { definition }: DefinitionRecord,
  network: NetworkConfiguration | undefined,
): void {
  if (definition.networkMode !== "awsvpc") {
    if (network) refuse("Network Configuration is not valid for the given networkMode of this task definition.");
    return;
  }
  const vpc = network?.awsvpcConfiguration;
  if (!vpc) refuse("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  if (!vpc.subnets?.length) refuse("subnets can not be empty.");
  const state = ec2State(call.local, call.region);
  for (const subnet of vpc.subnets)
    if (!state.subnets[subnet])
      refuse(
        `Error retrieving subnet information for [${subnet}]: The subnet ID '${subnet}' does not exist (ErrorCode: InvalidSubnetID.NotFound)`,
      );
  for (const group of vpc.securityGroups ?? [])
    if (!state.groups[group])
      refuse(
        `Error retrieving security group information for [${group}]: The security group '${group}' does not exist (ErrorCode: InvalidGroup.NotFound)`,
      );
  const vpcs = new Set(vpc.subnets.map((subnet) => state.subnets[subnet]?.vpc));
  if (vpcs.size > 1) refuse("All subnets must belong to the same VPC.");
  const foreign = (vpc.securityGroups ?? []).find((group) => !vpcs.has(state.groups[group]?.vpc));
  if (foreign) refuse(`Security Group ${foreign} does not appear to belong to the same VPC as the input subnets.`);
}

/** Refuses a container and port that the task definition does not have. */
function checkTarget({ definition }: DefinitionRecord, target: LoadBalancer): void {
  const container = definition.containerDefinitions?.find((each) => each.name === target.containerName);
  if (!container) refuse(`The container ${target.containerName} does not exist in the task definition.`);
  if (!container?.portMappings?.some((port) => port.containerPort === target.containerPort))
    refuse(`The container ${target.containerName} did not have a container port ${target.containerPort} defined.`);
}

function checkLoadBalancers(call: Call<EcsState>, definition: DefinitionRecord, targets: readonly LoadBalancer[]) {
  for (const target of targets) {
    checkTarget(definition, target);
    const arn = target.targetGroupArn ?? "";
    const group = targetGroupOf(call.local, call.region, arn);
    if (!group) refuse(`The specified target group ${arn} does not exist.`);
    if (definition.definition.networkMode === "awsvpc" && group.targetType !== "ip")
      refuse(
        `The provided target group ${arn} has target type ${group.targetType}, which is incompatible with the awsvpc network mode specified in the task definition.`,
      );
    if (!group.attached)
      refuse(`The target group with targetGroupArn ${arn} does not have an associated load balancer.`);
  }
}

/** Refuses what CreateService and UpdateService refuse, in their words. */
export function checkRevision(call: Call<EcsState>, definition: DefinitionRecord, revision: Revision): void {
  const fargate =
    revision.launchType === "FARGATE" ||
    revision.capacityProviderStrategy?.some((each) => each.capacityProvider?.startsWith("FARGATE"));
  if (revision.launchType && revision.capacityProviderStrategy?.length)
    refuse("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.");
  if (fargate && !definition.definition.requiresCompatibilities?.includes("FARGATE"))
    refuse("Task definition does not support launch_type FARGATE.");
  if (!["LATEST", "1.4.0", "1.3.0"].includes(revision.platformVersion))
    throw new Refusal("PlatformUnknownException", "The specified platform does not exist.");
  checkNetwork(call, definition, revision.networkConfiguration);
  checkLoadBalancers(call, definition, revision.loadBalancers);
}
