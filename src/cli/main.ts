import { Interrupted } from "../engine/problem.ts";
import { programFor } from "./program.ts";
import { terminalOf } from "./terminal.ts";
import { CommanderError, usageProblem } from "./usage.ts";

/** Runs one command line, and resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const terminal = terminalOf(process);
  let exitCode = 0;
  const program = programFor(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageProblem(thrown, program, argv) : thrown;
    if (error === undefined) return 0;
    if (thrown instanceof CommanderError && thrown.code === "commander.help") return 1;
    const { errorText, explain } = await import("./show/error.ts");
    const told = explain(error);
    if (argv.includes("--json")) terminal.out(JSON.stringify({ error: told }));
    terminal.tell(errorText(told, terminal.paint));
    if (error instanceof Error && (told.code === "bug" || argv.includes("--debug"))) terminal.tell(error.stack ?? "");
    return error instanceof Interrupted ? 130 : 1;
  }
}
