import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { killGroup } from "./container-process.ts";

const FILE = "pids";

/** Notes a process of a task in the task's folder, to be found after a crash. */
export const notePid = (folder: string, pid: number): void => appendFileSync(join(folder, FILE), `${pid}\n`);

/** The environment and command of a process as text; empty when there is none, or it is another user's. */
function environmentOf(pid: number): string {
  const proc = `/proc/${pid}/environ`;
  try {
    if (existsSync("/proc/self/environ")) return readFileSync(proc, "utf8");
    return execFileSync("ps", ["eww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Ends the processes noted in a folder that are really its own: numbers are given again, but `mark` in the folder is in their environment. */
export async function endNoted(folder: string, mark: string): Promise<void> {
  const noted = existsSync(join(folder, FILE)) ? readFileSync(join(folder, FILE), "utf8").split("\n") : [];
  const own = noted.map(Number).filter((pid) => pid > 1 && environmentOf(pid).includes(join(folder, mark)));
  for (const pid of own) killGroup(pid, "SIGKILL");
  for (let tries = 0; tries < 100 && own.some(isAlive); tries++) await wait(20);
}

/** Ends the processes of a former run, and removes their tasks' folders. */
export async function endOrphans(tasks: string): Promise<void> {
  for (const id of readdirSync(tasks)) {
    await endNoted(join(tasks, id), "preload.cjs");
    rmSync(join(tasks, id), { recursive: true, force: true });
  }
}
