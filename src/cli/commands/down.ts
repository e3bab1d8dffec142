import { change } from "../change.ts";
import { farewell } from "../farewell.ts";
import { type Options, typed } from "../options.ts";
import { openSession } from "../session.ts";
import type { Terminal } from "../terminal.ts";

/** `ecomctl down`: back to nothing, but for data. */
export async function down(options: Options, terminal: Terminal): Promise<number> {
  const session = await openSession(options, terminal, false);
  const { deleteData, deleteAdopted } = options;
  return change(
    {
      command: typed("down", options),
      rules: { direction: "down", deleteData, deleteAdopted },
      question: ({ shop, where }) => ({
        question: `This takes everything away in ${where}. To go on, type ${shop.stack}:`,
        wanted: shop.stack,
      }),
      after: (session, survey) => farewell(session, survey, options),
    },
    session,
    options,
    terminal,
  );
}
