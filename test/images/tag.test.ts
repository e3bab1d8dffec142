import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../../src/images/bundle.ts";
import { changedInputs, contentTag, describeInputs } from "../../src/images/tag.ts";
import { lock, put, service } from "./fixture.ts";

const target = { base: "scratch", platform: "linux/amd64" };

test("the same sources have the same tag in another place", async () => {
  const [here, there] = [await service(), await service()];
  const tag = contentTag(describeInputs(here, target));
  expect(tag).toMatch(/^[0-9a-f]{20}$/);
  expect(contentTag(describeInputs(there, target))).toBe(tag);
});

test.each([
  ["services/web-server/src/main.ts", "console.log(2);"],
  ["services/web-server/src/pages/home.ts", "export const home = 1;"],
  ["services/web-server/package.json", '{"type":"module"}'],
  ["services/web-server/Dockerfile", "FROM other"],
  ["services/common/src/greet.ts", "export const greet = String;"],
  ["services/common/package.json", '{"name":"other"}'],
])("a change of %s changes the tag and is named", async (path, text) => {
  const source = await service();
  const before = describeInputs(source, target);
  await put(source, path, text);
  const after = describeInputs(source, target);
  expect(contentTag(after)).not.toBe(contentTag(before));
  expect(changedInputs(before, after)).toEqual([path]);
});

test.each([
  ["base", { ...target, base: "node:20-alpine" }],
  ["platform", { ...target, platform: "linux/arm64" }],
])("another %s is another image", async (name, other) => {
  const source = await service();
  const [before, after] = [describeInputs(source, target), describeInputs(source, other)];
  expect(contentTag(after)).not.toBe(contentTag(before));
  expect(changedInputs(before, after)).toEqual([name]);
});

test("of the lock file only what the service depends on matters, and the bundler", async () => {
  const source = await service();
  const before = describeInputs(source, target);
  await put(source, "package-lock.json", lock({ tool: "2.0.0" }));
  expect(changedInputs(before, describeInputs(source, target))).toEqual([]);
  await put(source, "package-lock.json", lock({ old: "1.0.1" }));
  expect(changedInputs(before, describeInputs(source, target))).toEqual(["dependencies"]);
  await put(source, "package-lock.json", lock({}).replace("0.28.2", "0.29.0"));
  expect(changedInputs(before, describeInputs(source, target))).toEqual(["bundler"]);
});

test("files that are no source change nothing", async () => {
  const source = await service();
  const before = describeInputs(source, target);
  await put(source, "services/web-server/test/main.test.ts", "");
  await put(source, "services/web-server/src/.DS_Store", "");
  await put(source, "services/product-lookup/src/main.ts", "");
  expect(changedInputs(before, describeInputs(source, target))).toEqual([]);
});

test("an installed package has the tag of the checkout it was made from", async () => {
  const source = await service();
  const before = describeInputs(source, target);
  await bundle(source);
  await rm(join(source.root, "package-lock.json"));
  expect(describeInputs(source, target)).toEqual(before);
});

test("without lock file and record there is no tag, and it is said what to do", async () => {
  const source = await service({ "package-lock.json": undefined });
  expect(() => describeInputs(source, target)).toThrow(expect.objectContaining({ code: "BundleStale" }));
});
