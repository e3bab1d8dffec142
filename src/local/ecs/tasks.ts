import type { ECS } from "@aws-sdk/client-ecs";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { activeDefinition } from "./definitions.ts";
import { makeTask } from "./make-task.ts";
import { wake } from "./scheduler.ts";
import { checkNetwork } from "./service-check.ts";
import { arnOf, clusterOf, type EcsState, nameOf, serviceNamed, sweep } from "./state.ts";
import { askToStop } from "./task-record.ts";
import { taskView } from "./task-view.ts";

/** Tasks: listed, described, run by hand, stopped. */
export const tasks: Handlers<ECS, EcsState> = {
  ListTasks: (input, { state, local }) => {
    sweep(state, local.clock.now());
    const { name } = clusterOf(state, input.cluster);
    const { family, startedBy, serviceName, desiredStatus = "RUNNING", launchType } = input;
    if (serviceName !== undefined && !serviceNamed(state, name, serviceName))
      throw new Refusal("ServiceNotFoundException", "Service not found.");
    const found = Object.values(state.tasks).filter(
      (task) =>
        task.cluster === name &&
        task.desiredStatus === (desiredStatus === "PENDING" ? "RUNNING" : desiredStatus) &&
        (serviceName === undefined || task.service?.name === nameOf(serviceName)) &&
        (family === undefined || nameOf(task.definition).split(":")[0] === family) &&
        (startedBy === undefined || task.startedBy === startedBy) &&
        (launchType === undefined || task.launchType === launchType),
    );
    const { items, next } = page(found, (task) => task.id, input.maxResults ?? 100, input.nextToken);
    return { taskArns: items.map((task) => task.arn), nextToken: next };
  },
  DescribeTasks: ({ cluster, tasks: references = [], include = [] }, { state, local, region, account }) => {
    sweep(state, local.clock.now());
    const found = clusterOf(state, cluster);
    if (references.length === 0) throw new Refusal("InvalidParameterException", "Tasks cannot be empty.");
    const asked = references.map((reference) => {
      const task = state.tasks[nameOf(reference)];
      return { reference, task: task?.cluster === found.name ? task : undefined };
    });
    return {
      tasks: asked.flatMap(({ task }) => (task ? [taskView(task, found.arn, include.includes("TAGS"))] : [])),
      failures: asked.flatMap(({ reference, task }) =>
        task ? [] : [{ arn: arnOf({ region, account }, `task/${found.name}/${nameOf(reference)}`), reason: "MISSING" }],
      ),
    };
  },
  RunTask: (input, call) => {
    const { state, local } = call;
    const cluster = clusterOf(state, input.cluster);
    const definition = activeDefinition(state, input.taskDefinition ?? "");
    checkNetwork(call, definition, input.networkConfiguration);
    const { family } = definition.definition;
    const propagated = input.propagateTags === "TASK_DEFINITION" ? definition.tags : [];
    const launchType = input.launchType ?? (input.capacityProviderStrategy ? undefined : "FARGATE");
    const made = Array.from({ length: input.count ?? 1 }, () =>
      makeTask(definition, {
        region: call.region,
        account: call.account,
        cluster: cluster.name,
        now: local.clock.now(),
        group: input.group ?? `family:${family}`,
        startedBy: input.startedBy,
        launchType,
        capacityProvider: input.capacityProviderStrategy?.[0]?.capacityProvider,
        overrides: input.overrides,
        network: input.networkConfiguration?.awsvpcConfiguration,
        enableExecuteCommand: input.enableExecuteCommand,
        tags: [...propagated, ...(input.tags ?? [])],
      }),
    );
    for (const task of made) state.tasks[task.id] = task;
    wake(local);
    return { tasks: made.map((task) => taskView(task, cluster.arn, true)), failures: [] };
  },
  StopTask: ({ cluster, task: reference = "", reason }, { state, local }) => {
    const found = clusterOf(state, cluster);
    const task = state.tasks[nameOf(reference)];
    if (task?.cluster !== found.name)
      throw new Refusal("InvalidParameterException", "The referenced task was not found.");
    askToStop(task, "UserInitiated", reason ?? "Task stopped by user");
    wake(local);
    return { task: taskView(task, found.arn, true) };
  },
};
