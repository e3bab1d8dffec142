import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { Stream } from "node:stream";
import type { AbstractLevel } from "abstract-level";
import type { Item, Range, Row, Rows, Store, TableShape } from "dynalite";
import dynalite from "dynalite/db/index.js";
import { Refusal } from "../service.ts";
import { Locks } from "./locks.ts";
import { type Index, status, type Table } from "./table.ts";

/** One write in a batch that LevelDB applies whole or not at all, also across `kill -9`. */
export type Write = { type: "put"; key: string; value: Row } | { type: "del"; key: string };

/** Finds a table by its name; what is found there is whole, though it may be on its way in or out. */
export type Tables = (name: string) => Table | undefined;

type Action = (store: Store, data: object, done: (error: unknown, output?: unknown) => void) => void;

/** Rows that were read before, by their whole key. */
type Known = ReadonlyMap<string, Row | undefined>;

/** What one run of an action collects, and whom it tells of what goes wrong outside of its callbacks. */
interface Work {
  readonly writes: Write[];
  readonly known: Known | undefined;
  fail(error: unknown): void;
}

/** Where one table's items, or one index's entries, are kept: by id, so that a name used again starts empty. */
export const rowsOf = (owner: { readonly id: string }): string => `${owner.id}~`;

/** dynalite's engine over one LevelDB. What an action writes is collected and then applied as one atomic batch. */
export class Engine {
  readonly locks = new Locks();
  readonly db: AbstractLevel<string, string, Row>;
  readonly #limits: { maxItemSize: number };
  readonly #now: () => number;

  private constructor(path: string, now: () => number) {
    const store = dynalite.create({ path });
    this.db = store.db;
    this.#limits = store.options;
    this.#now = now;
  }

  /** Opens the folder; it can be open in one process only. */
  static async open(path: string, now: () => number): Promise<Engine> {
    mkdirSync(path, { recursive: true });
    const engine = new Engine(path, now);
    await engine.db.open();
    return engine;
  }

  close(): Promise<void> {
    return this.db.close();
  }

  get limits(): { maxItemSize: number } {
    return this.#limits;
  }

  /**
   * Runs one of dynalite's actions; its writes are pushed to `writes`, and items `known` are not read again.
   * Throws dynalite's errors as refusals.
   */
  run(action: Action, data: object, tables: Tables, writes: Write[], known?: Known): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(refusal(error));
      try {
        action(this.#store(tables, { writes, known, fail }), data, (error, output) =>
          error ? fail(error) : resolve(output),
        );
      } catch (error) {
        fail(error);
      }
    });
  }

  async commit(writes: readonly Write[]): Promise<void> {
    if (writes.length > 0) await this.db.batch([...writes]);
  }

  /** Reads many rows at once, which is a good deal quicker than one by one. */
  async look(keys: readonly string[]): Promise<Known> {
    const rows = await this.db.getMany([...keys]);
    return new Map(keys.map((key, index) => [key, rows[index]]));
  }

  async item(table: Table, key: string): Promise<Item | undefined> {
    const row = await this.db.get(rowsOf(table) + key);
    return typeof row === "string" ? undefined : row;
  }

  /** Forgets every row of a table or an index. */
  async clear(owner: { readonly id: string }): Promise<void> {
    await this.db.clear({ gte: rowsOf(owner), lt: `${owner.id}\x7f` });
  }

  /** Forgets the rows of every owner that is not among `ids`; tokens of transactions stay. */
  async keepOnly(ids: ReadonlySet<string>): Promise<void> {
    for (let after = ""; ; ) {
      const [key] = await this.db.keys({ gt: after, limit: 1 }).all();
      if (key === undefined) return;
      const id = key.slice(0, key.indexOf("~"));
      if (id !== "token" && !ids.has(id)) await this.clear({ id });
      after = `${id}\x7f`;
    }
  }

  /** How many items a table or an index has, and about how many bytes they are. */
  async measure(owner: { readonly id: string }): Promise<{ items: number; bytes: number }> {
    const rows = this.db.values<string, string>({ ...within(rowsOf(owner), {}), valueEncoding: "utf8" });
    const size = { items: 0, bytes: 0 };
    try {
      for (let some = await rows.nextv(1000); some.length > 0; some = await rows.nextv(1000)) {
        size.items += some.length;
        for (const row of some) size.bytes += row.length;
      }
    } finally {
      await rows.close();
    }
    return size;
  }

  #store(tables: Tables, work: Work): Store {
    const rows = (owner: { readonly id: string } | undefined): Rows => {
      if (!owner) throw new Error("an index that its table does not have");
      return this.#rows(rowsOf(owner), work);
    };
    const index = (type: string, name: string, indexName: string): Index | undefined => {
      const table = tables(name);
      const indexes = type.toLowerCase() === "local" ? table?.localIndexes : table?.globalIndexes;
      return indexes?.find((candidate) => candidate.IndexName === indexName);
    };
    return {
      options: this.#limits,
      getTable: (name, checkStatus, done) => {
        const reply = typeof checkStatus === "function" ? checkStatus : done;
        const table = tables(name);
        const now = this.#now();
        const usable = table && !["CREATING", "DELETING"].includes(status(table, now));
        if (usable) reply?.(null, shape(table));
        else reply?.(new Refusal("ResourceNotFoundException", "Requested resource not found"));
      },
      getItemDb: (name) => rows(tables(name)),
      getIndexDb: (type, name, indexName) => rows(index(type, name, indexName)),
    };
  }

  #rows(prefix: string, { writes, known, fail }: Work): Rows {
    return {
      get: (key, done) => {
        const row = known?.has(prefix + key) ? Promise.resolve(known.get(prefix + key)) : this.db.get(prefix + key);
        row.then((item) => done(null, typeof item === "string" ? undefined : item)).catch(fail);
      },
      put: (key, value, done) => {
        writes.push({ type: "put", key: prefix + key, value });
        done(null);
      },
      del: (key, done) => {
        writes.push({ type: "del", key: prefix + key });
        done(null);
      },
      // The caller of `run` holds the keys' locks until the batch is applied, which is later than an action would.
      lock: (_key, run) => run((done) => done),
      createValueStream: (range) => new Reading(this.db, within(prefix, range), fail),
    };
  }
}

