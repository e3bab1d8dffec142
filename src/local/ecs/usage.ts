import { readFileSync } from "node:fs";
import type { Usage } from "./runner.ts";

/** Linux counts processor time in hundredths of a second, and memory in pages of 4 KiB. */
const TICKS = 100;
const PAGE = 4096;

/** What processes have used together; undefined where there is no /proc, or one of them is gone. */
export function usageOf(pids: readonly number[]): Usage | undefined {
  try {
    return pids.map(usageOfOne).reduce(
      (sum, each) => ({
        cpuSeconds: sum.cpuSeconds + each.cpuSeconds,
        memoryBytes: sum.memoryBytes + each.memoryBytes,
      }),
      { cpuSeconds: 0, memoryBytes: 0 },
    );
  } catch {
    return undefined;
  }
}

function usageOfOne(pid: number): Usage {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // the program's name, in brackets, may hold anything; user time, system time and memory are the 14th, 15th, 24th field
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (position: number): number => Number(fields[position - 3] ?? 0);
  return { cpuSeconds: (field(14) + field(15)) / TICKS, memoryBytes: field(24) * PAGE };
}
