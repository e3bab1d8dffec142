import type { DynamoDBClient, WriteRequest } from "@aws-sdk/client-dynamodb";
import type { Item } from "./product.ts";

/** Where batches go, and how to wait between two tries. */
export interface Connection {
  readonly client: Pick<DynamoDBClient, "send">;
  readonly table: string;
  readonly sleep: (ms: number) => Promise<void>;
}

const tries = 10;
/** BatchWriteItem takes at most 25 requests. */
const writesAtOnce = 25;

/** The items of up to 100 products by productID, and the products that DynamoDB gave no answer for. */
export async function getItems(
  { client, table, sleep }: Connection,
  productIDs: readonly string[],
): Promise<{ items: Map<string, Item>; unanswered: string[] }> {
  const { BatchGetItemCommand } = await import("@aws-sdk/client-dynamodb");
  const items = new Map<string, Item>();
  const unanswered = await untilEmpty(
    sleep,
    productIDs.map((productID): Item => ({ productID: { S: productID } })),
    async (Keys) => {
      // Consistent, or a seed that follows another at once would write the same again.
      const answer = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } }),
      );
      for (const item of answer.Responses?.[table] ?? []) items.set(idOf(item), item);
      return answer.UnprocessedKeys?.[table]?.Keys ?? [];
    },
  );
  return { items, unanswered: unanswered.map(idOf) };
}

/** Puts items, 25 a call; answers the productIDs that DynamoDB left unprocessed to the end. */
export async function putItems({ client, table, sleep }: Connection, items: readonly Item[]): Promise<string[]> {
  const { BatchWriteItemCommand } = await import("@aws-sdk/client-dynamodb");
  const left: string[] = [];
  for (let from = 0; from < items.length; from += writesAtOnce) {
    const puts = items.slice(from, from + writesAtOnce).map((Item): WriteRequest => ({ PutRequest: { Item } }));
    const refused = await untilEmpty(sleep, puts, async (requests) => {
      const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
      return answer.UnprocessedItems?.[table] ?? [];
    });
    left.push(...refused.map(({ PutRequest }) => idOf(PutRequest?.Item ?? {})));
  }
  return left;
}

/** Sends what is left again, with full jitter between 0 and 0.05 s, 0.1 s, … 5 s; answers what was left at the end. */
async function untilEmpty<Request>(
  sleep: Connection["sleep"],
  requests: readonly Request[],
  send: (requests: Request[]) => Promise<Request[]>,
): Promise<Request[]> {
  let left = [...requests];
  for (let tried = 0; tried < tries && left.length > 0; tried++) {
    if (tried > 0) await sleep(Math.random() * Math.min(5000, 25 * 2 ** tried));
    left = await send(left);
  }
  return left;
}

const idOf = (item: Item): string => item.productID?.S ?? "";
