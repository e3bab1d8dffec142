import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Keeper } from "./service.ts";

/** A state file that cannot be read: which, why, and what to do. */
export class DamagedState extends Error {
  readonly file: string;
  readonly reason: string;

  constructor(file: string, reason: string) {
    super(
      `${file} is damaged (${reason}). Put back a copy of it, or remove it: the local AWS then starts without what it held.`,
    );
    this.name = "DamagedState";
    this.file = file;
    this.reason = reason;
  }
}

const everywhere = "global";

/** The states of all services, one JSON file per service and region: `state/<service>/<region>.json`. */
export class Store {
  readonly #dir: string;
  readonly #states = new Map<string, unknown>();
  readonly #written = new Map<string, string>();
  readonly #waiting = new Map<string, Promise<void>>();
  #closed = false;

  /** Reads everything that is kept below `dir`. Throws DamagedState. */
  constructor(dir: string) {
    this.#dir = join(dir, "state");
    mkdirSync(this.#dir, { recursive: true });
    for (const service of readdirSync(this.#dir)) {
      for (const name of readdirSync(join(this.#dir, service))) {
        const file = join(this.#dir, service, name);
        // A write that a kill interrupted; the file it was to replace is whole.
        if (name.endsWith(".tmp")) rmSync(file);
        else if (name.endsWith(".json")) this.#states.set(file, parse(file));
      }
    }
  }

  /** The one state of a service in a region, made on first use. */
  state<State>(keeper: Keeper<State>, region: string): State {
    const file = this.#file(keeper, region);
    if (!this.#states.has(file)) this.#states.set(file, keeper.initial());
    return this.#states.get(file) as State;
  }

  /** Regions in which a service has a state. */
  regions(keeper: Keeper<unknown>): string[] {
    const folder = join(this.#dir, keeper.id);
    return [...this.#states.keys()]
      .filter((file) => dirname(file) === folder)
      .map((file) => file.slice(folder.length + 1, -".json".length));
  }

  /** A copy of a state as it is now. */
  snapshot<State>(keeper: Keeper<State>, region: string): State {
    return structuredClone(this.state(keeper, region));
  }

  /** Resolves when the state as it is now is in its file. Writes asked for in one turn of the event loop are one write. */
  keep(keeper: Keeper<unknown>, region: string): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const file = this.#file(keeper, region);
    let write = this.#waiting.get(file);
    if (!write) {
      write = new Promise((resolve, reject) => {
        setImmediate(() => {
          this.#waiting.delete(file);
          try {
            resolve(this.#write(file));
          } catch (error) {
            reject(error);
          }
        });
      });
      this.#waiting.set(file, write);
    }
    return write;
  }

  /** Resolves when nothing waits to be written; what changes from now on is not kept. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#waiting.values());
    this.#closed = true;
  }

  #file(keeper: Keeper<unknown>, region: string): string {
    return join(this.#dir, keeper.id, `${keeper.global ? everywhere : region}.json`);
  }

  #write(file: string): void {
    const text = JSON.stringify(this.#states.get(file));
    if (this.#written.get(file) === text) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.tmp`, text);
    renameSync(`${file}.tmp`, file);
    this.#written.set(file, text);
  }
}

function parse(file: string): unknown {
  let state: unknown;
  try {
    state = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new DamagedState(file, (error as Error).message);
  }
  if (typeof state !== "object" || state === null) throw new DamagedState(file, "not a JSON object");
  return state;
}
