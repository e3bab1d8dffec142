import type { NamespaceSummary } from "@aws-sdk/client-servicediscovery";
import { Problem } from "../../engine/problem.ts";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { allPages } from "../pages.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";

export type NamespaceSpec = Record<never, never>;

/** A Cloud Map HTTP namespace, which Service Connect keeps its endpoints in. It needs no DNS. */
export const namespace = defineKind<NamespaceSpec, "arn" | "id">({
  type: "servicediscovery:namespace",
  outputs: ["arn", "id"],
  check: (name) => (/^(?!arn:)[!-~]{1,1024}$/.test(name) ? undefined : "a namespace's name has no spaces"),

  async read(aws, name) {
    const it = await find(aws, name);
    if (!it?.Arn) return undefined;
    const tagged = await unlessAbsent(
      aws.servicediscovery.listTagsForResource({ ResourceARN: it.Arn }),
      "ResourceNotFound",
    );
    const { stack, adopted } = ownerIn(tagged?.Tags);
    return { spec: { stack }, adopted, outputs: { arn: it.Arn, id: it.Id } };
  },

  async create(aws, name, want) {
    const { OperationId } = await aws.servicediscovery.createHttpNamespace({ Name: name, Tags: tagList(want) });
    await finished(aws, OperationId, `servicediscovery:namespace/${name}`);
  },

  async update(aws, _name, want, have) {
    await aws.servicediscovery.tagResource({ ResourceARN: String(have.outputs.arn), Tags: tagList(want) });
  },

  // ECS removes its endpoints some time after their service is gone; what it left behind would keep the namespace alive.
  async delete(aws, name, have) {
    const id = String(have.outputs.id);
    for (const service of await endpointsIn(aws, id)) await removeEndpoint(aws, service);
    const { OperationId } = await aws.servicediscovery.deleteNamespace({ Id: id });
    await finished(aws, OperationId, `servicediscovery:namespace/${name}`);
  },

  async release(aws, _name, have) {
    await aws.servicediscovery.untagResource({ ResourceARN: String(have.outputs.arn), TagKeys: tagKeys });
  },

  async health(aws, _name, have) {
    const endpoints = await endpointsIn(aws, String(have.outputs.id));
    const counts = await Promise.all(endpoints.map(async ({ Id }) => (await instancesOf(aws, Id)).length));
    const list = endpoints.map(({ Name }, n) => `${Name} ${counts[n]}`).join(", ");
    return { healthy: counts.every((count) => count > 0), why: list ? `instances: ${list}` : "no endpoints" };
  },
});

async function find(aws: Aws, name: string): Promise<NamespaceSummary | undefined> {
  // The filter is a convenience of the API; the comparison is what counts.
  const all = await allPages(async (NextToken) => {
    const Filters = [{ Name: "HTTP_NAME" as const, Values: [name], Condition: "EQ" as const }];
    const page = await aws.servicediscovery.listNamespaces({ Filters, NextToken });
    return { items: page.Namespaces, next: page.NextToken };
  });
  return all.find(({ Name, Type }) => Name === name && Type === "HTTP");
}

const endpointsIn = (aws: Aws, namespaceId: string) =>
  allPages(async (NextToken) => {
    const Filters = [{ Name: "NAMESPACE_ID" as const, Values: [namespaceId], Condition: "EQ" as const }];
    const page = await aws.servicediscovery.listServices({ Filters, NextToken });
    return { items: page.Services, next: page.NextToken };
  });

const instancesOf = (aws: Aws, serviceId: string | undefined) =>
  allPages(async (NextToken) => {
    const page = await unlessAbsent(
      aws.servicediscovery.listInstances({ ServiceId: serviceId, NextToken }),
      "ServiceNotFound",
    );
    return { items: page?.Instances, next: page?.NextToken };
  });

async function removeEndpoint(aws: Aws, { Id, Name }: { Id?: string; Name?: string }): Promise<void> {
  for (const instance of await instancesOf(aws, Id)) {
    const gone = aws.servicediscovery.deregisterInstance({ ServiceId: Id, InstanceId: instance.Id });
    const begun = await unlessAbsent(gone, "ServiceNotFound", "InstanceNotFound");
    await finished(aws, begun?.OperationId, `the endpoint ${Name}`);
  }
  await unlessAbsent(aws.servicediscovery.deleteService({ Id }), "ServiceNotFound");
}

/** Follows an operation of Cloud Map to its end. */
async function finished(aws: Aws, OperationId: string | undefined, what: string): Promise<void> {
  for (let pause = 100; OperationId; pause = Math.min(pause * 1.5, 5000)) {
    const { Operation } = await aws.servicediscovery.getOperation({ OperationId });
    if (Operation?.Status === "SUCCESS") return;
    if (Operation?.Status === "FAIL") {
      throw new Problem(
        "operation-failed",
        `${what}: Cloud Map gave up`,
        Operation.ErrorMessage ?? "it does not say why",
        "run the command again",
      );
    }
    await aws.pause(pause);
  }
}
