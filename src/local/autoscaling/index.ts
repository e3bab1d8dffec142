import type { ApplicationAutoScaling } from "@aws-sdk/client-application-auto-scaling";
import { tick } from "../cloudwatch/evaluate.ts";
import { emulate, type Local } from "../service.ts";
import { policies } from "./policies.ts";
import { type ScalingState, scalingKeeper } from "./state.ts";
import { targets } from "./targets.ts";
import { track } from "./track.ts";

const following = new Map<Local, { stop: AbortController; over: Promise<void> }>();

async function follow(local: Local, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const region of local.regions(scalingKeeper)) {
      try {
        track(local, region);
      } catch (error) {
        local.warn(`application-autoscaling: ${error instanceof Error ? error.stack : error}`);
      }
    }
    await local.clock.sleep(tick(local), signal).catch(() => undefined);
  }
}

/** Application Auto Scaling for the desired count of ECS services. */
export const applicationAutoScaling = emulate<ApplicationAutoScaling, ScalingState>({
  ...scalingKeeper,
  load: () => import("@aws-sdk/client-application-auto-scaling"),
  handlers: { ...targets, ...policies },
  start(local) {
    const stop = new AbortController();
    following.set(local, { stop, over: follow(local, stop.signal) });
  },
  async stop(local) {
    const found = following.get(local);
    found?.stop.abort(new Error("the local AWS stops"));
    await found?.over;
    following.delete(local);
  },
});
