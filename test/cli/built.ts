import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** How a command line ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as it is built, in a folder of its own, so that nobody's build is in anybody's way. */
export interface Built {
  /** Where `bin` and `dist` are. */
  readonly root: string;
  /** Runs it in a folder. Of this shell's environment it gets nothing of AWS's but what `env` says. */
  run(cwd: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended>;
  start(cwd: string, args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  remove(): void;
}

/** Builds the command line and the local AWS as `npm run build` does. */
export async function buildCli(): Promise<Built> {
  const project = resolve(".");
  const folder = mkdtempSync(join(tmpdir(), "ecomctl-built-"));
  for (const name of ["src", "node_modules", "package.json", "services", "templates", "tsconfig.json"])
    symlinkSync(join(project, name), join(folder, name));
  cpSync(join(project, "bin"), join(folder, "bin"), { recursive: true });
  await promisify(execFile)(process.execPath, [join(project, "esbuild.config.js")], { cwd: folder });

  const start = (cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    spawn(process.execPath, [join(folder, "bin", "ecomctl.js"), ...args], {
      cwd,
      env: { ...withoutAws(process.env), ...nowhere, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  return {
    root: folder,
    start,
    run: (...args) => ended(start(...args)),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Waits for the end of a command line, and collects what it said. */
export const ended = (child: ChildProcess): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const said = { stdout: "", stderr: "" };
    child.stdout?.on("data", (data) => (said.stdout += data));
    child.stderr?.on("data", (data) => (said.stderr += data));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...said }));
  });

const nowhere = {
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
};
const withoutAws = (env: NodeJS.ProcessEnv) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("AWS_") && name !== "CI"));
