import { readFile, rm } from "node:fs/promises";
import { build } from "esbuild";

/**
 * Clients of XML services describe their shapes with computed keys, `[_xN]: …`, of which a bundler cannot know that they
 * do nothing: written out as the constants they are, the shapes that are not used go (of EC2 51 kB stay of 808).
 */
const shapes = {
  name: "shapes",
  setup: ({ onLoad }) =>
    onLoad({ filter: /client-[\w-]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const words = new Map(
        Array.from(text.matchAll(/^const (\w+) = ("[^"\\]*");$/gm), ([, name, word]) => [name, word]),
      );
      const written = (key, name) => (words.has(name) ? `${words.get(name)}:` : key);
      return { contents: text.replaceAll(/\[(_\w+)\]:/g, written), loader: "js" };
    }),
};

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
    plugins: [shapes],
    logLevel: "warning",
  });

// Apart, because the local AWS needs every operation of every client, and would make the command line load them, too.
await bundle({ cli: "src/cli/main.ts", bundle: "src/images/bundle-cli.ts" }, "chunks");
await bundle({ local: "src/local/main.ts" }, "local-chunks");
