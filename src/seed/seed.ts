import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Connection, getItems, putItems } from "./batches.ts";
import { described, type Item, type Product, toItem } from "./product.ts";

/** How far a seed is: products counted by what became of them. */
export interface Progress {
  readonly written: number;
  readonly unchanged: number;
  readonly failed: number;
}

/** What a seed did; a product fails when the table still refuses it after all retries. */
export interface Seeded {
  readonly written: number;
  readonly unchanged: number;
  readonly failed: readonly { readonly productID: string; readonly reason: string }[];
}

export interface SeedOptions {
  readonly client: Pick<DynamoDBClient, "send">;
  readonly table: string;
  readonly products: Iterable<Product> | AsyncIterable<Product>;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Sets the stock of products that are there already, too; otherwise what the shop has sold stays sold. */
  readonly resetStock?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Waits between retries, in milliseconds. */
  readonly sleep?: (ms: number) => Promise<void>;
}

/** How many chunks are under way at once: enough to hide the network, few enough for a new on-demand table. */
const lanes = 8;
/** BatchGetItem takes at most 100 keys. */
const chunkSize = 100;
/** Of each lane: all lanes together stay below the 50 sockets of an SDK client. */
const updatesAtOnce = 5;

/**
 * Writes products into the table, and only those that differ from what it says already. Text and price follow the
 * catalogue; stock is set for new products only (or with `resetStock`); interest is never touched.
 * Throws what DynamoDB throws when a whole call fails, e.g. ResourceNotFoundException.
 */
export async function seed(options: SeedOptions): Promise<Seeded> {
  const { onProgress } = options;
  const connection: Connection = { client: options.client, table: options.table, sleep: options.sleep ?? pause };
  const failed: { productID: string; reason: string }[] = [];
  let written = 0;
  let unchanged = 0;

  async function settle(chunk: readonly Product[]): Promise<void> {
    const { items, unanswered } = await getItems(
      connection,
      chunk.map(({ productID }) => productID),
    );
    const unknown = new Set(unanswered);
    const known = chunk.filter(({ productID }) => !unknown.has(productID));
    const fresh = known.filter(({ productID }) => !items.has(productID));
    const changed = known.filter((product) => {
      const have = items.get(product.productID);
      return have !== undefined && !says(have, product, options);
    });

    const puts = fresh.map((product) => toItem(product, options.now));
    const unput = await putItems(connection, puts);
    for (let from = 0; from < changed.length; from += updatesAtOnce) {
      const some = changed.slice(from, from + updatesAtOnce);
      await Promise.all(some.map((product) => update(options, product, items.get(product.productID) ?? {})));
    }

    const reason = "DynamoDB left it unprocessed, even after retries";
    for (const productID of [...unanswered, ...unput]) failed.push({ productID, reason });
    written += fresh.length - unput.length + changed.length;
    unchanged += known.length - fresh.length - changed.length;
    onProgress?.({ written, unchanged, failed: failed.length });
  }

  const chunks = inChunks(options.products);
  async function lane(): Promise<void> {
    try {
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) await settle(next.value);
    } catch (problem) {
      await chunks.return();
      throw problem;
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const broken = ends.find((end) => end.status === "rejected");
  if (broken) throw broken.reason;
  return { written, unchanged, failed };
}

/** Does the item say already what the seed would write? */
function says(have: Item, product: Product, { resetStock }: Pick<SeedOptions, "resetStock">): boolean {
  const stockStays = resetStock ? Number(have.stock?.N) === product.stock : have.stock !== undefined;
  return stockStays && saysText(have, product);
}

function saysText(have: Item, product: Product): boolean {
  const want = described(product);
  if (product.style === undefined && have.style !== undefined) return false;
  if (have.updatedAt === undefined) return false;
  return Object.entries(want).every(([name, { S, N }]) =>
    N === undefined ? have[name]?.S === S : Number(have[name]?.N) === Number(N),
  );
}

/** `updatedAt` moves only with text and price: the index `changes` need not hear of stock. */
async function update({ client, table, now, resetStock }: SeedOptions, product: Product, have: Item): Promise<void> {
  const { UpdateItemCommand } = await import("@aws-sdk/client-dynamodb");
  const want: Item = saysText(have, product) ? {} : { ...described(product), updatedAt: { N: String(now) } };
  const names = Object.keys(want);
  const sets = names.map((name) => `#${name} = :${name}`);
  sets.push(resetStock ? "#stock = :stock" : "#stock = if_not_exists(#stock, :stock)");
  const dropped = product.style === undefined && have.style !== undefined;
  await client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { productID: { S: product.productID } },
      UpdateExpression: `SET ${sets.join(", ")}${dropped ? " REMOVE #style" : ""}`,
      ExpressionAttributeNames: Object.fromEntries(
        [...names, "stock", ...(dropped ? ["style"] : [])].map((name) => [`#${name}`, name]),
      ),
      ExpressionAttributeValues: {
        ...Object.fromEntries(Object.entries(want).map(([name, value]) => [`:${name}`, value])),
        ":stock": { N: String(product.stock) },
      },
    }),
  );
}

async function* inChunks(products: SeedOptions["products"]): AsyncGenerator<Product[], void> {
  let chunk: Product[] = [];
  for await (const product of products) {
    chunk.push(product);
    if (chunk.length === chunkSize) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
