import { setTimeout as sleep } from "node:timers/promises";
import { type DynamoDBDocumentClient, QueryCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import type { Part } from "../../common/src/lifecycle.ts";
import type { Logger } from "../../common/src/log.ts";
import type { Catalogue } from "./catalogue.ts";
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
const Limit = 500;
/**
 * How far before the newest change seen each look begins, in milliseconds: whoever wrote may have a slower clock, and
 * the index shows writes late. One look in thirty, one a minute, goes back further.
 */
const overlap = { usual: 10_000, now_and_then: 600_000 };

/** Loads the catalogue from the table and keeps it fresh; every task does so on its own. */
export function createFreshness({ dynamodb, table, catalogue, log, every = 2000 }: FreshnessOptions): Part & {
  /** Why the catalogue cannot be searched yet. */
  notReady(): string | undefined;
} {
  const stopping = new AbortController();
  const abort = { abortSignal: stopping.signal };
  const newest = new Map<string, number>();
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

  async function look(shard: string, back: number): Promise<void> {
    const since = Math.max(0, (newest.get(shard) ?? 0) - back);
    for await (const items of changes(shard, since, Limit, true)) {
      await inSlices(items, put);
      const last: unknown = items.at(-1)?.updatedAt;
      if (typeof last === "number") newest.set(shard, Math.max(last, newest.get(shard) ?? 0));
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
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
  }

  async function load(): Promise<void> {
    const begun = performance.now();
    // Asked before the scan: whatever changes while it runs is newer than these, by the writers' own clocks.
    for (const shard of shards) {
      for await (const [item] of changes(shard, 0, 1, false)) {
        newest.set(shard, typeof item?.updatedAt === "number" ? item.updatedAt : 0);
        break;
      }
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
      const back = count % 30 === 0 ? overlap.now_and_then : overlap.usual;
      await persistently("cannot look for changes", async () => {
        await Promise.all(shards.map((shard) => look(shard, back)));
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
