import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { faultsFrom } from "./faults.ts";
import { type LocalServer, startLocal } from "./server.ts";
import { DamagedState } from "./store.ts";

/** What the process that started this one is told, once. */
export type Word =
  | { readonly url: string; readonly port: number }
  | { readonly damaged: { readonly file: string; readonly reason: string } }
  | { readonly taken: number }
  | { readonly failed: string };

const portsTried = 100;
/** Whatever hangs, the process is gone after this long, in milliseconds; tasks end by themselves once it is. */
const stopsWithin = 4000;
const isTaken = (error: unknown) => (error as NodeJS.ErrnoException).code === "EADDRINUSE";

function log(message: string): void {
  process.stderr.write(`${new Date().toISOString()} ${message}\n`);
}

function tell(word: Word): void {
  if (!process.send) return;
  process.send(word, () => process.disconnect());
}

/** Listens on `port`, or, unless it must be that one, on the next free one. */
async function start(dir: string, port: number, exactly: boolean): Promise<LocalServer> {
  const faults = faultsFrom(process.env.ECOMCTL_LOCAL_FAULTS);
  const waits = process.env.ECOMCTL_LOCAL_WAITS === "aws" ? "aws" : "short";
  for (let candidate = port; ; candidate++) {
    try {
      return await startLocal({ dir, port: candidate, faults, waits, warn: log, remembers: 0 });
    } catch (error) {
      if (!isTaken(error) || exactly || candidate - port >= portsTried) throw error;
    }
  }
}

const { values } = parseArgs({
  options: { dir: { type: "string" }, port: { type: "string" }, exactly: { type: "boolean" } },
});
const dir = values.dir ?? ".ecomctl";
const port = Number(values.port ?? 0);

// A bug in one service must not take the others, and the shop's processes, down with it.
process.on("uncaughtException", (error) => log(`uncaught: ${error.stack}`));
process.on("unhandledRejection", (reason) => log(`unhandled: ${reason instanceof Error ? reason.stack : reason}`));

try {
  const local = await start(dir, port, values.exactly ?? false);
  const endpoint = join(dir, "endpoint.json");
  const startedAt = new Date().toISOString();
  writeFileSync(`${endpoint}.tmp`, `${JSON.stringify({ port: local.port, pid: process.pid, startedAt })}\n`);
  renameSync(`${endpoint}.tmp`, endpoint);
  log(`listening on ${local.url}`);
  const end = (signal: string) => {
    log(`${signal}: stopping`);
    setTimeout(() => {
      log("something does not stop: leaving it");
      process.exit(1);
    }, stopsWithin);
    local.stop().then(
      () => process.exit(0),
      (error) => {
        log(`stopping failed: ${error.stack}`);
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  tell({ url: local.url, port: local.port });
} catch (error) {
  log(String(error instanceof Error ? error.stack : error));
  process.exitCode = 1;
  if (error instanceof DamagedState) tell({ damaged: { file: error.file, reason: error.reason } });
  else if (isTaken(error)) tell({ taken: port });
  else tell({ failed: error instanceof Error ? error.message : String(error) });
}
