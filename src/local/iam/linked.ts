import type { IAM } from "@aws-sdk/client-iam";
import { type Handlers, type Local, Refusal } from "../service.ts";
import { summary } from "./roles.ts";
import { type IamState, iamKeeper, iamState, type Role, roleNamed, uniqueId } from "./state.ts";

/** The service-linked roles of a container platform: their names, and the policy that AWS attaches. */
const linked: Readonly<Record<string, { name: string; policy: string }>> = {
  "ecs.amazonaws.com": { name: "AWSServiceRoleForECS", policy: "AmazonECSServiceRolePolicy" },
  "elasticloadbalancing.amazonaws.com": {
    name: "AWSServiceRoleForElasticLoadBalancing",
    policy: "AWSElasticLoadBalancingServiceRolePolicy",
  },
  "ecs.application-autoscaling.amazonaws.com": {
    name: "AWSServiceRoleForApplicationAutoScaling_ECSService",
    policy: "AWSApplicationAutoscalingECSServicePolicy",
  },
};

function make(state: IamState, service: string, account: string, now: number, description?: string): Role {
  const known = linked[service];
  if (known === undefined)
    throw new Refusal("InvalidInputException", `Service role for ${service} cannot be created: no such service.`);
  if (state.roles[known.name.toLowerCase()] !== undefined)
    throw new Refusal(
      "InvalidInputException",
      `Service role name ${known.name} has been taken in this account, please try a different suffix.`,
    );
  const path = `/aws-service-role/${service}/`;
  const role: Role = {
    name: known.name,
    path,
    id: uniqueId("AROA"),
    arn: `arn:aws:iam::${account}:role${path}${known.name}`,
    created: now,
    trust: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
    }),
    description,
    maxSession: 3600,
    tags: [],
    inline: {},
    attached: [`arn:aws:iam::aws:policy/aws-service-role/${known.policy}`],
    linkedTo: service,
  };
  state.roles[role.name.toLowerCase()] = role;
  return role;
}

/** Makes a service's linked role if it is not there yet, as AWS services do at their first use. */
export function ensureServiceLinkedRole(local: Local, service: string): void {
  const state = iamState(local);
  if (Object.values(state.roles).some((role) => role.linkedTo === service)) return;
  make(state, service, local.account, local.clock.now());
  local.changed(iamKeeper, "us-east-1");
}

/** Roles that belong to an AWS service. */
export const linkedRoles: Handlers<IAM, IamState> = {
  CreateServiceLinkedRole: (input, { state, account, local }) => {
    if (input.CustomSuffix !== undefined)
      throw new Refusal("InvalidInputException", `Custom suffix is not allowed for ${input.AWSServiceName}`);
    return {
      Role: summary(make(state, input.AWSServiceName ?? "", account, local.clock.now(), input.Description)),
    };
  },
  DeleteServiceLinkedRole: (input, { state }) => {
    const role = roleNamed(state, input.RoleName);
    if (role.linkedTo === undefined)
      throw new Refusal("InvalidInputException", `Role ${role.name} is not a service-linked role.`);
    delete state.roles[role.name.toLowerCase()];
    return { DeletionTaskId: `task/aws-service-role/${role.linkedTo}/${role.name}/${role.id}` };
  },
  GetServiceLinkedRoleDeletionStatus: () => ({ Status: "SUCCEEDED" }),
};
