import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceDiscovery } from "@aws-sdk/client-servicediscovery";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testClock } from "../../src/local/clock.ts";
import { servicediscovery } from "../../src/local/cloudmap/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";

const clock = testClock();
let dir: string;
let local: LocalServer;
let map: ServiceDiscovery;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-map-"));
  local = await startLocal({ dir, port: 0, services: [servicediscovery], clock, waits: "aws" });
  const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
  map = new ServiceDiscovery({
    endpoint: local.url,
    region: "us-east-1",
    credentials,
    maxAttempts: 1,
    disableHostPrefix: true,
  });
});
afterEach(async () => {
  map.destroy();
  await local.stop();
  rmSync(dir, { recursive: true });
});

const done = async (OperationId = "") => (await map.getOperation({ OperationId })).Operation;

/** A namespace that is there; answers its id and ARN. */
async function namespace(Name: string) {
  const { OperationId } = await map.createHttpNamespace({ Name, Tags: [{ Key: "a", Value: "b" }] });
  clock.advance(10_000);
  const Id = (await done(OperationId))?.Targets?.NAMESPACE ?? "";
  return { Id, Arn: (await map.getNamespace({ Id })).Namespace?.Arn ?? "" };
}

test("a namespace is there when its operation has succeeded", async () => {
  const { OperationId } = await map.createHttpNamespace({ Name: "shop", CreatorRequestId: "one" });
  expect((await done(OperationId))?.Status).toBe("PENDING");
  expect((await map.listNamespaces({})).Namespaces).toEqual([]);
  await expect(map.createHttpNamespace({ Name: "shop", CreatorRequestId: "one" })).rejects.toMatchObject({
    name: "DuplicateRequest",
    DuplicateOperationId: OperationId,
  });
  clock.advance(10_000);
  const operation = await done(OperationId);
  expect(operation?.Status).toBe("SUCCESS");
  await expect(map.createHttpNamespace({ Name: "shop" })).rejects.toMatchObject({
    name: "NamespaceAlreadyExists",
    NamespaceId: operation?.Targets?.NAMESPACE,
  });
});

test("namespaces are found by name and type", async () => {
  const { Id } = await namespace("shop");
  await namespace("other");
  const { Namespaces } = await map.listNamespaces({
    Filters: [
      { Name: "HTTP_NAME", Values: ["shop"], Condition: "EQ" },
      { Name: "TYPE", Values: ["HTTP"] },
    ],
  });
  expect(Namespaces).toMatchObject([{ Id, Name: "shop", Type: "HTTP", ServiceCount: 0 }]);
  const first = await map.listNamespaces({ MaxResults: 1 });
  expect(first.Namespaces).toHaveLength(1);
  expect((await map.listNamespaces({ NextToken: first.NextToken })).Namespaces).toHaveLength(1);
});

test("what holds something cannot be deleted", async () => {
  const { Id } = await namespace("shop");
  const { Service } = await map.createService({ Name: "search", NamespaceId: Id });
  const ServiceId = Service?.Id ?? "";
  await expect(map.createService({ Name: "search", NamespaceId: Id })).rejects.toMatchObject({
    name: "ServiceAlreadyExists",
    ServiceId,
  });
  await map.registerInstance({
    ServiceId,
    InstanceId: "task",
    Attributes: { AWS_INSTANCE_IPV4: "10.0.0.4", colour: "red" },
  });
  await expect(map.deleteNamespace({ Id })).rejects.toMatchObject({ name: "ResourceInUse" });
  await expect(map.deleteService({ Id: ServiceId })).rejects.toMatchObject({ name: "ResourceInUse" });
  const found = { NamespaceName: "shop", ServiceName: "search" };
  expect((await map.discoverInstances({ ...found, QueryParameters: { colour: "blue" } })).Instances).toEqual([]);
  expect((await map.discoverInstances({ ...found, QueryParameters: { colour: "red" } })).Instances).toHaveLength(1);
  await map.updateInstanceCustomHealthStatus({ ServiceId, InstanceId: "task", Status: "UNHEALTHY" });
  expect((await map.discoverInstances({ ...found, HealthStatus: "HEALTHY" })).Instances).toEqual([]);
  await map.deregisterInstance({ ServiceId, InstanceId: "task" });
  await expect(map.deregisterInstance({ ServiceId, InstanceId: "task" })).rejects.toMatchObject({
    name: "InstanceNotFound",
  });
  await map.deleteService({ Id: ServiceId });
  await expect(map.getService({ Id: ServiceId })).rejects.toMatchObject({ name: "ServiceNotFound" });
  const { OperationId } = await map.deleteNamespace({ Id });
  clock.advance(10_000);
  expect((await done(OperationId))?.Status).toBe("SUCCESS");
  await expect(map.getNamespace({ Id })).rejects.toMatchObject({ name: "NamespaceNotFound" });
});

test("namespaces and services are tagged", async () => {
  const { Id, Arn } = await namespace("shop");
  await map.tagResource({ ResourceARN: Arn, Tags: [{ Key: "c", Value: "d" }] });
  await map.untagResource({ ResourceARN: Arn, TagKeys: ["a"] });
  expect((await map.listTagsForResource({ ResourceARN: Arn })).Tags).toEqual([{ Key: "c", Value: "d" }]);
  const { Service } = await map.createService({ Name: "x", NamespaceId: Id, Tags: [{ Key: "e", Value: "f" }] });
  expect((await map.listTagsForResource({ ResourceARN: Service?.Arn })).Tags).toEqual([{ Key: "e", Value: "f" }]);
});
