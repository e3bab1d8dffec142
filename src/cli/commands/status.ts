import { examine } from "../health.ts";
import type { Options } from "../options.ts";
import { openSession } from "../session.ts";
import { statusText } from "../show/status.ts";
import type { Terminal } from "../terminal.ts";

/** `ecomctl status`: what is there, whether it is as it should be, and whether it works. */
export async function status(options: Options, terminal: Terminal): Promise<number> {
  const session = await openSession(options, terminal, false);
  if (!options.json) terminal.tell(`Looking at ${session.shop.stack} in ${session.where}\n`);
  const told = await examine(session);
  terminal.out(options.json ? JSON.stringify(told, null, 2) : statusText(told, terminal.paintOut));
  return told.healthy ? 0 : 1;
}
