import { setTimeout as sleep } from "node:timers/promises";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { BatchGetCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { HttpError } from "../../common/src/http.ts";
import type { Product } from "../../common/src/shop.ts";

/** An item of the table (or of its index, which has no stock). What only a hand could have left out has a default. */
export const row = z.object({
  productID: z.string(),
  name: z.string(),
  description: z.string().default(""),
  category: z.string().default("other"),
  style: z.string().optional(),
  price: z.number(),
  stock: z.number().default(0),
  interest: z.number().default(0),
  updatedAt: z.number().default(0),
});
export type Row = z.infer<typeof row>;

/** The products with these ids as they are at this moment, at most 100, by id; one that is not there is not in it. */
export type ReadProducts = (productIDs: readonly string[]) => Promise<ReadonlyMap<string, Product>>;

/** How often what DynamoDB left out of a batch for lack of capacity is asked for again. */
const attempts = 5;

/** Reads from the table, strongly consistent: what a page shows is what an order would meet. */
export function createReader(dynamodb: DynamoDBDocumentClient, table: string): ReadProducts {
  return async (productIDs) => {
    const found = new Map<string, Product>();
    let keys: Record<string, unknown>[] = [...new Set(productIDs)].map((productID) => ({ productID }));
    for (let attempt = 0; keys.length > 0; attempt += 1) {
      if (attempt === attempts) {
        throw new HttpError(503, "Throttled", "The table of products is overloaded.", { "retry-after": "1" });
      }
      if (attempt > 0) await sleep(Math.random() * 50 * 2 ** attempt);
      const { Responses, UnprocessedKeys } = await dynamodb.send(
        new BatchGetCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
      );
      for (const item of Responses?.[table] ?? []) {
        const read = row.safeParse(item);
        if (!read.success) continue;
        const { updatedAt, ...product } = read.data;
        found.set(product.productID, product);
      }
      keys = UnprocessedKeys?.[table]?.Keys ?? [];
    }
    return found;
  };
}
