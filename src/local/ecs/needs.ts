import type { Need } from "../service.ts";
import { nameOf } from "./state.ts";

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Operations whose permissions are about services. */
const onServices = new Set([
  "CreateService",
  "DeleteService",
  "DescribeServices",
  "ListServiceDeployments",
  "UpdateService",
]);
/** Operations whose permissions are about tasks or container instances, within a cluster. */
const inCluster = new Set(["DescribeTasks", "ListTasks", "StopTask", "ListServices"]);
/** Operations whose permissions are about clusters. */
const onClusters = new Set(["DeleteCluster", "DescribeClusters", "UpdateCluster", "UpdateClusterSettings"]);

/** What a caller needs: the action on services, clusters or tasks, and, to register a definition, to pass its roles on. */
export function needsOf(operation: string, input: Record<string, unknown>, region: string, account: string): Need[] {
  const action = `ecs:${operation}`;
  const arn = (resource: string) => `arn:aws:ecs:${region}:${account}:${resource}`;
  const cluster = nameOf(text(input.cluster) ?? "default");
  const context = { "ecs:cluster": arn(`cluster/${cluster}`) };
  if (onServices.has(operation)) {
    const names = [...texts(input.services), text(input.service) ?? text(input.serviceName)].filter(isText);
    return names.map((name) => ({ action, resource: arn(`service/${cluster}/${nameOf(name)}`), context }));
  }
  if (inCluster.has(operation)) {
    const tasks = [...texts(input.tasks), text(input.task)].filter(isText);
    if (tasks.length === 0) return [{ action, resource: "*", context }];
    return tasks.map((task) => ({ action, resource: arn(`task/${cluster}/${nameOf(task)}`), context }));
  }
  if (onClusters.has(operation)) {
    const names = [...texts(input.clusters), text(input.cluster)].filter(isText);
    return (names.length > 0 ? names : ["default"]).map((name) => ({
      action,
      resource: arn(`cluster/${nameOf(name)}`),
    }));
  }
  if (operation === "RegisterTaskDefinition") return registering(input, action, arn, account);
  return [{ action, resource: text(input.resourceArn) ?? "*" }];
}

function registering(
  input: Record<string, unknown>,
  action: string,
  arn: (resource: string) => string,
  account: string,
): Need[] {
  const roles = [text(input.taskRoleArn), text(input.executionRoleArn)].filter(isText);
  const tagged = texts(input.tags).length > 0;
  return [
    { action, resource: "*" },
    ...roles.map((role) => ({
      action: "iam:PassRole",
      resource: role.startsWith("arn:") ? role : `arn:aws:iam::${account}:role/${role}`,
      context: { "iam:PassedToService": "ecs-tasks.amazonaws.com" },
    })),
    ...(tagged
      ? [
          {
            action: "ecs:TagResource",
            resource: arn(`task-definition/${text(input.family) ?? ""}:*`),
            context: { "ecs:CreateAction": "RegisterTaskDefinition" },
          },
        ]
      : []),
  ];
}

const isText = (value: string | undefined): value is string => value !== undefined;
