import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BuildOptions } from "esbuild";
import { ImageProblem } from "./problem.ts";
import { folderOf, type Source } from "./source.ts";
import {
  type BundleRecord,
  bundleFile,
  bundleInputs,
  bundleRecord,
  bundleRecordFile,
  changedInputs,
  sha256,
} from "./tag.ts";

/** CommonJS packages inside the bundle ask for node's own modules by `require`, which an ES module lacks. */
export const requireBanner =
  'import{createRequire as ecomctlRequire}from"node:module";const require=ecomctlRequire(import.meta.url);';

/** Minified names also take the paths of CommonJS modules out of the bundle, which would tell where it was made. */
const options = (source: Source): BuildOptions => ({
  absWorkingDir: source.root,
  entryPoints: [`${folderOf(source)}/src/main.ts`],
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
  target: "node20",
  mainFields: ["module", "main"],
  minify: true,
  keepNames: true,
  legalComments: "none",
  charset: "utf8",
  loader: { ".css": "text", ".svg": "text", ".html": "text" },
  tsconfigRaw: "{}",
  banner: { js: requireBanner },
  logLevel: "silent",
});

/** The bundle that is there, if it was made from the sources as they are. */
async function made(source: Source): Promise<Buffer | undefined> {
  const record = bundleRecord(source);
  if (!record || !existsSync(bundleFile(source))) return undefined;
  if (changedInputs(record.inputs, bundleInputs(source)).length > 0) return undefined;
  const bytes = await readFile(bundleFile(source));
  return sha256(bytes) === record.bundle ? bytes : undefined;
}

async function bundler(source: Source) {
  try {
    return await import("esbuild");
  } catch (cause) {
    const record = bundleRecord(source);
    const differs = record ? changedInputs(record.inputs, bundleInputs(source)) : [];
    throw new ImageProblem(
      "BundleStale",
      `the bundle of ${source.service} was not made from the sources beside it${differs.length > 0 ? `: ${differs.join(", ")} changed` : ""}`,
      "this package has no bundler: install ecomctl again to undo the change, or change the services in a checkout (npm ci, npm run bundle)",
      cause,
    );
  }
}

/** Bundles a service anew; the same sources give the same bytes, whatever the machine, the path or the time. */
export async function makeBundle(source: Source): Promise<Buffer> {
  const inputs = bundleInputs(source);
  const { build } = await bundler(source);
  let contents: Uint8Array | undefined;
  try {
    contents = (await build(options(source))).outputFiles?.[0]?.contents;
  } catch (cause) {
    throw new ImageProblem(
      "BundleFailed",
      `${source.service} cannot be bundled: ${cause instanceof Error ? cause.message : cause}`,
      "run `npm run check`, mend the source, and try again",
      cause,
    );
  }
  const bytes = Buffer.from(contents ?? []);
  const record: BundleRecord = { inputs, bundle: sha256(bytes) };
  await mkdir(dirname(bundleFile(source)), { recursive: true });
  await write(bundleFile(source), bytes);
  await write(bundleRecordFile(source), `${JSON.stringify(record, null, 2)}\n`);
  return bytes;
}

/** In one step, so that two runs at once never see half a file. */
async function write(file: string, data: Buffer | string): Promise<void> {
  const draft = join(dirname(file), `.${process.pid}-${Math.random().toString(36).slice(2)}`);
  await writeFile(draft, data);
  await rename(draft, file);
}

/**
 * The bundle of a service (`services/<service>/dist/server.mjs`), made only if the one that is there is not of these
 * sources. Throws `BundleStale` where that takes a bundler and there is none, as in an installed package.
 */
export const bundle = async (source: Source): Promise<Buffer> => (await made(source)) ?? makeBundle(source);
