import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stopLocal } from "../../src/local/control.ts";
import { type Built, buildCli } from "../cli/built.ts";

let cli: Built;
let good: string;
let folder: string;
const run = (cwd: string, ...args: string[]) => cli.run(cwd, [...args, "--local"]);
const pidIn = (home: string): number => JSON.parse(readFileSync(join(home, ".ecomctl", "endpoint.json"), "utf8")).pid;

/** A platform of three steps with products in it, whose local AWS was killed. */
beforeAll(async () => {
  cli = await buildCli();
  good = mkdtempSync(join(tmpdir(), "ecomctl-good-"));
  for (const number of ["1", "2", "3"]) expect((await run(good, "step", number)).code).toBe(0);
  expect((await run(good, "seed")).code).toBe(0);
  process.kill(pidIn(good), "SIGKILL");
});
afterAll(() => {
  cli?.remove();
  rmSync(good, { recursive: true, force: true });
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ecomctl-damaged-"));
  cpSync(good, folder, { recursive: true });
});
afterEach(async () => {
  await stopLocal(join(folder, ".ecomctl"));
  rmSync(folder, { recursive: true, force: true });
});

const at = (...path: string[]) => join(folder, ".ecomctl", ...path);
const cut = (file: string) => writeFileSync(file, readFileSync(file, "utf8").slice(0, 100));
const journal = () => at("sqs", readdirSync(at("sqs")).find((name) => name.endsWith(".jsonl")) ?? "");

describe("a folder .ecomctl that is damaged where it cannot be mended is told in three lines, and left as it is", () => {
  it.each<[string, () => void, string]>([
    ["a state file that ends in the middle", () => cut(at("state", "sqs", "us-east-1.json")), "us-east-1.json"],
    ["an empty state file", () => writeFileSync(at("state", "sns", "us-east-1.json"), ""), "us-east-1.json"],
    ["a store of items without its CURRENT", () => rmSync(at("dynamodb-items", "CURRENT")), "dynamodb-items"],
    [
      "a store of items without its manifest",
      () => {
        for (const name of readdirSync(at("dynamodb-items")))
          if (name.startsWith("MANIFEST")) rmSync(at("dynamodb-items", name));
      },
      "dynamodb-items",
    ],
  ])("%s", async (_, damage, told) => {
    damage();
    const before = readdirSync(at("dynamodb-items")).filter((name) => !name.startsWith("LO"));
    const { code, stdout, stderr } = await run(folder, "step", "3");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^Error: .+ is damaged \[local-damaged\]$/),
      expect.stringMatching(/^ {2}why: {2}.+/),
      expect.stringMatching(/^ {2}next: put back a copy of it, or remove it/),
    ]);
    expect(stderr).toContain(told);
    expect(readdirSync(at("dynamodb-items")).filter((name) => !name.startsWith("LO"))).toEqual(before);
  });

  it("an endpoint.json that is lost while the local AWS runs: no second one works in its folder", async () => {
    expect((await run(folder, "step", "1")).code).toBe(0);
    const running = readFileSync(at("endpoint.json"), "utf8");
    rmSync(at("endpoint.json"));
    const { code, stderr } = await run(folder, "step", "1");
    writeFileSync(at("endpoint.json"), running);
    expect(code).toBe(1);
    expect(stderr).toMatch(/why: .*another process works in .*dynamodb-items/);
    expect((await run(folder, "step", "1")).stderr).toContain("Nothing to do");
  });

  it("a message in a queue's journal", async () => {
    writeFileSync(journal(), '{"in":{"id":\n{"out":"x"}\n');
    const { code, stderr } = await run(folder, "step", "3");
    expect(code).toBe(1);
    expect(stderr).toContain("is damaged [local-damaged]\n  why:  line 1: ");
  });
});

describe("a folder .ecomctl is as good as new", () => {
  it.each<[string, () => void]>([
    ["when endpoint.json is garbage", () => writeFileSync(at("endpoint.json"), "garbage{")],
    ["when endpoint.json is of another shape", () => writeFileSync(at("endpoint.json"), '{"port":"x"}')],
    [
      "when endpoint.json names a process of somebody else's",
      () => writeFileSync(at("endpoint.json"), '{"port":6000,"pid":1}'),
    ],
    ["when a write was interrupted", () => writeFileSync(at("state", "sqs", "us-east-1.json.tmp"), '{"que')],
    ["when a line of a journal was cut off", () => appendFileSync(journal(), '{"in":{"id"')],
    ["when a lock was left behind", () => writeFileSync(at("starting.lock"), "2147483646")],
    ["when a lock is garbage", () => writeFileSync(at("starting.lock"), "")],
  ])("%s", async (_, damage) => {
    damage();
    const { code, stderr } = await run(folder, "step", "3");
    expect(stderr).toContain("Nothing to do");
    expect(code).toBe(0);
    expect((await run(folder, "seed", "--json")).stdout).toContain('"written":0');
  });
});
