import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import dynalite from "dynalite/db/index.js";
import type { Local } from "../service.ts";
import { DamagedState } from "../store.ts";
import { Engine, rowsOf, shape, type Write } from "./engine.ts";
import { dynamodbKeeper, type Index, type Table } from "./table.ts";
import { forgetTokens } from "./transactions.ts";

const engines = new WeakMap<Local, Promise<Engine>>();

/** The item store of this local AWS, opened when it is first asked for; one for all regions. */
export function engineOf(local: Local): Promise<Engine> {
  let engine = engines.get(local);
  if (!engine) {
    engine = open(local);
    engines.set(local, engine);
    // A folder that another process holds may be free at the next request.
    engine.catch(() => engines.delete(local));
  }
  return engine;
}

const folderOf = (local: Local): string => join(local.dir, "dynamodb-items");

/** Opens what a former run kept, so that damage is told at the start. Throws DamagedState. */
export async function reopen(local: Local): Promise<void> {
  const folder = folderOf(local);
  if (!existsSync(folder)) return;
  // LevelDB would take a folder without this file for a new one, and lose what is in it.
  if (!existsSync(join(folder, "CURRENT")) && readdirSync(folder).some((name) => name.startsWith("MANIFEST")))
    throw new DamagedState(folder, "its file CURRENT is missing");
  try {
    await engineOf(local);
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const { message, code } = cause as NodeJS.ErrnoException;
    if (code === "LEVEL_LOCKED") throw new Error(`another process works in ${folder}`, { cause });
    throw new DamagedState(folder, message);
  }
}

async function open(local: Local): Promise<Engine> {
  const engine = await Engine.open(folderOf(local), () => local.clock.now());
  await forgetTokens(engine, local.clock.now());
  const regions = local.regions(dynamodbKeeper).map((region) => local.state(dynamodbKeeper, region));
  const tables = regions.flatMap((state) => Object.values(state.tables)).filter((table) => table.goneAt === undefined);
  const owners = tables.flatMap((table) => [table, ...table.localIndexes, ...table.globalIndexes]);
  await engine.keepOnly(new Set(owners.map((owner) => owner.id)));
  return engine;
}

/** Forgets the rows of what is deleted, once the deletion itself is kept. */
export function forget(local: Local, region: string, owners: readonly { readonly id: string }[]): void {
  local.changed(dynamodbKeeper, region);
  setImmediate(async () => {
    try {
      const engine = await engineOf(local);
      for (const owner of owners) await engine.clear(owner);
    } catch {
      // Stopped meanwhile: what is left belongs to nobody, and goes at the next start.
    }
  });
}

export async function closeEngine(local: Local): Promise<void> {
  const engine = engines.get(local);
  engines.delete(local);
  const open = await engine?.catch(() => undefined);
  await open?.close();
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
