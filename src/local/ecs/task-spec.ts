import type { Local } from "../service.ts";
import type { ContainerSpec, TaskSpec } from "./runner.ts";
import { type DefinitionRecord, nameOf } from "./state.ts";
import type { TaskRecord } from "./task-record.ts";

/** What ECS waits between SIGTERM and SIGKILL if the container says nothing, in seconds. */
const STOP_TIMEOUT = 30;

/** What ECS puts into the environment of a task, beside what the task definition says. */
function ecsEnvironment(local: Local, region: string, task: TaskRecord, hasRole: boolean): Record<string, string> {
  return {
    AWS_EXECUTION_ENV: "AWS_ECS_FARGATE",
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: local.url,
    AWS_EC2_METADATA_DISABLED: "true",
    ECS_CONTAINER_METADATA_URI_V4: `${local.url}/ecs/metadata/${task.id}`,
    ...(hasRole && { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${local.url}/ecs/credentials/${task.id}` }),
  };
}

/** All that a runner needs to know of a task. */
export function specOf(
  local: Local,
  region: string,
  { definition }: DefinitionRecord,
  task: TaskRecord,
  names: Readonly<Record<string, number>>,
): TaskSpec {
  const executionRole = task.overrides.executionRoleArn ?? definition.executionRoleArn;
  const taskRole = task.overrides.taskRoleArn ?? definition.taskRoleArn;
  const ecs = ecsEnvironment(local, region, task, taskRole !== undefined);
  const containers = (definition.containerDefinitions ?? []).map((each): ContainerSpec => {
    const override = task.overrides.containerOverrides?.find((one) => one.name === each.name);
    const pairs = [...(each.environment ?? []), ...(override?.environment ?? [])];
    return {
      name: each.name ?? "",
      image: each.image ?? "",
      essential: each.essential !== false,
      entryPoint: each.entryPoint,
      command: override?.command ?? each.command,
      workingDirectory: each.workingDirectory,
      environment: { ...Object.fromEntries(pairs.map(({ name = "", value = "" }) => [name, value])), ...ecs },
      healthCheck: each.healthCheck,
      stopTimeout: each.stopTimeout ?? STOP_TIMEOUT,
      ports: (each.portMappings ?? []).flatMap((port) => port.containerPort ?? []),
      log: each.logConfiguration,
    };
  });
  return {
    id: task.id,
    arn: task.arn,
    region,
    definition: nameOf(task.definition),
    executionRole: executionRole && nameOf(executionRole),
    containers,
    names,
  };
}
