import type { service } from "../aws/ecs/service.ts";
import { viewOf } from "../engine/resource.ts";

/** What of a service is its part in the mesh; `cluster` is where it is found. */
const mesh = ["cluster", "serviceConnect", "knows"] as const;

/**
 * Step 8: Service Connect, between the services of step 7, which describes them whole. Alone, this step mends the mesh
 * and nothing else: names that were switched off, and clients whose proxies do not know an endpoint that was made anew.
 */
export function serviceConnect(services: Record<"web" | "search" | "order", ReturnType<typeof service>>) {
  const { search, order, web } = services;
  return { number: 8, title: "Service Connect", resources: [search, order, web].map((each) => viewOf(each, mesh)) };
}
