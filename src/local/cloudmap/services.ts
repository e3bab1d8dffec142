import type { ServiceDiscovery, ServiceSummary } from "@aws-sdk/client-servicediscovery";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { makeService, operation } from "./change.ts";
import { makingOf } from "./namespaces.ts";
import { type CloudMapState, idOf, namespaceOf, type ServiceRecord, serviceOf } from "./state.ts";

const summary = (each: ServiceRecord): ServiceSummary => ({
  Id: each.id,
  Arn: each.arn,
  Name: each.name,
  Type: each.type,
  Description: each.description,
  InstanceCount: Object.keys(each.instances).length,
  CreateDate: new Date(each.createdAt),
});
const whole = (each: ServiceRecord) => ({
  ...summary(each),
  NamespaceId: each.namespaceId,
  CreatorRequestId: each.creatorRequestId,
});

/** Services of a namespace and their free-form attributes. */
export const services: Handlers<ServiceDiscovery, CloudMapState> = {
  CreateService: (input, call) => {
    const making = makingOf(call);
    const namespace = namespaceOf(call.state, input.NamespaceId ?? "", making.now);
    const made = makeService(
      call.state,
      namespace,
      {
        name: input.Name ?? "",
        description: input.Description,
        creatorRequestId: input.CreatorRequestId,
        tags: input.Tags,
      },
      making,
    );
    return { Service: whole(made) };
  },
  GetService: ({ Id = "" }, { state }) => ({ Service: whole(serviceOf(state, Id)) }),
  ListServices: ({ Filters = [], MaxResults = 100, NextToken }, { state }) => {
    const found = Object.values(state.services).filter((each) =>
      Filters.every(
        ({ Name, Values = [] }) => Name !== "NAMESPACE_ID" || Values.some((value) => idOf(value) === each.namespaceId),
      ),
    );
    const { items, next } = page(found, (each) => each.id, MaxResults, NextToken);
    return { Services: items.map(summary), NextToken: next };
  },
  UpdateService: ({ Id = "", Service }, call) => {
    const found = serviceOf(call.state, Id);
    if (Service?.Description !== undefined) found.description = Service.Description;
    return { OperationId: operation(call.state, "UPDATE_SERVICE", { SERVICE: found.id }, makingOf(call)) };
  },
  DeleteService: ({ Id = "" }, { state }) => {
    const found = serviceOf(state, Id);
    if (Object.keys(found.instances).length > 0)
      throw new Refusal(
        "ResourceInUse",
        "Service contains registered instances; delete the instances before deleting the service",
      );
    delete state.services[found.id];
    return {};
  },
  GetServiceAttributes: ({ ServiceId = "" }, { state }) => {
    const found = serviceOf(state, ServiceId);
    return { ServiceAttributes: { ServiceArn: found.arn, Attributes: found.attributes } };
  },
  UpdateServiceAttributes: ({ ServiceId = "", Attributes = {} }, { state }) => {
    Object.assign(serviceOf(state, ServiceId).attributes, Attributes);
    return {};
  },
  DeleteServiceAttributes: ({ ServiceId = "", Attributes = [] }, { state }) => {
    const found = serviceOf(state, ServiceId);
    for (const name of Attributes) delete found.attributes[name];
    return {};
  },
};
