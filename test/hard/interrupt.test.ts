import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { type Built, buildCli, ended } from "../cli/built.ts";

let cli: Built;
let folder: string;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli?.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ecomctl-interrupt-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Resolves when a process has said something on a stream. */
const says = (child: ChildProcess, stream: "stdout" | "stderr", text: string) =>
  new Promise<void>((resolve) => {
    let said = "";
    child[stream]?.on("data", (data) => {
      said += data;
      if (said.includes(text)) resolve();
    });
  });

describe("at an endpoint", () => {
  let aws: LocalServer;
  const keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" };
  beforeEach(async () => {
    aws = await startLocal({ dir: join(folder, "aws"), port: 0 });
  });
  afterEach(() => aws.stop());

  it.each(["SIGINT", "SIGTERM"] as const)("a second %s leaves though the calls in flight never end", async (signal) => {
    aws.faults.add({ operation: "dynamodb:CreateTable", on: "always", effect: { hold: new Promise(() => {}) } });
    const child = cli.start(folder, ["step", "1", "--yes", "--endpoint-url", aws.url], keys);
    const end = ended(child);
    await expect
      .poll(() => aws.calls.filter(({ operation }) => operation === "CreateTable").length, { timeout: 30_000 })
      .toBe(2);
    const told = says(child, "stderr", "Interrupted");
    child.kill(signal);
    await told;
    child.kill(signal);
    expect((await end).code).toBe(130);
  });

  it("a wait for AWS ends at once, and what was done and how to go on is said", async () => {
    aws.faults.add({ operation: "sns:CreateTopic", on: "always", effect: { throttle: true } });
    const child = cli.start(folder, ["step", "2", "--yes", "--endpoint-url", aws.url], keys);
    const end = ended(child);
    await says(child, "stderr", "waiting: AWS to take more calls");
    child.kill("SIGINT");
    const { code, stderr } = await end;
    expect(code).toBe(130);
    expect(stderr).toContain(`\`ecomctl step 2 --endpoint-url ${aws.url}\` goes on from here`);
  });
});

it("an `up` on this machine that is interrupted while services start is ended by the next", async () => {
  try {
    const child = cli.start(folder, ["up", "--local", "--yes", "--json"]);
    const end = ended(child);
    await says(child, "stdout", '"id":"ecs:service/service-search"');
    child.kill("SIGINT");
    const { code, stdout } = await end;
    expect(code).toBe(130);
    const done = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
    expect(done).toMatchObject({ event: "done", failed: [] });
    expect(done.summary.create).toBeGreaterThan(20);

    const again = await cli.run(folder, ["up", "--local", "--yes", "--json"]);
    expect(again).toMatchObject({ code: 0, stderr: "" });
    const rest = JSON.parse(again.stdout.trimEnd().split("\n").at(-1) ?? "");
    expect((await fetch(rest.url)).status).toBe(200);
  } finally {
    await cli.run(folder, ["down", "--local", "--yes", "--delete-data"]);
  }
}, 180_000);
