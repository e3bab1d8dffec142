import type { ServiceConnectConfiguration, ServiceConnectService } from "@aws-sdk/client-ecs";
import { makeService, removeInstance } from "../cloudmap/change.ts";
import { cloudMapKeeper, namespaceOf, servicesIn } from "../cloudmap/state.ts";
import { type Call, type Local, Refusal } from "../service.ts";
import { namespaceArn } from "./clusters.ts";
import type { RevisionRecord } from "./service-record.ts";
import { type ClusterRecord, type DefinitionRecord, type EcsState, nameOf } from "./state.ts";

function refuse(message: string): never {
  throw new Refusal("InvalidParameterException", message);
}

/** The port mapping that bears a name. */
export const portNamed = ({ definition }: DefinitionRecord, name: string | undefined) =>
  definition.containerDefinitions?.flatMap((each) => each.portMappings ?? []).find((port) => port.name === name);

/** A Service Connect configuration with its defaults filled in; the namespace stays as it was given. */
export function connectForm(
  call: Call<EcsState>,
  cluster: ClusterRecord,
  definition: DefinitionRecord,
  want: ServiceConnectConfiguration | undefined,
): ServiceConnectConfiguration | undefined {
  if (!want?.enabled) return undefined;
  const reference = want.namespace ?? cluster.namespace;
  if (!reference)
    refuse("A namespace is required for Service Connect: the service names none and its cluster has no default.");
  const arn = namespaceArn(call, reference);
  const map = call.local.state(cloudMapKeeper, call.region);
  const namespace = namespaceOf(map, arn, Number.POSITIVE_INFINITY);
  const seen = new Set<string>();
  const services = (want.services ?? []).map((each): ServiceConnectService => {
    const port = portNamed(definition, each.portName);
    if (!port) refuse(`The portName '${each.portName}' does not match a port mapping name in the task definition.`);
    const discoveryName = each.discoveryName ?? each.portName;
    if (discoveryName !== undefined && seen.has(discoveryName))
      refuse(`The discoveryName '${discoveryName}' is used more than once.`);
    seen.add(discoveryName ?? "");
    if ((each.clientAliases ?? []).length > 1)
      refuse("Only one client alias is supported for a Service Connect service.");
    const aliases = each.clientAliases?.length ? each.clientAliases : [{ port: port.containerPort }];
    return {
      ...each,
      discoveryName,
      clientAliases: aliases.map((alias) => ({
        ...alias,
        dnsName: alias.dnsName ?? `${discoveryName}.${namespace.name}`,
      })),
    };
  });
  return { ...want, namespace: reference, services };
}

const managedBy = (serviceArn: string): string => `Managed by ${serviceArn}`;

/** The Cloud Map services behind a configuration's endpoints: ECS makes those that are missing, and refuses those of others. */
export function endpointsFor(
  call: Call<EcsState>,
  serviceArn: string,
  connect: ServiceConnectConfiguration | undefined,
): Pick<RevisionRecord, "endpoints" | "namespace"> {
  if (!connect) return { endpoints: [] };
  const now = call.local.clock.now();
  const map = call.local.state(cloudMapKeeper, call.region);
  const arn = namespaceArn(call, connect.namespace ?? "");
  const namespace = namespaceOf(map, arn, Number.POSITIVE_INFINITY);
  const endpoints = (connect.services ?? []).map(({ discoveryName: name = "" }) => {
    const there = servicesIn(map, namespace.id).find((each) => each.name === name);
    if (there && there.description !== managedBy(serviceArn)) refuse(`SC service is already used by ${there.arn}`);
    const service =
      there ??
      makeService(
        map,
        namespace,
        { name, description: managedBy(serviceArn), tags: [{ Key: "AmazonECSManaged", Value: "true" }] },
        { region: call.region, account: call.account, now },
      );
    return { discoveryName: name, discoveryArn: service.arn };
  });
  call.local.changed(cloudMapKeeper, call.region);
  return { endpoints, namespace: arn };
}

/** Removes the Cloud Map services that ECS made for a service, but for those still in use. */
export function dropEndpoints(local: Local, region: string, serviceArn: string, used: ReadonlySet<string>): void {
  const map = local.state(cloudMapKeeper, region);
  const unused = Object.values(map.services).filter(
    (each) => each.description === managedBy(serviceArn) && !used.has(each.arn),
  );
  if (unused.length === 0) return;
  for (const each of unused) delete map.services[each.id];
  local.changed(cloudMapKeeper, region);
}

/** Takes a task out of every Cloud Map service it is registered in. */
export function forgetInstance(local: Local, region: string, task: string): void {
  const map = local.state(cloudMapKeeper, region);
  const holding = Object.values(map.services).filter((each) => each.instances[task]);
  for (const each of holding) removeInstance(each, task);
  if (holding.length > 0) local.changed(cloudMapKeeper, region);
}

/** Refuses a change that AWS refuses: the protocol of a Service Connect port is fixed by its first deployment. */
export function checkProtocols(
  before: { definition: DefinitionRecord; connect: ServiceConnectConfiguration | undefined },
  after: { definition: DefinitionRecord; connect: ServiceConnectConfiguration | undefined },
): void {
  for (const { portName } of after.connect?.services ?? []) {
    if (!before.connect?.services?.some((each) => each.portName === portName)) continue;
    const [old, now] = [portNamed(before.definition, portName), portNamed(after.definition, portName)];
    if (old && now && old.appProtocol !== now.appProtocol)
      refuse(
        `The appProtocol of the Service Connect port '${portName}' cannot be changed from ${old.appProtocol ?? "tcp"} to ${now.appProtocol ?? "tcp"}. Delete and recreate the service ${nameOf(after.definition.definition.family)}.`,
      );
  }
}
