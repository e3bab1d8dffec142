import { viewOf } from "../engine/resource.ts";
import type { images } from "./4-images.ts";
import type { services } from "./7-services.ts";

/** What of a service is its image; `cluster` is where it is found. */
const which = ["cluster", "image"] as const;

/** Step 4, and the images onto the services that run already: how they are taken back from the pipeline for one run. */
export function deployment(built: ReturnType<typeof images>, { web, search, order }: ReturnType<typeof services>) {
  const running = [search, order, web].map((each) => viewOf(each, which));
  return { ...built, resources: [...built.resources, ...running] };
}
