import { createInterface } from "node:readline/promises";
import { Interrupted, Problem } from "../engine/problem.ts";
import type { Terminal } from "./terminal.ts";

/** Asks before something is changed: for a yes, or for a name to be typed. Throws a Problem where nobody can be asked, and when the answer is no. */
export async function ask(question: string, wanted: string, terminal: Terminal, signal: AbortSignal): Promise<void> {
  if (!terminal.asks)
    throw new Problem(
      "not-confirmed",
      "nobody is there to be asked",
      "this changes a real account, and stdin or stderr is no terminal",
      "say --yes to change it without a question, or --dry-run to look only",
    );
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<never>((_, reject) => {
    // Ctrl-C and Ctrl-D at the question: no answer.
    lines.once("SIGINT", () => reject(new Interrupted()));
    lines.once("close", () => reject(new Interrupted()));
  });
  try {
    const answer = await Promise.race([lines.question(`${question} `, { signal }), closed]);
    if (answer.trim().toLowerCase() === wanted.toLowerCase() || (wanted === "yes" && /^y$/i.test(answer.trim())))
      return;
  } catch (error) {
    throw error instanceof Error && error.name === "AbortError" ? new Interrupted() : error;
  } finally {
    closed.catch(() => {});
    lines.close();
  }
  throw new Problem("not-confirmed", "nothing was changed", `the answer was not ${wanted}`, "run the command again");
}
