import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { connectLocal, stopLocal } from "../../src/local/control.ts";
import { killGroup } from "../../src/local/ecs/container-process.ts";
import { isAlive } from "../../src/local/lock.ts";
import { type Raw, rawClients } from "../aws/raw.ts";
import { type Built, buildCli, type Ended } from "../cli/built.ts";
import { buyer } from "./buyer.ts";

/** A shop that `up --local` set up in a folder of its own. */
export interface Standing {
  readonly folder: string;
  /** The shop's. */
  readonly url: string;
  /** The local AWS's. */
  readonly endpoint: string;
  readonly buyer: ReturnType<typeof buyer>;
  readonly raw: Raw;
  /** A command with `--local`, in the folder. */
  run(...args: string[]): Promise<Ended>;
  /** Processes of the tasks that run, by the folder of their task. */
  tasks(): Map<string, number>;
}

/** The ground for a shop, which is gone after `clear`, whatever became of it. */
export interface Site {
  readonly cli: Built;
  readonly folder: string;
  /** A command with `--local`, in the folder. */
  run(...args: string[]): Promise<Ended>;
  /** `ecomctl up --local --yes`. */
  up(): Promise<Standing>;
  clear(): Promise<void>;
}

/** A folder and a command line of one's own; `built` if there is one already. */
export async function site(built?: Built): Promise<Site> {
  const cli = built ?? (await buildCli());
  const folder = mkdtempSync(join(tmpdir(), "ecomctl-shop-"));
  const run = (...args: string[]) => cli.run(folder, [...args, "--local"]);
  return {
    cli,
    folder,
    run,
    async up() {
      const { code, stdout, stderr } = await run("up", "--yes");
      expect(code, stderr).toBe(0);
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout)?.[0] ?? "";
      const endpoint = (await connectLocal(join(folder, ".ecomctl"))) ?? "";
      return { folder, url, endpoint, run, raw: rawClients(endpoint), buyer: buyer(url), tasks: () => tasksIn(folder) };
    },
    async clear() {
      const left = everything(folder);
      const { code, stderr } = await run("down", "--yes", "--delete-data", "--delete-adopted");
      // What is not ours is left in it, and it goes on running then.
      await stopLocal(join(folder, ".ecomctl")).catch(() => {});
      const alive = [...left, ...everything(folder)].filter(isAlive);
      for (const pid of alive) killGroup(pid, "SIGKILL");
      cli.remove();
      rmSync(folder, { recursive: true, force: true });
      expect({ code, alive }, stderr).toEqual({ code: 0, alive: [] });
    },
  };
}

/** What runs of tasks, read from the folders that the runner keeps. */
function tasksIn(folder: string): Map<string, number> {
  const tasks = join(folder, ".ecomctl", "ecs", "tasks");
  const found = (existsSync(tasks) ? readdirSync(tasks) : []).flatMap((id): [string, number][] => {
    const file = join(tasks, id, "pids");
    const pids = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
    return pids.filter(isAlive).map((pid) => [id, pid]);
  });
  return new Map(found);
}

function everything(folder: string): number[] {
  const file = join(folder, ".ecomctl", "endpoint.json");
  const local = existsSync(file) ? [(JSON.parse(readFileSync(file, "utf8")) as { pid: number }).pid] : [];
  return [...local, ...tasksIn(folder).values()].filter(isAlive);
}