/** What an action sees of a table: indexes on their way out are not written any more. */
export const shape = (table: Table): TableShape => {
  const { TableName, KeySchema, AttributeDefinitions } = table;
  const globals = table.globalIndexes.filter((index) => index.goneAt === undefined);
  return {
    TableName,
    KeySchema,
    AttributeDefinitions,
    ...(table.localIndexes.length > 0 && { LocalSecondaryIndexes: table.localIndexes }),
    ...(globals.length > 0 && { GlobalSecondaryIndexes: globals }),
  } as TableShape;
};

/** Rows in their order, a thousand at a time, as the event emitter that dynalite's queries read. */
class Reading extends Stream {
  #stopped = false;

  constructor(db: AbstractLevel<string, string, Row>, range: Range, fail: (error: unknown) => void) {
    super();
    this.#read(db, range).catch(fail);
  }

  destroy(): void {
    this.#stopped = true;
  }

  async #read(db: AbstractLevel<string, string, Row>, range: Range): Promise<void> {
    const rows = db.values(range);
    try {
      for (let some = await rows.nextv(1000); some.length > 0; some = await rows.nextv(1000)) {
        for (const row of some) {
          if (this.#stopped) return;
          this.emit("data", row);
        }
      }
      if (!this.#stopped) this.emit("end");
    } finally {
      await rows.close();
    }
  }
}

const within = (prefix: string, range: Range): Range => ({
  ...(range.limit !== undefined && { limit: range.limit }),
  ...(range.reverse && { reverse: true }),
  ...(range.gt !== undefined ? { gt: prefix + range.gt } : { gte: prefix + (range.gte ?? "") }),
  ...(range.lte !== undefined ? { lte: prefix + range.lte } : { lt: prefix + (range.lt ?? "\x7f") }),
});

/** dynalite's error as AWS's refusal; anything else stays what it is. */
export function refusal(error: unknown): unknown {
  if (!(error instanceof Error) || !("body" in error)) return error;
  const body = error.body as { __type?: string; message?: string; Message?: string };
  return new Refusal(body.__type?.split("#")[1] ?? "InternalServerError", body.message ?? body.Message ?? "");
}

export const digest = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64");
