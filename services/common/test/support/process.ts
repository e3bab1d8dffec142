import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";

/** A line of a service's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Bundles services into one file each, as their images have it. */
export async function bundle(...services: readonly string[]) {
  const dir = await mkdtemp(join(tmpdir(), "bundle-"));
  await Promise.all(
    services.map((service) =>
      build({
        entryPoints: [join(import.meta.dirname, "../../..", service, "src/main.ts")],
        outfile: join(dir, `${service}.mjs`),
        bundle: true,
        platform: "node",
        format: "esm",
        target: "node20",
        mainFields: ["module", "main"],
        loader: { ".css": "text", ".svg": "text", ".html": "text" },
        banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
        logLevel: "error",
      }),
    ),
  );
  return {
    file: (service: string) => join(dir, `${service}.mjs`),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** A service in a process of its own. */
export class ServiceProcess {
  readonly lines: LogLine[] = [];
  readonly stderr: string[] = [];
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();

  constructor(file: string, environment: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, [file], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.lines.push(JSON.parse(line));
      for (const watcher of this.#watchers) watcher();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.stderr.push(text));
    this.exit = once(child, "close").then(([code, signal]) => {
      for (const watcher of this.#watchers) watcher();
      return { code, signal };
    });
  }

  /** The first line of the log for which the test answers true, past or to come; throws if the process ends without. */
  async line(test: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(test);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) {
        throw new Error(`exited with ${this.#child.exitCode}: ${JSON.stringify(this.lines)} ${this.stderr.join("")}`);
      }
      await new Promise<void>((resolve) => {
        const watcher = () => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  /** Where it listens, once it does. */
  async url(): Promise<string> {
    return String((await this.line(({ msg }) => msg === "listening")).url);
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    this.#child.kill(signal);
  }

  /** Ends it, whatever it is doing. */
  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exit;
  }
}
