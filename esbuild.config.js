import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { build } from "esbuild";

const entries = { cli: "src/cli/main.ts", local: "src/local/main.ts", bundle: "src/images/bundle-cli.ts" };
const there = Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file)));

await rm("dist", { recursive: true, force: true });
await build({
  entryPoints: there,
  outdir: "dist",
  entryNames: "[name]",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  // What is imported dynamically is a file of its own: `--version` loads the command line and nothing else.
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // The SDK's CommonJS files hide from the bundler what is not used.
  mainFields: ["module", "main"],
  // dynalite's LevelDB is a native addon; esbuild is there in a checkout only.
  external: ["dynalite", "dynalite/*", "esbuild"],
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: "none",
  tsconfigRaw: "{}",
  // CommonJS packages ask for node's own modules by `require`, which an ES module lacks.
  banner: { js: 'import{createRequire as requireFrom}from"node:module";const require=requireFrom(import.meta.url);' },
  logLevel: "warning",
});
