import { join } from "node:path";
import dynalite from "dynalite/db/index.js";
import type { Local } from "../service.ts";
import { Engine, rowsOf, shape, type Write } from "./engine.ts";
import type { Index, Table } from "./table.ts";
import { forgetTokens } from "./transactions.ts";

const engines = new WeakMap<Local, Promise<Engine>>();

/** The item store of this local AWS, opened when it is first asked for; one for all regions. */
export function engineOf(local: Local): Promise<Engine> {
  let engine = engines.get(local);
  if (!engine) {
    engine = open(local);
    engines.set(local, engine);
  }
  return engine;
}

async function open(local: Local): Promise<Engine> {
  const engine = await Engine.open(join(local.dir, "dynamodb-items"), () => local.clock.now());
  await forgetTokens(engine, local.clock.now());
  return engine;
}

export async function closeEngine(local: Local): Promise<void> {
  const engine = engines.get(local);
  engines.delete(local);
  await (await engine)?.close();
}

/** Enters the items that were there before an index into it; whoever writes one meanwhile enters it too. */
export async function backfill(engine: Engine, table: Table, index: Index): Promise<void> {
  const prefix = rowsOf(table);
  const form = shape(table);
  const indexes = form.GlobalSecondaryIndexes?.filter((one) => one.IndexName === index.IndexName);
  for await (const key of engine.db.keys({ gte: prefix, lt: `${table.id}\x7f` })) {
    if (index.goneAt !== undefined) return;
    await engine.locks.hold([key], async () => {
      const row = await engine.db.get(key);
      if (row === undefined || typeof row === "string") return;
      const { puts } = dynalite.getIndexActions(indexes, null, row, form);
      const entries = puts.map((put): Write => ({ type: "put", key: rowsOf(index) + put.key, value: put.item }));
      await engine.commit(entries);
    });
  }
}
