import type { AnyService } from "./service.ts";

/** All services there are. Their client packages wait for the first request. */
export async function allServices(): Promise<AnyService[]> {
  return [(await import("./sts.ts")).sts];
}
