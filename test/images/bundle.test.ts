import { execFileSync } from "node:child_process";
import { readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { bundle, makeBundle } from "../../src/images/bundle.ts";
import { bundleFile, bundleRecordFile } from "../../src/images/tag.ts";
import { put, service } from "./fixture.ts";

function withoutBundler(): void {
  vi.doMock("esbuild", () => {
    throw new Error("Cannot find package 'esbuild'");
  });
  onTestFinished(() => void vi.doUnmock("esbuild"));
}

describe("bundling a service", () => {
  test("makes one file that node runs, CommonJS dependencies and shared code included", async () => {
    const source = await service();
    await bundle(source);
    await rm(join(source.root, "node_modules"), { recursive: true });
    expect(execFileSync(process.execPath, [bundleFile(source)], { encoding: "utf8" })).toBe("hello world\n");
  });

  test("makes the same bytes in another place at another time", async () => {
    const [here, there] = [await service(), await service()];
    await utimes(join(there.root, "services/web-server/src/main.ts"), new Date(0), new Date(0));
    expect((await makeBundle(here)).equals(await makeBundle(there))).toBe(true);
    expect(await readFile(bundleRecordFile(here), "utf8")).toBe(await readFile(bundleRecordFile(there), "utf8"));
  });

  test("is not made again while the sources stay as they are", async () => {
    const source = await service();
    await bundle(source);
    const before = await stat(bundleFile(source), { bigint: true });
    await bundle(source);
    expect((await stat(bundleFile(source), { bigint: true })).mtimeNs).toBe(before.mtimeNs);
  });

  test("is made again when a source, or the bundle itself, was changed", async () => {
    const source = await service();
    const first = await bundle(source);
    await put(source, "services/web-server/dist/server.mjs", "tampered");
    expect((await bundle(source)).equals(first)).toBe(true);
    await put(source, "services/common/src/greet.ts", "export const greet = (n: string) => n.trim();");
    expect((await bundle(source)).equals(first)).toBe(false);
  });

  test("a source that does not compile is named", async () => {
    const source = await service({ "services/web-server/src/main.ts": "const = 1;" });
    await expect(bundle(source)).rejects.toMatchObject({
      code: "BundleFailed",
      message: expect.stringContaining("services/web-server/src/main.ts:1"),
    });
  });

  test("a service that is not there is named", async () => {
    const { root } = await service();
    await expect(bundle({ root, service: "shop" })).rejects.toMatchObject({ code: "SourceMissing" });
  });
});

describe("an installed package, without lock file and bundler", () => {
  test("uses the bundle it was shipped with", async () => {
    const source = await service();
    const shipped = await bundle(source);
    await rm(join(source.root, "package-lock.json"));
    withoutBundler();
    expect((await bundle(source)).equals(shipped)).toBe(true);
  });

  test("refuses a source that was changed, and says which and what to do", async () => {
    const source = await service();
    await bundle(source);
    await rm(join(source.root, "package-lock.json"));
    await put(source, "services/web-server/src/main.ts", "console.log(1);");
    withoutBundler();
    await expect(bundle(source)).rejects.toMatchObject({
      code: "BundleStale",
      message: expect.stringContaining("services/web-server/src/main.ts changed"),
      remedy: expect.stringContaining("npm run bundle"),
    });
  });
});
