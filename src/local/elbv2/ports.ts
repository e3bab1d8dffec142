import { randomInt } from "node:crypto";
import type { Server } from "node:http";

/** Binds to a port of 127.0.0.1; answers what stands in the way, if anything. */
export function bind(server: Server, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve(error.message);
    server.once("error", failed);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", failed);
      resolve(undefined);
    });
  });
}

/**
 * Binds to a free port that is in none of the ranges that systems give out by themselves, so that it is still free
 * after a restart. Throws if a hundred in a row are taken.
 */
export async function bindFree(server: Server, remembered: ReadonlySet<number>): Promise<number> {
  const first = randomInt(20_000, 29_900);
  for (let port = first; port < first + 100; port++)
    if (!remembered.has(port) && (await bind(server, port)) === undefined) return port;
  throw new Error(`no free port between ${first} and ${first + 99}`);
}
