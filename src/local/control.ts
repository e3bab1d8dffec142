import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isAlive, withLock } from "./lock.ts";
import type { Word } from "./main.ts";
import { DamagedState } from "./store.ts";

const defaultPort = 4600;
const startMs = 30_000;
const stopMs = 20_000;
const pollMs = 50;
const answersMs = 2000;

/** The port that was asked for belongs to somebody else. */
export class PortTaken extends Error {
  readonly port: number;

  constructor(port: number) {
    super(`port ${port} is taken by another program`);
    this.name = "PortTaken";
    this.port = port;
  }
}

/** The local AWS did not start, does not answer or does not stop; its log says more. */
export class LocalTrouble extends Error {
  readonly log: string;

  constructor(message: string, folder: string) {
    const log = join(folder, "local.log");
    super(`${message} (see ${log})`);
    this.name = "LocalTrouble";
    this.log = log;
  }
}

/** The `.ecomctl/` folder that belongs to a working directory: the nearest upwards, or beside the nearest ecomctl.json, else in it. */
export function findLocal(cwd: string): string {
  const start = resolve(cwd);
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".ecomctl")) || existsSync(join(folder, "ecomctl.json")))
      return join(folder, ".ecomctl");
    if (folder === dirname(folder)) return join(start, ".ecomctl");
  }
}

interface Endpoint {
  readonly port: number;
  readonly pid: number;
}

function remembered(folder: string): Endpoint | undefined {
  try {
    const endpoint: unknown = JSON.parse(readFileSync(join(folder, "endpoint.json"), "utf8"));
    const { port, pid } = endpoint as Partial<Endpoint>;
    return typeof port === "number" && typeof pid === "number" ? { port, pid } : undefined;
  } catch {
    return undefined;
  }
}

/** Who answers at a port: this folder's local AWS, or somebody else. */
async function answersAt(folder: string, { port, pid }: Endpoint): Promise<"ours" | "nobody" | "silent"> {
  try {
    const about = JSON.parse(await textAt(port, "/_ecomctl")) as { pid?: number; dir?: string; ready?: boolean };
    if (about.pid !== pid || about.dir !== folder) return "nobody";
    return about.ready ? "ours" : "silent";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ABORT_ERR" ? "silent" : "nobody";
  }
}

/** What a port of this machine says. Not by `fetch`: it calls nobody at ports that browsers avoid, such as 6000. */
const textAt = (port: number, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(answersMs);
    get({ host: "127.0.0.1", port, path, agent: false, signal }, (response) =>
      text(response).then(resolve, reject),
    ).once("error", reject);
  });

/** The endpoint of a folder's local AWS; undefined if it does not run. Throws LocalTrouble if it runs but does not answer. */
export async function connectLocal(folder: string): Promise<string | undefined> {
  const endpoint = remembered(folder);
  if (!endpoint || !isAlive(endpoint.pid)) return undefined;
  for (const until = Date.now() + stopMs; ; await wait(pollMs)) {
    const who = await answersAt(folder, endpoint);
    if (who === "ours") return `http://127.0.0.1:${endpoint.port}`;
    if (who === "nobody" || !isAlive(endpoint.pid)) return undefined;
    if (Date.now() > until) throw new LocalTrouble(`the local AWS (process ${endpoint.pid}) does not answer`, folder);
  }
}

/** How to start: `port` that port or none; `main` the program, if it is not the one beside the CLI. */
export interface StartOptions {
  readonly port?: number;
  readonly main?: string;
}

/**
 * Starts a folder's local AWS as a process of its own, or finds the one that runs, and returns its endpoint.
 * Throws PortTaken, DamagedState or LocalTrouble.
 */
export async function startLocalProcess(folder: string, options: StartOptions = {}): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const ignore = join(folder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  return withLock(join(folder, "starting.lock"), startMs * 2, async () => {
    const running = await connectLocal(folder);
    if (!running) return launch(folder, options);
    if (options.port !== undefined && new URL(running).port !== String(options.port)) {
      throw new LocalTrouble(
        `the local AWS runs at ${running} already: stop it before it can run on port ${options.port}`,
        folder,
      );
    }
    return running;
  });
}

async function launch(folder: string, { port, main }: StartOptions): Promise<string> {
  const log = openSync(join(folder, "local.log"), "a");
  const program = main ?? process.env.ECOMCTL_LOCAL_MAIN ?? besideTheCli();
  const wanted = String(port ?? remembered(folder)?.port ?? defaultPort);
  const child = spawn(
    process.execPath,
    [program, "--dir", folder, "--port", wanted, ...(port === undefined ? [] : ["--exactly"])],
    { detached: true, stdio: ["ignore", log, log, "ipc"], cwd: folder, env: cleanEnvironment() },
  );
  const word = await new Promise<Word>((resolve) => {
    const timer = setTimeout(() => resolve({ failed: `not ready after ${startMs / 1000} s` }), startMs);
    const say = (word: Word) => {
      clearTimeout(timer);
      resolve(word);
    };
    child.once("message", (message) => say(message as Word));
    child.once("error", (error) => say({ failed: error.message }));
    child.once("exit", (code, signal) => say({ failed: `it ended with ${signal ?? `exit code ${code}`}` }));
  });
  if (child.connected) child.disconnect();
  child.unref();
  if ("url" in word) return word.url;
  child.kill("SIGKILL");
  if ("damaged" in word) throw new DamagedState(word.damaged.file, word.damaged.reason);
  if ("taken" in word) throw new PortTaken(word.taken);
  throw new LocalTrouble(`the local AWS did not start: ${word.failed}`, folder);
}

/** `dist/local.js`, seen from the CLI's bundle or from one of its chunks. */
function besideTheCli(): string {
  const places = ["./local.js", "../local.js"].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return places.find(existsSync) ?? places.join(" or ");
}

const inherited = /^(PATH|HOME|USER|SHELL|TMPDIR|TMP|TEMP|LANG|LC_.*|TZ|SystemRoot|USERPROFILE|ECOMCTL_LOCAL_.*)$/i;

/** What the local AWS gets of this shell's environment: no profile, key, region or endpoint of AWS's, and no NODE_OPTIONS. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => inherited.test(name))),
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
}

/** Stops a folder's local AWS and waits until its process and its port are gone. False if it did not run. Throws LocalTrouble. */
export async function stopLocal(folder: string): Promise<boolean> {
  const endpoint = remembered(folder);
  if (!endpoint || !isAlive(endpoint.pid) || (await answersAt(folder, endpoint)) === "nobody") return false;
  process.kill(endpoint.pid, "SIGTERM");
  for (const until = Date.now() + stopMs; isAlive(endpoint.pid); await wait(pollMs)) {
    if (Date.now() > until) throw new LocalTrouble(`the local AWS (process ${endpoint.pid}) does not stop`, folder);
  }
  return true;
}
