import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodeStarConnections, paginateListConnections } from "@aws-sdk/client-codestar-connections";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connections } from "../../src/local/connections/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";

let dir: string;
let local: LocalServer;
let client: CodeStarConnections;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-connections-"));
  local = await startLocal({ dir, port: 0, services: [connections] });
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  client = new CodeStarConnections({ endpoint: local.url, region: "us-east-1", credentials, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await local.stop();
  rmSync(dir, { recursive: true });
});

const create = async (ConnectionName: string) => {
  const { ConnectionArn = "" } = await client.createConnection({ ConnectionName, ProviderType: "GitHub" });
  return ConnectionArn;
};
const statusOf = async (ConnectionArn: string) =>
  (await client.getConnection({ ConnectionArn })).Connection?.ConnectionStatus;

test("a connection waits for a person, and one call stands for them", async () => {
  const arn = await create("shop");
  expect(arn).toMatch(/^arn:aws:codestar-connections:us-east-1:000000000000:connection\/[0-9a-f-]{36}$/);
  expect(await statusOf(arn)).toBe("PENDING");
  const done = await fetch(`${local.url}/_ecomctl/connections/${encodeURIComponent(arn)}/available`, {
    method: "POST",
  });
  expect(await done.json()).toMatchObject({ ConnectionArn: arn, ConnectionStatus: "AVAILABLE" });
  expect(await statusOf(arn)).toBe("AVAILABLE");
});

test("nothing but that call completes a connection", async () => {
  const arn = await create("shop");
  const path = `${local.url}/_ecomctl/connections/${encodeURIComponent(arn)}/available`;
  expect((await fetch(path)).status).toBe(404);
  expect((await fetch(path.replace("available", "gone"), { method: "POST" })).status).toBe(404);
  expect(
    (await fetch(`${path.replace(/connection%2F.*\/available/, "connection%2Fx/available")}`, { method: "POST" }))
      .status,
  ).toBe(404);
  expect(await statusOf(arn)).toBe("PENDING");
});

test("a name may be had twice, and a listing comes page by page", async () => {
  const arns = [await create("shop"), await create("shop"), await create("other")];
  const listed: (string | undefined)[] = [];
  for await (const { Connections } of paginateListConnections(
    { client, pageSize: 2 },
    { ProviderTypeFilter: "GitHub" },
  )) {
    listed.push(...(Connections ?? []).map(({ ConnectionArn }) => ConnectionArn));
  }
  expect(listed).toEqual([...arns].sort());
  expect((await client.listConnections({ ProviderTypeFilter: "Bitbucket" })).Connections).toEqual([]);
});

test("tags are set at the start, changed and removed", async () => {
  const Tags = [{ Key: "ecomctl:stack", Value: "shop/dev" }];
  const { ConnectionArn: ResourceArn } = await client.createConnection({
    ConnectionName: "c",
    ProviderType: "GitHub",
    Tags,
  });
  await client.tagResource({ ResourceArn, Tags: [{ Key: "b", Value: "" }] });
  await client.untagResource({ ResourceArn, TagKeys: ["ecomctl:stack"] });
  expect((await client.listTagsForResource({ ResourceArn })).Tags).toEqual([{ Key: "b", Value: "" }]);
});

test("what was deleted is not found", async () => {
  const ConnectionArn = await create("shop");
  await client.deleteConnection({ ConnectionArn });
  await expect(client.getConnection({ ConnectionArn })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await expect(client.deleteConnection({ ConnectionArn })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});
