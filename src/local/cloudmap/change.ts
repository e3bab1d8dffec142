import { randomUUID } from "node:crypto";
import type { OperationType, ServiceType, Tag } from "@aws-sdk/client-servicediscovery";
import { Refusal } from "../service.ts";
import {
  type CloudMapState,
  liveNamespaces,
  type NamespaceRecord,
  newId,
  type OperationRecord,
  type ServiceRecord,
  servicesIn,
} from "./state.ts";

/** Where and when something is made: region and account for its ARN, `takes` in milliseconds for its operation. */
export interface Making {
  readonly region: string;
  readonly account: string;
  readonly now: number;
  readonly takes: number;
}

/** Notes an operation that ends `takes` milliseconds from now. */
export function operation(
  state: CloudMapState,
  type: OperationType,
  targets: OperationRecord["targets"],
  { now, takes }: Pick<Making, "now" | "takes">,
): string {
  const id = `${randomUUID().slice(0, 8)}${randomUUID().replaceAll("-", "")}`.slice(0, 40);
  state.operations[id] = { id, type, createdAt: now, doneAt: now + takes, targets };
  return id;
}

/** Makes an HTTP namespace; throws NamespaceAlreadyExists (with NamespaceId) or DuplicateRequest (same request, still under way). */
export function makeNamespace(
  state: CloudMapState,
  want: { name: string; description?: string; creatorRequestId?: string; tags?: Tag[] },
  making: Making,
): { namespace: NamespaceRecord; operationId: string } {
  const taken = liveNamespaces(state, making.now).find((each) => each.name === want.name);
  if (taken) throw alreadyThere(state, taken, want.creatorRequestId, making.now);
  const id = newId("ns");
  const namespace: NamespaceRecord = {
    id,
    arn: `arn:aws:servicediscovery:${making.region}:${making.account}:namespace/${id}`,
    name: want.name,
    description: want.description,
    creatorRequestId: want.creatorRequestId,
    createdAt: making.now,
    readyAt: making.now + making.takes,
    tags: want.tags ?? [],
  };
  state.namespaces[id] = namespace;
  return { namespace, operationId: operation(state, "CREATE_NAMESPACE", { NAMESPACE: id }, making) };
}

function alreadyThere(state: CloudMapState, taken: NamespaceRecord, requestId: string | undefined, now: number) {
  const underWay = Object.values(state.operations).find(
    (each) => each.type === "CREATE_NAMESPACE" && each.targets.NAMESPACE === taken.id && each.doneAt > now,
  );
  if (underWay && requestId !== undefined && requestId === taken.creatorRequestId)
    return new Refusal("DuplicateRequest", `The request to create namespace ${taken.name} is already in progress.`, {
      data: { DuplicateOperationId: underWay.id },
    });
  return new Refusal("NamespaceAlreadyExists", `Namespace with name ${taken.name} already exists.`, {
    data: { NamespaceId: taken.id, CreatorRequestId: taken.creatorRequestId },
  });
}

/** Makes a service in a namespace; throws ServiceAlreadyExists (with ServiceId). */
export function makeService(
  state: CloudMapState,
  namespace: NamespaceRecord,
  want: { name: string; type?: ServiceType; description?: string; creatorRequestId?: string; tags?: Tag[] },
  making: Omit<Making, "takes">,
): ServiceRecord {
  const taken = servicesIn(state, namespace.id).find((each) => each.name === want.name);
  if (taken)
    throw new Refusal("ServiceAlreadyExists", `Service already exists: ${want.name}`, {
      data: { ServiceId: taken.id, ServiceArn: taken.arn, CreatorRequestId: taken.creatorRequestId },
    });
  const id = newId("srv");
  const service: ServiceRecord = {
    id,
    arn: `arn:aws:servicediscovery:${making.region}:${making.account}:service/${id}`,
    name: want.name,
    namespaceId: namespace.id,
    type: want.type ?? "HTTP",
    description: want.description,
    creatorRequestId: want.creatorRequestId,
    createdAt: making.now,
    attributes: {},
    tags: want.tags ?? [],
    instances: {},
    unhealthy: {},
    revision: 1,
  };
  state.services[id] = service;
  return service;
}

/** Registers an instance, or overwrites its attributes. */
export function putInstance(service: ServiceRecord, id: string, attributes: Record<string, string>): void {
  service.instances[id] = attributes;
  service.revision += 1;
}

/** Takes an instance out; absent is done. */
export function removeInstance(service: ServiceRecord, id: string): void {
  delete service.instances[id];
  delete service.unhealthy[id];
  service.revision += 1;
}
