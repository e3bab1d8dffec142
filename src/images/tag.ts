import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lockedFor } from "./lock.ts";
import { ImageProblem } from "./problem.ts";
import { folderOf, readSource, type Source, sourceFiles } from "./source.ts";

/** What an image is made from: a name (a file, `dependencies`, `bundler`, `base`, …) and its hash or its value. */
export type Inputs = Readonly<Record<string, string>>;

/** What the image is built for and on. */
export interface Target {
  /** Reference of the base image, by tag or digest; `scratch` for none. */
  readonly base: string;
  /** `os/architecture`, e.g. `linux/amd64`. */
  readonly platform: string;
}

/** Beside the bundle: what it was made from, and its own hash. An installed package has no lock file but this. */
export interface BundleRecord {
  readonly inputs: Inputs;
  readonly bundle: string;
}

/** Changed by hand whenever the builder lays the same inputs out in another way. */
const layout = "1";

/** Lower-case hex. */
export const sha256 = (data: Buffer | string): string => createHash("sha256").update(data).digest("hex");

/** Where the bundle of a service is. */
export const bundleFile = (source: Source): string => join(source.root, folderOf(source), "dist/server.mjs");
/** Where the record of a bundle is. */
export const bundleRecordFile = (source: Source): string => join(source.root, folderOf(source), "dist/server.json");

/** Reads the record beside the bundle; undefined where none was made yet. */
export function bundleRecord(source: Source): BundleRecord | undefined {
  const file = bundleRecordFile(source);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as BundleRecord) : undefined;
}

/** What the bundle of a service depends on. Throws `SourceMissing`, or `BundleStale` in a package without its record. */
export function bundleInputs(source: Source): Inputs {
  const files = sourceFiles(source).map((path) => [path, sha256(readSource(source, path)).slice(0, 16)]);
  const recorded = bundleRecord(source)?.inputs;
  const locked = lockedFor(source) ?? recorded;
  if (!locked?.dependencies || !locked.bundler) {
    throw new ImageProblem(
      "BundleStale",
      `${folderOf(source)} has neither a lock file nor the record of its bundle (dist/server.json)`,
      "install ecomctl again",
    );
  }
  return {
    ...Object.fromEntries(files),
    dependencies: locked.dependencies.slice(0, 16),
    bundler: locked.bundler,
  };
}

/** Everything a service's image depends on: the content tag is their hash, and two of them can be compared. */
export function describeInputs(source: Source, target: Target): Inputs {
  const dockerfile = `${folderOf(source)}/Dockerfile`;
  return {
    ...bundleInputs(source),
    [dockerfile]: sha256(readSource(source, dockerfile)).slice(0, 16),
    base: target.base,
    platform: target.platform,
    layout,
  };
}

/** Inputs in one canonical line, whatever order they were collected in. */
export const canonical = (inputs: Inputs): string =>
  JSON.stringify(Object.fromEntries(Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1))));

/** The image's tag: the same inputs make the same tag on every machine, any other input another one. */
export const contentTag = (inputs: Inputs): string => sha256(canonical(inputs)).slice(0, 20);

/** The names of the inputs that differ: changed, added or gone; sorted. */
export function changedInputs(before: Inputs, after: Inputs): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).sort();
}
