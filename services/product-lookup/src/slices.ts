import { setImmediate as turn } from "node:timers/promises";

/** How long work on the index may hold the event loop, in milliseconds. */
const slice = 8;

/** Does something with every item, letting requests in between; what the last item began is done when it resolves. */
export async function inSlices<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
  let begun = performance.now();
  for (const item of items) {
    work(item);
    if (performance.now() - begun < slice) continue;
    await turn();
    begun = performance.now();
  }
}
