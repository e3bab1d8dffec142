import type { Local } from "../service.ts";
import type { ElbState, Listener } from "./state.ts";

/** The listener that answers at the load balancer's address. */
export const servedListener = (state: ElbState, balancer: string): Listener | undefined =>
  Object.values(state.listeners)
    .filter((listener) => listener.loadBalancer === balancer && listener.protocol === "HTTP")
    .sort((a, b) => a.port - b.port)[0];

/** One address is one port here, so one listener of each load balancer is served: HTTP, the lowest port. The others say why not. */
export function markServed(state: ElbState, balancer: string, local: Local): void {
  const own = Object.values(state.listeners).filter((listener) => listener.loadBalancer === balancer);
  const served = servedListener(state, balancer);
  for (const listener of own) {
    if (listener === served) {
      delete listener.notServed;
      continue;
    }
    const why =
      listener.protocol === "HTTPS"
        ? "the local load balancer does not speak TLS"
        : `port ${served?.port} is served instead`;
    if (listener.notServed !== why) local.warn(`${listener.arn} (port ${listener.port}) is a record only: ${why}.`);
    listener.notServed = why;
  }
}
