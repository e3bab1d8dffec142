import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isRead } from "../../src/aws/clients.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { type Built, buildCli } from "../cli/built.ts";

let cli: Built;
let local: LocalServer;
let home: string;
let folder: string;
beforeAll(async () => {
  cli = await buildCli();
  home = mkdtempSync(join(tmpdir(), "ecomctl-endpoint-"));
  local = await startLocal({ dir: home, port: 0 });
});
afterAll(async () => {
  cli?.remove();
  await local?.stop();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ecomctl-bad-"));
});
afterEach(() => {
  local.faults.clear();
  rmSync(folder, { recursive: true, force: true });
});

const keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" };
const run = (...args: string[]) => cli.run(folder, [...args, "--endpoint-url", local.url], keys);
const says = (said: unknown) =>
  writeFileSync(join(folder, "ecomctl.json"), typeof said === "string" ? said : JSON.stringify(said));
/** What was called since `from` and changes something. */
const writesSince = (from: number) =>
  local.calls.slice(from).flatMap(({ operation }) => (isRead(operation) ? [] : [operation]));
const threeLines = [
  expect.stringMatching(/^Error: .+ \[[\w-]+\]$/),
  expect.stringMatching(/^ {2}why: {2}.+/),
  expect.stringMatching(/^ {2}next: .+/),
];
/** The error is the last that is said; before it a plan may be shown. */
const lastThree = (stderr: string) => stderr.trimEnd().split("\n").slice(-3);

describe("an ecomctl.json that cannot be followed is told in three lines, and nothing is changed", () => {
  it.each<[string, unknown, string]>([
    ["JSON that is none", '{\n  "name": "x"\n  "roles": "guide"\n}', "line 3, column 3"],
    ["an unknown key", { services: { webb: {} } }, "did you mean services.web?"],
    ["a contradiction", { services: { web: { count: 3, max: 2 } } }, "count is 3, and max is 2"],
    ["a table's name that is too short", { names: { productsTable: "P" } }, "a table's name has 3 to 255 letters"],
    [
      "a queue's name that is too long",
      { names: { orderQueue: "q".repeat(81) } },
      "a queue's name has 1 to 80 letters",
    ],
    ["a topic's name with a space", { names: { topic: "my events" } }, "a topic's name"],
    ["a repository's name in capitals", { names: { webRepository: "Web" } }, "a repository's name"],
    ["a load balancer's name that is too long", { names: { loadBalancer: "l".repeat(33) } }, "a load balancer"],
    ["a role's name with a slash", { names: { executionRole: "a/b" } }, "a role's name has"],
    ["memory that does not go with the CPU", { services: { web: { cpu: 256, memory: 4096 } } }, "256 CPU units"],
    ["a VPC that is not there", { vpc: "vpc-0123456789abcdef0" }, "vpc-0123456789abcdef0"],
  ])("%s", async (_, said, told) => {
    says(said);
    const before = local.calls.length;
    const { code, stdout, stderr } = await run("up", "--yes");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(told);
    expect(lastThree(stderr)).toEqual(threeLines);
    expect(writesSince(before)).toEqual([]);
  });

  it("a stage that makes a name too long", async () => {
    says({ names: { loadBalancer: "l".repeat(30) } });
    const before = local.calls.length;
    const { code, stderr } = await run("up", "--yes", "--stage", "abc");
    expect(code).toBe(1);
    expect(lastThree(stderr)).toEqual(threeLines);
    expect(stderr).toContain("a load balancer");
    expect(writesSince(before)).toEqual([]);
  });
});

describe("what comes from AWS's side is told in three lines, and nothing is changed", () => {
  it.each([
    ["ExpiredTokenException", "credentials-expired"],
    ["UnrecognizedClientException", "credentials-invalid"],
    ["AccessDeniedException", "refused"],
  ])("%s in the middle of looking", async (error, told) => {
    local.faults.add({ operation: "dynamodb:*", on: "always", effect: { error, message: "said by AWS" } });
    const before = local.calls.length;
    const { code, stdout, stderr } = await run("up", "--yes");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(lastThree(stderr)).toEqual(threeLines);
    expect(stderr).toContain(`[${told}]`);
    expect(writesSince(before)).toEqual([]);
  });

  it("an endpoint that takes connections, and says nothing", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { code, stderr } = await cli.run(folder, ["up", "--yes", "--endpoint-url", url], keys);
    silent.close();
    expect(code).toBe(1);
    expect(lastThree(stderr)).toEqual(threeLines);
    expect(stderr).toContain("it takes connections, and does not answer");
  });

  it("a table of the same name with another key", async () => {
    const { DynamoDB } = await import("@aws-sdk/client-dynamodb");
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const dynamodb = new DynamoDB({ endpoint: local.url, region: "us-east-1", credentials });
    const table = { TableName: "Products-taken", BillingMode: "PAY_PER_REQUEST" } as const;
    await dynamodb.createTable({
      ...table,
      KeySchema: [{ AttributeName: "sku", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "sku", AttributeType: "S" }],
    });
    const foreign = await run("up", "--yes", "--stage", "taken");
    expect(foreign.code).toBe(1);
    expect(lastThree(foreign.stderr)).toEqual(threeLines);
    expect(foreign.stderr).toContain("it was there before and carries no owner's tag");

    const before = local.calls.length;
    const { code, stderr } = await run("up", "--yes", "--stage", "taken", "--adopt");
    expect(code).toBe(1);
    expect(lastThree(stderr)).toEqual(threeLines);
    expect(stderr).toContain("AWS cannot change key in place");
    expect(stderr).toMatch(/key: "?sku"? → "?productID"?/);
    expect(writesSince(before)).toEqual([]);
    dynamodb.destroy();
  });
});
