import { setTimeout as sleep } from "node:timers/promises";
import { type DynamoDBDocumentClient, QueryCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import type { Part } from "../../common/src/lifecycle.ts";
import type { Logger } from "../../common/src/log.ts";
import { type Catalogue, sorts } from "./catalogue.ts";
import { Cursor, type Late } from "./cursor.ts";
import { row } from "./products.ts";
import { inSlices } from "./slices.ts";

export interface FreshnessOptions {
  readonly dynamodb: DynamoDBDocumentClient;
  readonly table: string;
  readonly catalogue: Catalogue;
  readonly log: Logger;
  /** Milliseconds between two looks for changes; 2 s if left out. */
  readonly every?: number;
}

/** The partitions of the index `changes`. */
const shards = ["0", "1", "2", "3"];
/** Items in one answer: parsing a page of AWS's own size, 1 MB, would hold the event loop for too long. */
const Limit = 250;
/**
 * How late a change may show, in milliseconds: whoever wrote it may have a slower clock, and the index lags.
 * One look in thirty, one a minute, allows for more.
 */
const late: Late = { usual: 10_000, sometimes: 120_000 };

/** While the index is smaller than this, in products, searches are practised on it. */
const practice = 20_000;

/**
 * Loads the catalogue from the table and keeps it fresh; every task does so on its own. A change is found through the
 * index `changes`: an item without shard and updatedAt, put there by hand, is found when a task starts.
 */
export function createFreshness({ dynamodb, table, catalogue, log, every = 2000 }: FreshnessOptions): Part & {
  /** Why the catalogue cannot be searched yet. */
  notReady(): string | undefined;
} {
  const stopping = new AbortController();
  const abort = { abortSignal: stopping.signal };
  const cursors = new Map<string, Cursor>();
  let notReady: string | undefined = "the index is being loaded";
  let loop: Promise<void> = Promise.resolve();

  async function* changes(shard: string, since: number, Limit: number, forward: boolean) {
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await dynamodb.send(
        new QueryCommand({
          TableName: table,
          IndexName: "changes",
          KeyConditionExpression: "#shard = :shard AND updatedAt > :since",
          ExpressionAttributeNames: { "#shard": "shard" }, // a reserved word
          ExpressionAttributeValues: { ":shard": shard, ":since": since },
          ScanIndexForward: forward,
          Limit,
          ExclusiveStartKey,
        }),
        abort,
      );
      yield page.Items ?? [];
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
  }

  const put = (item: unknown): void => {
    const read = row.safeParse(item);
    if (read.success) catalogue.put(read.data);
    else log.debug({ item, issues: read.error.issues }, "not a product");
  };

  async function look(shard: string, cursor: Cursor, allowing: keyof Late): Promise<void> {
    for await (const items of changes(shard, cursor.since(allowing), Limit, true)) {
      await inSlices(items, put);
      const last: unknown = items.at(-1)?.updatedAt;
      if (typeof last === "number") cursor.saw(last);
    }
  }

  async function scan(Segment: number, TotalSegments: number): Promise<void> {
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await dynamodb.send(
        new ScanCommand({ TableName: table, Segment, TotalSegments, Limit, ExclusiveStartKey }),
        abort,
      );
      await inSlices(page.Items ?? [], put);
      if (catalogue.size < practice) practise(catalogue);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
  }

  async function load(): Promise<void> {
    const begun = performance.now();
    // Asked before the scan: whatever changes while it runs is newer than these, by the writers' own clocks.
    for (const shard of shards) {
      const { value = [] } = await changes(shard, 0, 1, false).next();
      const newest: unknown = value[0]?.updatedAt;
      cursors.set(shard, new Cursor(typeof newest === "number" ? newest : 0, late));
    }
    await Promise.all(shards.map((_shard, segment) => scan(segment, shards.length)));
    log.info({ products: catalogue.size, ms: Math.round(performance.now() - begun) }, "index loaded");
  }

  /** Tries again, later each time, until it succeeds or the service stops. */
  async function persistently(what: string, work: () => Promise<void>): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; failures += 1) {
      try {
        return await work();
      } catch (err) {
        if (stopping.signal.aborted) return;
        if (notReady !== undefined) notReady = `${what}: ${err instanceof Error ? err.message : err}`;
        log.warn({ err }, what);
        await pause(Math.min(500 * 2 ** failures, 10_000));
      }
    }
  }

  const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});

  async function follow(): Promise<void> {
    await persistently("the index cannot be loaded", load);
    if (!stopping.signal.aborted) notReady = undefined;
    for (let count = 1; !stopping.signal.aborted; count += 1) {
      const allowing = count % 30 === 0 ? "sometimes" : "usual";
      await persistently("cannot look for changes", async () => {
        await Promise.all([...cursors].map(([shard, cursor]) => look(shard, cursor, allowing)));
      });
      if (catalogue.garbage > 1000 + catalogue.size / 10) await inSlices(catalogue.purge(), () => {});
      await pause(every);
    }
  }

  return {
    notReady: () => notReady,
    start() {
      loop = follow();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

/** The first searches are slow until they are compiled: 60 ms at 100,000 products. So they are made while there are few. */
function practise(catalogue: Catalogue): void {
  const sort = sorts[catalogue.size % sorts.length] ?? "relevance";
  for (const q of ["", "s", "tabel", "the a"]) catalogue.search({ q, sort, page: 1, pageSize: 24 });
}
