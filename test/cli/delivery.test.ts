import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MARKER } from "../../src/cli/show/markdown.ts";
import { type Built, buildCli } from "./built.ts";

let built: Built;
const folder = mkdtempSync(join(tmpdir(), "ecomctl-delivery-"));
beforeAll(async () => {
  built = await buildCli();
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder });
  git("init", "--quiet", "--initial-branch=trunk");
  git("remote", "add", "origin", "https://github.com/owner/shop.git");
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  built.remove();
});

it("init finds out what it can, asks nothing without a terminal, and a second time leaves everything", async () => {
  const { code, stdout, stderr } = await built.run(folder, ["init"], { AWS_REGION: "eu-west-1" });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("npm install, then commit and push") });
  expect(stdout).toContain("written: ecomctl.json\nwritten: buildspec.yml\nwritten: .github/workflows/ecomctl.yml\n");
  expect(JSON.parse(readFileSync(join(folder, "ecomctl.json"), "utf8"))).toMatchObject({
    region: "eu-west-1",
    pipeline: { repository: "owner/shop", branch: "trunk", connection: null },
  });
  const again = await built.run(folder, ["init", "--json"], { AWS_REGION: "eu-west-1" });
  expect(JSON.parse(again.stdout)).toMatchObject({ written: [], repository: "owner/shop", region: "eu-west-1" });
});

it("init goes by an ecomctl.json that is there already", async () => {
  const own = mkdtempSync(join(tmpdir(), "ecomctl-delivery-"));
  try {
    writeFileSync(join(own, "ecomctl.json"), '{ "region": "eu-north-1", "pipeline": { "repository": "ada/shop" } }');
    const { code, stdout } = await built.run(own, ["init", "--json"], { AWS_REGION: "us-east-1" });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ region: "eu-north-1", repository: "ada/shop", left: ["ecomctl.json"] });
  } finally {
    rmSync(own, { recursive: true });
  }
});

it("a plan as markdown is all that stands on stdout", async () => {
  const { code, stdout } = await built.run(folder, ["up", "--dry-run", "--offline", "--format", "markdown"]);
  expect(code).toBe(0);
  expect(stdout.startsWith(`${MARKER}\n\n### What ecomctl up would do`)).toBe(true);
  expect(stdout).toContain("+ sqs:queue/OrderQueue to create");
});

it("stage and region may come from the environment, as a build in a pipeline is told them", async () => {
  const env = { ECOMCTL_STAGE: "dev", ECOMCTL_REGION: "us-west-2" };
  const { stdout } = await built.run(folder, ["up", "--dry-run", "--offline", "--json"], env);
  expect(stdout).toContain("sqs:queue/OrderQueue-dev");
});

describe("refused with the way out is", () => {
  it.each([
    [["step", "3", "--deploy"], "say `ecomctl step 4 --deploy`"],
    [["step", "4", "--image-definitions"], "--image-definitions needs --build-only"],
    [["up", "--format", "markdown"], "--format needs --dry-run"],
    [["step", "4", "--deploy", "--build-only"], "cannot be used with option"],
  ])("ecomctl %j", async (args, told) => {
    const { code, stdout, stderr } = await built.run(folder, args, { AWS_REGION: "us-east-1" });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(told);
  });
});
