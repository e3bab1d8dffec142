import type { Local } from "../service.ts";
import { ecsState } from "./state.ts";
import { tasksOf } from "./task-record.ts";

/** Task counts of a service, as Container Insights measures them. */
export interface ServiceCounts {
  readonly cluster: string;
  readonly service: string;
  readonly counts: Readonly<
    Record<"DesiredTaskCount" | "RunningTaskCount" | "PendingTaskCount" | "DeploymentCount", number>
  >;
}

/** What Container Insights measures of the services in clusters that have it on. */
export function insights(local: Local, region: string): ServiceCounts[] {
  const state = ecsState(local, region);
  const watched = Object.values(state.clusters).filter((cluster) =>
    cluster.settings.some((each) => each.name === "containerInsights" && each.value !== "disabled"),
  );
  return watched.flatMap((cluster) =>
    Object.values(state.services)
      .filter((each) => each.cluster === cluster.name && each.status !== "INACTIVE")
      .map((each) => {
        const tasks = tasksOf(state, each);
        const pending = tasks.filter((task) => ["PROVISIONING", "PENDING", "ACTIVATING"].includes(task.lastStatus));
        return {
          cluster: cluster.name,
          service: each.name,
          counts: {
            DesiredTaskCount: each.desiredCount,
            RunningTaskCount: tasks.filter((task) => task.lastStatus === "RUNNING").length,
            PendingTaskCount: pending.length,
            DeploymentCount: each.deployments.length,
          },
        };
      }),
  );
}
