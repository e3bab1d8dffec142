import { topic } from "../aws/sns/topic.ts";
import type { Shop } from "../config.ts";

/** Step 2: the topic that all events of the shop go through. */
export function events({ names }: Shop) {
  const events = topic(names.topic, {});
  return { number: 2, title: "topic", events, resources: [events] };
}
