import type { Attribute, ContainerDefinition, KeyValuePair, RegisterTaskDefinitionRequest } from "@aws-sdk/client-ecs";
import { amount } from "./definition-check.ts";
import type { DefinitionRecord } from "./state.ts";

const byName = (pairs: readonly KeyValuePair[] = []): KeyValuePair[] =>
  [...pairs].sort((a, b) => (a.name ?? "").localeCompare(b.name ?? ""));

/** A container as AWS echoes it: its defaults filled in, the order of its environment not kept. */
function containerForm(container: ContainerDefinition, awsvpc: boolean): ContainerDefinition {
  const { healthCheck, portMappings = [] } = container;
  return {
    ...container,
    cpu: container.cpu ?? 0,
    essential: container.essential ?? true,
    environment: byName(container.environment),
    mountPoints: container.mountPoints ?? [],
    volumesFrom: container.volumesFrom ?? [],
    systemControls: container.systemControls ?? [],
    portMappings: portMappings.map((port) => ({
      ...port,
      hostPort: awsvpc ? port.containerPort : (port.hostPort ?? 0),
      protocol: port.protocol ?? "tcp",
    })),
    ...(healthCheck && {
      healthCheck: {
        ...healthCheck,
        interval: healthCheck.interval ?? 30,
        timeout: healthCheck.timeout ?? 5,
        retries: healthCheck.retries ?? 3,
      },
    }),
  };
}

/** The capabilities that a container instance would need. */
function attributes(input: RegisterTaskDefinitionRequest): Attribute[] {
  const containers = input.containerDefinitions ?? [];
  const awslogs = containers.some((each) => each.logConfiguration?.logDriver === "awslogs");
  const ecr = containers.some((each) => /\.dkr[.-]ecr[.-]/.test(each.image ?? ""));
  const names = [
    awslogs && "com.amazonaws.ecs.capability.logging-driver.awslogs",
    awslogs && input.executionRoleArn && "ecs.capability.execution-role-awslogs",
    ecr && "com.amazonaws.ecs.capability.ecr-auth",
    ecr && input.executionRoleArn && "ecs.capability.execution-role-ecr-pull",
    awslogs && "com.amazonaws.ecs.capability.docker-remote-api.1.19",
    "com.amazonaws.ecs.capability.docker-remote-api.1.18",
    containers.some((each) => each.healthCheck) && "com.amazonaws.ecs.capability.docker-remote-api.1.24",
    containers.some((each) => each.healthCheck) && "ecs.capability.container-health-check",
    input.networkMode === "awsvpc" && "ecs.capability.task-eni",
    input.taskRoleArn && "com.amazonaws.ecs.capability.task-iam-role",
  ];
  return names.flatMap((name) => (name ? [{ name }] : []));
}

/** The role's ARN: RegisterTaskDefinition takes a bare name too. */
const roleArn = (role: string | undefined, account: string): string | undefined =>
  role === undefined || role.startsWith("arn:") ? role : `arn:aws:iam::${account}:role/${role}`;

/** A registered definition in the form in which AWS gives it back. */
export function definitionForm(
  input: RegisterTaskDefinitionRequest,
  made: { arn: string; revision: number; registeredBy: string; account: string },
): DefinitionRecord["definition"] {
  const { tags: _, ...rest } = input;
  const awsvpc = input.networkMode === "awsvpc";
  const sized = input.cpu !== undefined && input.memory !== undefined;
  return {
    ...rest,
    taskDefinitionArn: made.arn,
    family: input.family ?? "",
    revision: made.revision,
    containerDefinitions: (input.containerDefinitions ?? []).map((each) => containerForm(each, awsvpc)),
    taskRoleArn: roleArn(input.taskRoleArn, made.account),
    executionRoleArn: roleArn(input.executionRoleArn, made.account),
    cpu: amount(input.cpu),
    memory: amount(input.memory),
    volumes: input.volumes ?? [],
    placementConstraints: input.placementConstraints ?? [],
    requiresAttributes: attributes(input),
    compatibilities: awsvpc && sized ? ["EC2", "FARGATE"] : ["EC2"],
    registeredBy: made.registeredBy,
  };
}
