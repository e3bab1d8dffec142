import { Problem } from "../../engine/problem.ts";
import { change } from "../change.ts";
import { flag, type Options, typed } from "../options.ts";
import { openSession } from "../session.ts";
import type { Terminal } from "../terminal.ts";

/** `ecomctl step N`: one step of the guide alone. */
export async function step(word: string, options: Options, terminal: Terminal): Promise<number> {
  const number = /^([1-9]|10)$/.test(word) ? Number(word) : undefined;
  if (number === undefined)
    throw new Problem(
      "step-unknown",
      `there is no step "${word}"`,
      "the guide has the steps 1 to 9, and 10 is monitoring",
      "say one of them: `ecomctl step 3`; `ecomctl step --help` lists them",
    );
  const own = (["deploy", "buildOnly"] as const).find((name) => options[name]);
  if (own && number !== 4)
    throw new Problem(
      "usage-flag-alone",
      `${flag(own)} is for step 4`,
      "the images are that step's",
      `say \`ecomctl step 4 ${flag(own)}\``,
    );
  const session = await openSession(options, terminal, true);
  if (options.buildOnly && session.aws)
    return (await import("../build-only.ts")).buildOnly(session.aws, session, options, terminal);
  const { steps, deploy } = session.platform;
  const only = options.deploy ? deploy : steps.find((each) => each.number === number);
  if (!only)
    throw new Problem(
      "step-empty",
      `step ${number} has no resources yet`,
      "this version of ecomctl does not know them",
      `it knows the steps ${session.platform.steps.map((each) => each.number).join(", ")}`,
    );
  return change(
    {
      command: typed(`step ${number}${options.deploy ? " --deploy" : ""}`, options),
      rules: { direction: "up", adopt: options.adopt },
      step: only,
      question: ({ where }) => ({ question: `Do this in ${where}? (yes)`, wanted: "yes" }),
    },
    session,
    options,
    terminal,
  );
}
