import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dynamodb } from "../../src/local/dynamodb/dynamodb.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { sts } from "../../src/local/sts.ts";
import { type Built, buildCli, ended } from "./built.ts";

let cli: Built;
let folder: string;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli?.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ecomctl-journey-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const events = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("on this machine", () => {
  const run = (...args: string[]) => cli.run(folder, [...args, "--local"]);
  afterEach(async () => {
    await run("down", "--yes", "--delete-data");
  });

  it("the first steps are made, looked at, seeded, and taken away until no process is left", async () => {
    for (const number of ["1", "2", "3"]) {
      const { code, stdout, stderr } = await run("step", number, "--yes", "--json");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(events(stdout).at(-1)).toMatchObject({ event: "done", left: [], failed: [] });
    }
    const again = await run("step", "3", "--yes");
    expect(again).toMatchObject({ code: 0, stdout: "" });
    expect(again.stderr).toBe("Nothing to do: 6 as before\n");
    expect((await run("step", "3", "--dry-run", "--detailed-exitcode")).code).toBe(0);

    const status = JSON.parse((await run("status", "--json")).stdout);
    expect(status.healthy).toBe(false);
    expect(status.steps[1]).toEqual({
      step: 2,
      title: "topic",
      resources: [
        {
          id: "sns:topic/ecommerce-events",
          state: "here",
          outputs: { arn: "arn:aws:sns:us-east-1:000000000000:ecommerce-events" },
        },
      ],
    });

    const catalogue = join(folder, "catalogue.csv");
    writeFileSync(catalogue, "productID,name,description,category,price,stock\na,A,Aa,x,1.50,3\nb,B,Bb,x,free,3\n");
    const seeded = await run("seed", catalogue);
    expect(seeded.code).toBe(1);
    expect(seeded.stdout).toBe("1 products written, 0 unchanged, 1 not\n");
    expect(seeded.stderr).toContain("line 3: price");
    expect((await run("seed", catalogue, "--json")).stdout).toContain('"written":0,"unchanged":1');
    expect((await run("seed", join(folder, "none.csv"))).stderr).toContain("catalogue-missing");

    const kept = await run("down", "--yes");
    expect(kept.code).toBe(0);
    expect(kept.stdout).toContain(
      "Kept: dynamodb:table/Products, dynamodb:table/Orders. They go with: ecomctl down --local --delete-data",
    );
    const gone = await run("down", "--yes", "--delete-data");
    expect(gone).toMatchObject({ code: 0, stdout: "The AWS on this machine is empty, and stopped\n" });
    expect((await run("status")).stderr).toContain("which does not run");
  });

  it("a step that needs another says which", async () => {
    const { code, stdout, stderr } = await run("step", "3", "--yes");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("step 3 needs the topic ecommerce-events, which step 2 makes");
    expect(stderr).toContain("next: run `ecomctl step 2`, or `ecomctl up`");
  });

  it("a port that is taken is told, and another program on it left alone", async () => {
    const other = await startLocal({ dir: join(folder, "other"), port: 0, services: [] });
    const { code, stderr } = await run("step", "1", "--port", String(other.port));
    await other.stop();
    expect(code).toBe(1);
    expect(stderr).toContain(`Error: port ${other.port} is taken [port-taken]`);
  });
});

describe("at an endpoint that is no account of ours to change without a question", () => {
  let local: LocalServer;
  const keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" };
  const run = (...args: string[]) => cli.run(folder, [...args, "--endpoint-url", local.url], keys);
  beforeEach(async () => {
    local = await startLocal({ dir: join(folder, ".aws"), port: 0, services: [sts, dynamodb] });
  });
  afterEach(() => local.stop());

  it("nothing is changed where nobody can be asked", async () => {
    const { code, stderr } = await run("step", "1");
    expect(code).toBe(1);
    expect(stderr).toContain("say --yes to change it without a question");
    expect(local.calls.filter(({ operation }) => !/^(Get|Describe|List)/.test(operation))).toEqual([]);
  });

  it("Ctrl-C lets the call that is in flight end, begins none, and says how to go on", async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    local.faults.add({ operation: "dynamodb:CreateTable", on: "always", effect: { hold: released } });
    const child = cli.start(folder, ["step", "1", "--yes", "--endpoint-url", local.url], keys);
    const end = ended(child);
    await expect
      .poll(() => local.calls.filter(({ operation }) => operation === "CreateTable").length, { timeout: 30_000 })
      .toBe(2);
    const told = new Promise<void>((resolve) =>
      child.stderr?.on("data", (data) => String(data).includes("Interrupted") && resolve()),
    );
    child.kill("SIGINT");
    await told;
    const before = local.calls.length;
    release();
    const { code, stderr } = await end;
    expect(code).toBe(130);
    expect(stderr).toContain(`\`ecomctl step 1 --endpoint-url ${local.url}\` goes on from here`);
    expect(local.calls).toHaveLength(before);
    local.faults.clear();
    expect((await run("step", "1", "--yes")).code).toBe(0);
  });

  it("what is not ours is refused with the two ways out, in words and in JSON, and not seeded", async () => {
    await run("step", "1", "--yes");
    writeFileSync(join(folder, "ecomctl.json"), '{ "name": "other" }');
    const words = await run("step", "1", "--yes");
    expect(words.code).toBe(1);
    expect(words.stderr).toContain("why:  it belongs to ecommerce/us-east-1");
    expect(words.stderr).toContain(
      "next: take it over with --adopt, or make a second copy of everything with --stage NAME",
    );
    const json = await run("step", "1", "--yes", "--json");
    expect(json).toMatchObject({ code: 1, stderr: "" });
    expect(events(json.stdout).at(-1)).toMatchObject({ event: "done", summary: { refuse: 2, update: 0 } });
    expect((await run("step", "1", "--dry-run", "--detailed-exitcode")).code).toBe(1);
    expect((await run("seed")).stderr).toContain("[seed-not-ours]");
  });
});
