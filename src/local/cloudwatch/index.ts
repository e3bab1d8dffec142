import type { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { type Call, emulate, type Handlers, type Local, Refusal } from "../service.ts";
import { sqsKeeper } from "../sqs/queues.ts";
import { alarms } from "./alarms.ts";
import { dashboards, dashboardTags } from "./dashboards.ts";
import { data } from "./data.ts";
import { evaluateAlarms, tick } from "./evaluate.ts";
import { sample } from "./series.ts";
import { type CloudWatchState, cloudWatchKeeper } from "./state.ts";

function tagged(call: Call<CloudWatchState>, arn = "") {
  const found = Object.values(call.state.alarms).find((each) => each.arn === arn) ?? dashboardTags(call, arn);
  if (!found) throw new Refusal("ResourceNotFoundException", `Resource ${arn} does not exist`);
  return found;
}

const tags: Handlers<CloudWatch, CloudWatchState> = {
  ListTagsForResource: ({ ResourceARN }, call) => ({ Tags: tagged(call, ResourceARN).tags }),
  TagResource: ({ ResourceARN, Tags = [] }, call) => {
    const found = tagged(call, ResourceARN);
    const keys = new Set(Tags.map((tag) => tag.Key));
    found.tags = [...found.tags.filter((tag) => !keys.has(tag.Key)), ...Tags];
    return {};
  },
  UntagResource: ({ ResourceARN, TagKeys = [] }, call) => {
    const found = tagged(call, ResourceARN);
    found.tags = found.tags.filter((tag) => !TagKeys.includes(tag.Key ?? ""));
    return {};
  },
};

const watching = new Map<Local, { stop: AbortController; over: Promise<void> }>();

/** Samples metrics and looks at alarms, again and again. */
async function watch(local: Local, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const regions = new Set([...local.regions(cloudWatchKeeper), ...local.regions(sqsKeeper)]);
    for (const region of regions) {
      try {
        sample(local, region);
        evaluateAlarms(local, region);
      } catch (error) {
        local.warn(`cloudwatch: ${error instanceof Error ? error.stack : error}`);
      }
    }
    await local.clock.sleep(tick(local), signal).catch(() => undefined);
  }
}

/** CloudWatch: alarms over what this local AWS measures, dashboards, metrics of one's own. */
export const cloudwatch = emulate<CloudWatch, CloudWatchState>({
  ...cloudWatchKeeper,
  load: () => import("@aws-sdk/client-cloudwatch"),
  handlers: { ...alarms, ...dashboards, ...data, ...tags },
  needs: (operation, _input) => [{ action: `cloudwatch:${operation}`, resource: "*" }],
  start(local) {
    const stop = new AbortController();
    watching.set(local, { stop, over: watch(local, stop.signal) });
  },
  async stop(local) {
    const found = watching.get(local);
    found?.stop.abort(new Error("the local AWS stops"));
    await found?.over;
    watching.delete(local);
  },
});
