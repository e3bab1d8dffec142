import { type Command, CommanderError } from "commander";
import { Problem } from "../engine/problem.ts";
import { flag, needs, type Options } from "./options.ts";

/** What commander refuses, as a problem in three lines; undefined: it has only shown help or version. */
export function usageProblem(error: CommanderError, program: Command, argv: readonly string[]): Problem | undefined {
  if (error.exitCode === 0) return undefined;
  const [first = "", suggestion = ""] = error.message.replace(/^error: /, "").split("\n");
  const command = program.commands.find((each) => argv.includes(each.name()))?.name();
  const called = command ? `ecomctl ${command}` : "ecomctl";
  const meant = /Did you mean (.+)\?/.exec(suggestion)?.[1];
  const next = meant ? `did you mean ${meant}? ` : "";
  const all = program.commands.map((each) => each.name()).join(", ");
  return new Problem(
    error.code.replace("commander.", "usage-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    first.replace(/\.$/, ""),
    error.code === "commander.unknownCommand" ? `the commands are ${all}` : `\`${called}\` cannot be called like this`,
    `${next}see \`${called} --help\``,
  );
}

/** Refuses a flag that means nothing without another. */
export function checkTogether(options: Options): void {
  for (const [one, other] of needs) {
    if (options[one] === undefined || options[other] !== undefined) continue;
    throw new Problem(
      "usage-flag-alone",
      `${flag(one)} needs ${flag(other)}`,
      `${flag(one)} says how ${flag(other)} is done, and ${flag(other)} is not there`,
      `add ${flag(other)}, or leave ${flag(one)} out`,
    );
  }
}

export { CommanderError };
