import type { Namespace, ServiceDiscovery } from "@aws-sdk/client-servicediscovery";
import { page } from "../page.ts";
import { type Call, type Handlers, Refusal } from "../service.ts";
import { makeNamespace, operation } from "./change.ts";
import {
  type CloudMapState,
  liveNamespaces,
  type NamespaceRecord,
  namespaceOf,
  type OperationRecord,
  servicesIn,
} from "./state.ts";

/** Creating or deleting a namespace takes some ten seconds on AWS. */
const NAMESPACE_TAKES = 10_000;

/** Where a change of a namespace is made, for its ARN and its operation. */
export const makingOf = (call: Call<CloudMapState>) => ({
  region: call.region,
  account: call.account,
  now: call.local.clock.now(),
  takes: call.local.lasts(NAMESPACE_TAKES),
});

const summary = (state: CloudMapState, each: NamespaceRecord): Namespace => ({
  Id: each.id,
  Arn: each.arn,
  Name: each.name,
  Type: "HTTP",
  Description: each.description,
  ServiceCount: servicesIn(state, each.id).length,
  Properties: { HttpProperties: { HttpName: each.name } },
  CreateDate: new Date(each.createdAt),
});

type Filter = { Name?: string; Values?: string[]; Condition?: string };
const matches = ({ Name, Values = [], Condition = "EQ" }: Filter, each: NamespaceRecord): boolean => {
  const has = Name === "TYPE" ? "HTTP" : Name === "RESOURCE_OWNER" ? "SELF" : each.name;
  return Condition === "BEGINS_WITH" ? Values.some((value) => has.startsWith(value)) : Values.includes(has);
};

const statusOf = (each: OperationRecord, now: number) => (each.doneAt <= now ? "SUCCESS" : "PENDING");

/** Namespaces and the operations that make and end them. DNS namespaces need Route 53 and are not here. */
export const namespaces: Handlers<ServiceDiscovery, CloudMapState> = {
  CreateHttpNamespace: (input, call) => ({
    OperationId: makeNamespace(
      call.state,
      {
        name: input.Name ?? "",
        description: input.Description,
        creatorRequestId: input.CreatorRequestId,
        tags: input.Tags,
      },
      makingOf(call),
    ).operationId,
  }),
  GetNamespace: ({ Id = "" }, { state, local }) => {
    const found = namespaceOf(state, Id, local.clock.now());
    return { Namespace: { ...summary(state, found), CreatorRequestId: found.creatorRequestId } };
  },
  ListNamespaces: ({ Filters = [], MaxResults = 100, NextToken }, { state, local }) => {
    const now = local.clock.now();
    const found = liveNamespaces(state, now).filter(
      (each) => each.readyAt <= now && Filters.every((filter) => matches(filter, each)),
    );
    const { items, next } = page(found, (each) => each.name, MaxResults, NextToken);
    return { Namespaces: items.map((each) => summary(state, each)), NextToken: next };
  },
  UpdateHttpNamespace: ({ Id = "", Namespace }, call) => {
    const making = makingOf(call);
    const found = namespaceOf(call.state, Id, making.now);
    found.description = Namespace?.Description;
    return { OperationId: operation(call.state, "UPDATE_NAMESPACE", { NAMESPACE: found.id }, making) };
  },
  DeleteNamespace: ({ Id = "" }, call) => {
    const making = makingOf(call);
    const found = namespaceOf(call.state, Id, making.now);
    if (servicesIn(call.state, found.id).length > 0)
      throw new Refusal(
        "ResourceInUse",
        "Namespace has associated services; delete the services before deleting the namespace",
      );
    found.goneAt = making.now + making.takes;
    return { OperationId: operation(call.state, "DELETE_NAMESPACE", { NAMESPACE: found.id }, making) };
  },
  GetOperation: ({ OperationId = "" }, { state, local }) => {
    const found = state.operations[OperationId];
    if (!found) throw new Refusal("OperationNotFound", `Operation ${OperationId} not found`);
    return {
      Operation: {
        Id: found.id,
        Type: found.type,
        Status: statusOf(found, local.clock.now()),
        CreateDate: new Date(found.createdAt),
        UpdateDate: new Date(Math.min(found.doneAt, local.clock.now())),
        Targets: found.targets,
      },
    };
  },
  ListOperations: ({ Filters = [], MaxResults = 100, NextToken }, { state, local }) => {
    const now = local.clock.now();
    const found = Object.values(state.operations).filter((each) =>
      Filters.every(({ Name, Values = [] }) => {
        if (Name === "STATUS") return Values.includes(statusOf(each, now));
        if (Name === "TYPE") return Values.includes(each.type);
        return Name === "NAMESPACE_ID" || Name === "SERVICE_ID"
          ? Values.includes(each.targets[Name === "NAMESPACE_ID" ? "NAMESPACE" : "SERVICE"] ?? "")
          : true;
      }),
    );
    const { items, next } = page(found, (each) => each.id, MaxResults, NextToken);
    return { Operations: items.map((each) => ({ Id: each.id, Status: statusOf(each, now) })), NextToken: next };
  },
};
