import type { HttpInstanceSummary, ServiceDiscovery } from "@aws-sdk/client-servicediscovery";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { operation, putInstance, removeInstance } from "./change.ts";
import { makingOf } from "./namespaces.ts";
import { type CloudMapState, liveNamespaces, type ServiceRecord, serviceOf, servicesIn } from "./state.ts";

const healthOf = (service: ServiceRecord, id: string) => (service.unhealthy[id] ? "UNHEALTHY" : "HEALTHY");

function instanceOf(service: ServiceRecord, id: string): Record<string, string> {
  const found = service.instances[id];
  if (!found) throw new Refusal("InstanceNotFound", `Instance ${id} not found in service ${service.id}`);
  return found;
}

/** The service that DiscoverInstances means: both by name. */
function named(state: CloudMapState, namespaceName: string, serviceName: string, now: number): ServiceRecord {
  const namespace = liveNamespaces(state, now).find((each) => each.name === namespaceName && each.readyAt <= now);
  if (!namespace) throw new Refusal("NamespaceNotFound", `No namespace found with name ${namespaceName}`);
  const service = servicesIn(state, namespace.id).find((each) => each.name === serviceName);
  if (!service) throw new Refusal("ServiceNotFound", `No service found with name ${serviceName}`);
  return service;
}

/** Instances of a service, and their discovery by name. */
export const instances: Handlers<ServiceDiscovery, CloudMapState> = {
  RegisterInstance: ({ ServiceId = "", InstanceId = "", Attributes = {} }, call) => {
    const service = serviceOf(call.state, ServiceId);
    putInstance(service, InstanceId, Attributes);
    const targets = { INSTANCE: InstanceId, SERVICE: service.id };
    return { OperationId: operation(call.state, "REGISTER_INSTANCE", targets, { ...makingOf(call), takes: 0 }) };
  },
  DeregisterInstance: ({ ServiceId = "", InstanceId = "" }, call) => {
    const service = serviceOf(call.state, ServiceId);
    instanceOf(service, InstanceId);
    removeInstance(service, InstanceId);
    const targets = { INSTANCE: InstanceId, SERVICE: service.id };
    return { OperationId: operation(call.state, "DEREGISTER_INSTANCE", targets, { ...makingOf(call), takes: 0 }) };
  },
  GetInstance: ({ ServiceId = "", InstanceId = "" }, { state }) => ({
    Instance: { Id: InstanceId, Attributes: instanceOf(serviceOf(state, ServiceId), InstanceId) },
  }),
  ListInstances: ({ ServiceId = "", MaxResults = 100, NextToken }, { state }) => {
    const entries = Object.entries(serviceOf(state, ServiceId).instances);
    const { items, next } = page(entries, ([id]) => id, MaxResults, NextToken);
    return { Instances: items.map(([Id, Attributes]) => ({ Id, Attributes })), NextToken: next };
  },
  GetInstancesHealthStatus: ({ ServiceId = "", Instances }, { state }) => {
    const service = serviceOf(state, ServiceId);
    const ids = Instances ?? Object.keys(service.instances);
    for (const id of ids) instanceOf(service, id);
    return { Status: Object.fromEntries(ids.map((id) => [id, healthOf(service, id)])) };
  },
  UpdateInstanceCustomHealthStatus: ({ ServiceId = "", InstanceId = "", Status }, { state }) => {
    const service = serviceOf(state, ServiceId);
    instanceOf(service, InstanceId);
    if (Status === "UNHEALTHY") service.unhealthy[InstanceId] = true;
    else delete service.unhealthy[InstanceId];
  },
  DiscoverInstances: (input, { state, local }) => {
    const service = named(state, input.NamespaceName ?? "", input.ServiceName ?? "", local.clock.now());
    const wanted = Object.entries(input.QueryParameters ?? {});
    const found = Object.entries(service.instances)
      .filter(([, has]) => wanted.every(([name, value]) => has[name] === value))
      .map(
        ([id, attributes]): HttpInstanceSummary => ({
          InstanceId: id,
          NamespaceName: input.NamespaceName,
          ServiceName: input.ServiceName,
          HealthStatus: healthOf(service, id),
          Attributes: attributes,
        }),
      );
    const healthy = found.filter((each) => each.HealthStatus === "HEALTHY");
    const status = input.HealthStatus ?? "ALL";
    const shown =
      status === "ALL"
        ? found
        : status === "HEALTHY"
          ? healthy
          : status === "UNHEALTHY"
            ? found.filter((each) => each.HealthStatus === "UNHEALTHY")
            : healthy.length > 0
              ? healthy
              : found;
    return { Instances: shown.slice(0, input.MaxResults ?? 100), InstancesRevision: service.revision };
  },
  DiscoverInstancesRevision: (input, { state, local }) => ({
    InstancesRevision: named(state, input.NamespaceName ?? "", input.ServiceName ?? "", local.clock.now()).revision,
  }),
};
