import type { TaskEvents, TaskRunner, TaskSpec } from "./runner.ts";
import { TaskFailure } from "./runner.ts";

/** What becomes of a task that is a record: it runs, cannot be started, exits, or stays unhealthy. */
export type Outcome =
  | "runs"
  | { readonly failsToStart: string }
  | { readonly exits: number }
  | { readonly unhealthy: true };

/** Runs nothing: a task is RUNNING and healthy at once, unless `outcome` tells otherwise. */
export function recordsRunner(outcome: (task: TaskSpec) => Outcome = () => "runs"): TaskRunner {
  return {
    async start(task, events) {
      const fate = outcome(task);
      const first = task.containers[0];
      if (typeof fate === "object" && "failsToStart" in fate) throw new TaskFailure(fate.failsToStart, first?.name);
      for (const container of task.containers) events.pulled(container.name, digestOf(container.image));
      let stopped = false;
      queueMicrotask(() => {
        if (!stopped) happen(task, events, fate);
      });
      return {
        ports: {},
        usage: () => undefined,
        async stop() {
          if (stopped) return;
          stopped = true;
          for (const container of task.containers) events.exited(container.name, 143);
        },
      };
    },
    async recover() {},
  };
}

function happen(task: TaskSpec, events: TaskEvents, fate: Exclude<Outcome, { failsToStart: string }>): void {
  if (typeof fate === "object" && "exits" in fate) {
    const essential = task.containers.find((each) => each.essential);
    if (essential) events.exited(essential.name, fate.exits);
    return;
  }
  const health = fate === "runs" ? "HEALTHY" : "UNHEALTHY";
  events.ready();
  for (const container of task.containers) if (container.healthCheck) events.health(container.name, health);
}

/** The digest that an image reference names, if it names one. */
const digestOf = (image: string): string => /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? "";
