import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildSync } from "esbuild";

/** A local AWS in a process of its own. */
export interface Killable {
  readonly url: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Bundles the child once; it lies below node_modules so that it finds its packages. */
export function killable(): { start(dir: string): Promise<Killable>; remove(): void } {
  const root = join(import.meta.dirname, "../../..");
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "killable-"));
  const script = join(folder, "child.mjs");
  buildSync({
    entryPoints: [join(import.meta.dirname, "killable-child.ts")],
    outfile: script,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    loader: { ".json": "json" },
    logLevel: "error",
  });
  return {
    async start(dir) {
      const child = spawn(process.execPath, [script, dir], { stdio: ["ignore", "pipe", "inherit"] });
      const gone = once(child, "exit");
      const lines = createInterface({ input: child.stdout });
      const [url] = await Promise.race([
        once(lines, "line"),
        gone.then(() => Promise.reject(new Error("the child ended before it said its URL"))),
      ]);
      return {
        url,
        async kill() {
          child.kill("SIGKILL");
          await gone;
        },
      };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
