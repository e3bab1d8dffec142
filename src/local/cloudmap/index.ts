import type { ServiceDiscovery, Tag } from "@aws-sdk/client-servicediscovery";
import { emulate, type Handlers, Refusal } from "../service.ts";
import { instances } from "./instances.ts";
import { namespaces } from "./namespaces.ts";
import { services } from "./services.ts";
import { type CloudMapState, cloudMapKeeper, idOf, liveNamespaces } from "./state.ts";

function tagged(state: CloudMapState, arn: string, now: number): { tags: Tag[] } {
  const id = idOf(arn);
  const found = liveNamespaces(state, now).find((each) => each.id === id) ?? state.services[id];
  if (!found || found.arn !== arn)
    throw new Refusal("ResourceNotFoundException", `Resource not found: ${arn}`, { data: { ResourceName: arn } });
  return found;
}

const tags: Handlers<ServiceDiscovery, CloudMapState> = {
  ListTagsForResource: ({ ResourceARN = "" }, { state, local }) => ({
    Tags: tagged(state, ResourceARN, local.clock.now()).tags,
  }),
  TagResource: ({ ResourceARN = "", Tags = [] }, { state, local }) => {
    const found = tagged(state, ResourceARN, local.clock.now());
    const keys = new Set(Tags.map((tag) => tag.Key));
    found.tags = [...found.tags.filter((tag) => !keys.has(tag.Key)), ...Tags];
    return {};
  },
  UntagResource: ({ ResourceARN = "", TagKeys = [] }, { state, local }) => {
    const found = tagged(state, ResourceARN, local.clock.now());
    found.tags = found.tags.filter((tag) => !TagKeys.includes(tag.Key ?? ""));
    return {};
  },
};

/** Cloud Map with HTTP namespaces: what Service Connect needs. */
export const servicediscovery = emulate<ServiceDiscovery, CloudMapState>({
  ...cloudMapKeeper,
  load: () => import("@aws-sdk/client-servicediscovery"),
  handlers: { ...namespaces, ...services, ...instances, ...tags },
});
