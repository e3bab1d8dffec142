import type { Survey } from "../engine/survey.ts";
import { addressOf } from "./address.ts";
import type { After } from "./change.ts";
import { environmentLine } from "./local.ts";
import { type Options, typed } from "./options.ts";
import { isEmpty, sampleCatalogue, seedTable } from "./seeding.ts";
import type { Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

/** What `up` ends with: products in an empty shop on this machine, its address, and what other tools need. */
export async function welcome(session: Session, survey: Survey, options: Options, terminal: Terminal): Promise<After> {
  const { shop, connection } = session;
  const lines: string[] = [];
  const url = await addressOf(session, survey);
  let seeded: number | undefined;
  if (await isEmpty(session)) {
    if (options.local && options.seed !== false) {
      if (!options.json) terminal.tell("The shop is empty: seeding the sample catalogue");
      seeded = (await seedTable(session, { file: sampleCatalogue() })).written;
      lines.push(`${seeded} products seeded`);
    } else lines.push(`The shop is empty: ${typed("seed", options)}`);
  }
  if (url !== undefined) lines.push(`The shop: ${url}`);
  const endpoint = options.local ? connection.endpoint : undefined;
  if (endpoint !== undefined) lines.push(environmentLine(endpoint, shop.region));
  return { lines, more: { ...(url && { url }), ...(endpoint && { endpoint }), ...(seeded && { seeded }) } };
}
