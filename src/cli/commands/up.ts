import { change } from "../change.ts";
import { type Options, typed } from "../options.ts";
import { openSession } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { welcome } from "../welcome.ts";

/** `ecomctl up`: all steps. */
export async function up(options: Options, terminal: Terminal): Promise<number> {
  const session = await openSession(options, terminal, true);
  return change(
    {
      command: typed("up", options),
      rules: { direction: "up", adopt: options.adopt },
      question: ({ where }) => ({ question: `Do this in ${where}? (yes)`, wanted: "yes" }),
      after: (session, survey) => welcome(session, survey, options, terminal),
    },
    session,
    options,
    terminal,
  );
}
