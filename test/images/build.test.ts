import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { findBase } from "../../src/images/base.ts";
import { assemble, labels } from "../../src/images/build.ts";
import type { Recipe } from "../../src/images/dockerfile.ts";
import { storedGzip } from "../../src/images/gzip.ts";
import { layer } from "../../src/images/layer.ts";
import { service } from "./fixture.ts";

const recipe: Recipe = {
  base: "scratch",
  bundleAt: "/app/server.mjs",
  command: ["node", "server.mjs"],
  user: "1000",
  workdir: "/app",
  env: ["NODE_ENV=production"],
  ports: [8080],
};

describe("an image on an empty base", () => {
  test("has this digest, on every machine and at every time", async () => {
    const base = await findBase("scratch", "linux/amd64");
    const { manifest } = assemble(recipe, base, Buffer.from("console.log(1);\n"), { [labels.source]: "services/x" });
    expect(manifest.digest).toBe("sha256:ad13c973706bdd4d5133395dc713efb839df975b510cb2ed81c740a4cc830694");
  });

  test("says what the Dockerfile says", async () => {
    const base = await findBase("scratch", "linux/arm64");
    const { config } = assemble(recipe, base, Buffer.from(""), { [labels.inputs]: "{}" });
    expect(JSON.parse(config.data.toString())).toMatchObject({
      architecture: "arm64",
      os: "linux",
      config: {
        User: "1000",
        WorkingDir: "/app",
        Cmd: ["node", "server.mjs"],
        Env: ["NODE_ENV=production"],
        ExposedPorts: { "8080/tcp": {} },
        Labels: { "ecomctl.inputs": "{}" },
      },
    });
  });
});

describe("an image layer", () => {
  test("is an archive that tar unpacks, owned by root and readable by all", async () => {
    const { root } = await service();
    const { data } = layer([
      { path: "/app/server.mjs", data: Buffer.from("hello") },
      { path: "/app/a/b.txt", data: Buffer.alloc(1000, "x") },
    ]);
    const file = join(root, "layer.tar.gz");
    await writeFile(file, data);
    const listed = execFileSync("tar", ["--utc", "--numeric-owner", "-tvzf", file], { encoding: "utf8" });
    const lines = listed
      .trim()
      .split("\n")
      .map((line) => line.replace(/\s+/g, " "));
    expect(lines).toEqual([
      "drwxr-xr-x 0/0 0 1970-01-01 00:00 app/",
      "drwxr-xr-x 0/0 0 1970-01-01 00:00 app/a/",
      "-rw-r--r-- 0/0 1000 1970-01-01 00:00 app/a/b.txt",
      "-rw-r--r-- 0/0 5 1970-01-01 00:00 app/server.mjs",
    ]);
    expect(execFileSync("tar", ["-xOzf", file, "app/server.mjs"], { encoding: "utf8" })).toBe("hello");
  });

  test("refuses a path that its header cannot hold", () => {
    expect(() => layer([{ path: `/${"a".repeat(101)}`, data: Buffer.alloc(0) }])).toThrow(/too long/);
  });

  test.each([0, 1, 65_535, 65_536, 200_000])("is gzip that any reader opens, with %i bytes inside", (size) => {
    const data = Buffer.alloc(size, "abc");
    expect(gunzipSync(storedGzip(data)).equals(data)).toBe(true);
  });
});
