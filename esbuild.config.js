import { rm } from "node:fs/promises";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });

/** Bundles entry points into dist, and what they import dynamically into chunks: nothing is loaded before it is needed. */
const bundle = (entryPoints, chunks) =>
  build({
    entryPoints,
    outdir: "dist",
    entryNames: "[name]",
    chunkNames: `${chunks}/[name]-[hash]`,
    bundle: true,
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

// Apart, because the local AWS needs every operation of every client, and would make the command line load them, too.
await bundle({ cli: "src/cli/main.ts", bundle: "src/images/bundle-cli.ts" }, "chunks");
await bundle({ local: "src/local/main.ts" }, "local-chunks");
