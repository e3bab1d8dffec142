import type { Logger } from "../../src/log.ts";
import { createLog } from "../../src/log.ts";

/** A log that nobody reads. */
export const quiet: Logger = createLog("test", "silent");

/** A log whose lines a test can look at. */
export function listeningLog(): { log: Logger; lines: Readonly<Record<string, unknown>>[] } {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const write = (text: string) => void lines.push(JSON.parse(text));
  return { log: createLog("test", "debug", { write }), lines };
}
