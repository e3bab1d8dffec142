import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const pollMs = 50;

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  // To kill(2), 0 and less are groups of processes.
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Ended, but not waited for: in a container whose first process waits for nobody it stays so for ever. */
function isZombie(pid: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat[stat.lastIndexOf(")") + 2] === "Z";
  } catch {
    return false;
  }
}

/** Does something that only one process may do at a time. A lock whose holder is dead, or that is older than `staleMs`, counts for nothing. */
export async function withLock<Result>(file: string, staleMs: number, act: () => Promise<Result>): Promise<Result> {
  while (!take(file)) {
    if (isStale(file, staleMs)) discard(file, staleMs);
    else await wait(pollMs);
  }
  try {
    return await act();
  } finally {
    rmSync(file, { force: true });
  }
}

let tickets = 0;

/** Takes the lock whole, pid and all, or not at all: a link to an existing name fails. */
function take(file: string): boolean {
  const ticket = `${file}.${process.pid}.${tickets++}`;
  writeFileSync(ticket, String(process.pid));
  try {
    linkSync(ticket, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(ticket);
  }
}

function isStale(file: string, staleMs: number): boolean {
  try {
    return !isAlive(Number(readFileSync(file, "utf8"))) || Date.now() - statSync(file).mtimeMs > staleMs;
  } catch {
    // Let go in the meantime.
    return false;
  }
}

/** Puts a stale lock away; if somebody took the lock anew in between, it is given back. */
function discard(file: string, staleMs: number): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (!isStale(aside, staleMs)) {
    try {
      linkSync(aside, file);
    } catch {
      // A third one has it by now; the second finds the server that the third starts.
    }
  }
  rmSync(aside, { force: true });
}
