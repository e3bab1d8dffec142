import type { Options } from "../options.ts";
import { type Bad, sampleCatalogue, seedTable } from "../seeding.ts";
import { openSession } from "../session.ts";
import type { Terminal } from "../terminal.ts";

/** `ecomctl seed [FILE]`: products into the shop. A record that is no product is told, and the rest goes on. */
export async function seedShop(file: string | undefined, options: Options, terminal: Terminal): Promise<number> {
  const session = await openSession(options, terminal, true);
  const bad: Bad[] = [];
  const spinner = options.json || !terminal.moves ? undefined : (await import("ora")).default("reading").start();
  try {
    const { written, unchanged, failed } = await seedTable(session, {
      file: file ?? sampleCatalogue(),
      resetStock: options.resetStock,
      onBad: (record) => bad.push(record),
      onProgress: (progress) => {
        if (spinner) spinner.text = `${progress.written} products written, ${progress.unchanged} unchanged`;
      },
    });
    spinner?.stop();
    if (options.json) terminal.out(JSON.stringify({ event: "done", written, unchanged, failed, bad }));
    else {
      for (const { line, error } of bad) terminal.tell(`line ${line}: ${error}`);
      for (const { productID, reason } of failed) terminal.tell(`${productID}: ${reason}`);
      const refused = bad.length + failed.length > 0 ? `, ${bad.length + failed.length} not` : "";
      terminal.out(`${written} products written, ${unchanged} unchanged${refused}`);
    }
    return bad.length + failed.length > 0 ? 1 : 0;
  } finally {
    spinner?.stop();
  }
}
