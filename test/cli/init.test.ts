import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findRepository, githubName } from "../../src/cli/repository.ts";
import { scaffold } from "../../src/cli/scaffold.ts";
import { MARKER } from "../../src/cli/show/markdown.ts";
import { loadShop } from "../../src/config.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ecomctl-init-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (path: string) => readFileSync(join(folder, path), "utf8");
const about = { version: "1.2.3", bundler: "4.5.6", region: "eu-west-1", repository: "owner/shop", branch: "trunk" };

/** A tool as it is installed, or as it is a repository of its own. */
function toolAt(tool: string) {
  mkdirSync(tool, { recursive: true });
  cpSync(resolve("templates"), join(tool, "templates"), { recursive: true });
  mkdirSync(join(tool, "services/web-server/src"), { recursive: true });
  writeFileSync(join(tool, "services/web-server/src/main.ts"), "");
  writeFileSync(join(tool, "services/base-image"), "scratch\n");
  return tool;
}

describe("a fork of ecomctl", () => {
  it("gets configuration, buildspec and workflow, which ecomctl itself reads", async () => {
    expect(scaffold({ ...about, folder, tool: toolAt(folder) })).toEqual({
      written: ["ecomctl.json", "buildspec.yml", ".github/workflows/ecomctl.yml"],
      left: [],
    });
    const shop = await loadShop({ cwd: folder, flags: {}, env: {} });
    expect(shop).toMatchObject({ region: "eu-west-1", pipeline: { repository: "owner/shop", branch: "trunk" } });
    expect(JSON.parse(read("ecomctl.json")).$schema).toBe("./templates/ecomctl.schema.json");
    expect(read("buildspec.yml")).toContain("npm ci && node bin/ecomctl.js step 4 --build-only --image-definitions");
    expect(read(".github/workflows/ecomctl.yml")).toContain("aws-region: eu-west-1");
  });

  it("keeps what is there already", () => {
    toolAt(folder);
    writeFileSync(join(folder, "buildspec.yml"), "mine");
    const { written, left } = scaffold({ ...about, folder, tool: folder });
    expect(left).toEqual(["buildspec.yml"]);
    expect(written).toHaveLength(2);
    expect(read("buildspec.yml")).toBe("mine");
    expect(scaffold({ ...about, folder, tool: folder }).written).toEqual([]);
  });

  it("without region and repository says neither, and is valid all the same", async () => {
    scaffold({ ...about, region: undefined, repository: null, folder, tool: toolAt(folder) });
    const shop = await loadShop({ cwd: folder, flags: { region: "us-east-1" }, env: {} });
    expect(shop.pipeline.repository).toBeNull();
    expect(JSON.parse(read("ecomctl.json"))).not.toHaveProperty("region");
    expect(read(".github/workflows/ecomctl.yml")).toContain(["aws-region: $", "{{ vars.AWS_REGION }}"].join(""));
  });
});

it("a repository of its own gets the services, and ecomctl as a tool", () => {
  const tool = toolAt(join(folder, "node_modules/ecomctl"));
  const { written } = scaffold({ ...about, folder, tool });
  expect(written).toContain("services");
  expect(existsSync(join(folder, "services/web-server/src/main.ts"))).toBe(true);
  expect(JSON.parse(read("package.json"))).toMatchObject({
    workspaces: ["services/*"],
    devDependencies: { ecomctl: "1.2.3", esbuild: "4.5.6" },
  });
  expect(read("buildspec.yml")).toContain("npm ci && npx ecomctl step 4 --build-only");
  expect(read(".github/workflows/ecomctl.yml")).toContain("run: npx ecomctl up --dry-run --format markdown");
  expect(JSON.parse(read("ecomctl.json")).$schema).toBe("./node_modules/ecomctl/templates/ecomctl.schema.json");
});

it("the workflow finds its comment again by the mark that plans begin with", () => {
  expect(readFileSync("templates/workflow.yml", "utf8")).toContain(`startswith("${MARKER}")`);
});

describe("what git knows", () => {
  it.each([
    ["https://github.com/owner/shop.git", "owner/shop"],
    ["https://token@github.com/owner/shop", "owner/shop"],
    ["git@github.com:owner/my.shop.git", "owner/my.shop"],
    ["ssh://git@github.com/owner/shop.git", "owner/shop"],
    ["https://gitlab.com/owner/shop.git", undefined],
    ["/srv/git/shop.git", undefined],
  ])("%s", (url, name) => expect(githubName(url)).toBe(name));

  it("is remote and branch of the folder, or nothing", async () => {
    expect(await findRepository(folder)).toEqual({ repository: undefined, branch: undefined });
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder });
    git("init", "--quiet", "--initial-branch=trunk");
    git("remote", "add", "origin", "git@github.com:owner/shop.git");
    expect(await findRepository(folder)).toEqual({ repository: "owner/shop", branch: "trunk" });
  });
});
