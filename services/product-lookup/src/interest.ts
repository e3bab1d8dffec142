import { setTimeout as sleep } from "node:timers/promises";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { Handlers } from "../../common/src/consumer.ts";

/** What being found, opened and bought counts, in points of interest. */
const points = { found: 1, viewed: 3, bought: 10 } as const;

/** How long points are collected before they are written, in milliseconds: many events, one write a product. */
const window = 500;
/** Products written at a time. */
const concurrency = 10;

/** Adds points to a product; resolves when they are in the table. A product that is not there is ignored. */
export type Count = (productID: string, points: number) => Promise<void>;

/** Counts interest in `Products`; `updatedAt` moves along, by which every task learns of it. */
export function createCounter(dynamodb: DynamoDBDocumentClient, table: string, now: () => number = Date.now): Count {
  let open: { points: Map<string, number>; written: Promise<Map<string, unknown>> } | undefined;

  async function write(productID: string, points: number): Promise<void> {
    try {
      await dynamodb.send(
        new UpdateCommand({
          TableName: table,
          Key: { productID },
          UpdateExpression: "ADD interest :points SET updatedAt = :now",
          ConditionExpression: "attribute_exists(productID)",
          ExpressionAttributeValues: { ":points": points, ":now": now() },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  async function flush(collected: Map<string, number>): Promise<Map<string, unknown>> {
    const failed = new Map<string, unknown>();
    const rest = collected.entries();
    const worker = async () => {
      // Workers share one iterator: each takes the next product that nobody has taken.
      for (const [productID, points] of rest) {
        await write(productID, points).catch((error: unknown) => failed.set(productID, error));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    return failed;
  }

  function begin() {
    const points = new Map<string, number>();
    const written = sleep(window).then(() => {
      open = undefined;
      return flush(points);
    });
    return { points, written };
  }

  return async (productID, points) => {
    open ??= begin();
    open.points.set(productID, (open.points.get(productID) ?? 0) + points);
    const failed = await open.written;
    if (failed.has(productID)) throw failed.get(productID);
  };
}

/** What LookupQueue brings: interest. It is approximate: an event delivered twice counts twice. */
export function interestHandlers(count: Count): Handlers {
  const all = async (productIDs: readonly string[], points: number) => {
    await Promise.all([...new Set(productIDs)].map((productID) => count(productID, points)));
  };
  return {
    "product.searched": ({ productIDs }) => all(productIDs, points.found),
    "product.viewed": ({ productID }) => all([productID], points.viewed),
    "order.confirmed": ({ lines }) =>
      all(
        lines.map(({ productID }) => productID),
        points.bought,
      ),
    // Wanted but not bought: no interest to count, and nothing else here depends on it.
    "order.rejected": async () => {},
  };
}
