import { randomBytes } from "node:crypto";
import type { OperationTargetType, OperationType, ServiceType, Tag } from "@aws-sdk/client-servicediscovery";
import { type Keeper, Refusal } from "../service.ts";

/** An HTTP namespace; `readyAt` is when its creating operation ends, `goneAt` when its deleting one does. */
export interface NamespaceRecord {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  description?: string;
  readonly creatorRequestId?: string;
  readonly createdAt: number;
  readonly readyAt: number;
  goneAt?: number;
  tags: Tag[];
}

/** A service of a namespace with its instances: attributes by instance id. */
export interface ServiceRecord {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly namespaceId: string;
  readonly type: ServiceType;
  description?: string;
  readonly creatorRequestId?: string;
  readonly createdAt: number;
  attributes: Record<string, string>;
  tags: Tag[];
  instances: Record<string, Record<string, string>>;
  unhealthy: Record<string, true>;
  revision: number;
}

/** Something that takes its time; it is done once the clock has passed `doneAt`. */
export interface OperationRecord {
  readonly id: string;
  readonly type: OperationType;
  readonly createdAt: number;
  readonly doneAt: number;
  readonly targets: Partial<Record<OperationTargetType, string>>;
}

export interface CloudMapState {
  namespaces: Record<string, NamespaceRecord>;
  services: Record<string, ServiceRecord>;
  operations: Record<string, OperationRecord>;
}

/** Where Cloud Map's state is kept; ECS reads and writes it too. */
export const cloudMapKeeper: Keeper<CloudMapState> = {
  id: "servicediscovery",
  initial: () => ({ namespaces: {}, services: {}, operations: {} }),
};

/** An id as Cloud Map makes them: a prefix and 16 lower-case letters and digits. */
export function newId(prefix: "ns" | "srv"): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  return `${prefix}-${[...randomBytes(16)].map((byte) => letters[byte % 32]).join("")}`;
}

/** The id at the end of an ARN, or the id itself. */
export const idOf = (reference: string): string => reference.slice(reference.lastIndexOf("/") + 1);

/** Namespaces that are there: a deleted one stays until its operation is done. */
export function liveNamespaces(state: CloudMapState, now: number): NamespaceRecord[] {
  for (const each of Object.values(state.namespaces))
    if (each.goneAt !== undefined && each.goneAt <= now) delete state.namespaces[each.id];
  return Object.values(state.namespaces);
}

/** A namespace by id or ARN; throws NamespaceNotFound. */
export function namespaceOf(state: CloudMapState, reference: string, now: number): NamespaceRecord {
  const id = idOf(reference);
  const found = liveNamespaces(state, now).find((each) => each.id === id && each.readyAt <= now);
  if (!found) throw new Refusal("NamespaceNotFound", `No namespace found with ID ${id}`);
  return found;
}

/** A service by id or ARN; throws ServiceNotFound. */
export function serviceOf(state: CloudMapState, reference: string): ServiceRecord {
  const found = state.services[idOf(reference)];
  if (!found) throw new Refusal("ServiceNotFound", `Service not found. Service ID: ${idOf(reference)}`);
  return found;
}

/** The services of one namespace. */
export const servicesIn = (state: CloudMapState, namespaceId: string): ServiceRecord[] =>
  Object.values(state.services).filter((each) => each.namespaceId === namespaceId);
