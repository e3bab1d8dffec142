import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { Interrupted, Problem } from "../engine/problem.ts";
import { readOne } from "../engine/survey.ts";
import { readProducts } from "../seed/catalogue.ts";
import { type Progress, type Seeded, seed } from "../seed/seed.ts";
import { packageFile } from "./package.ts";
import type { Session } from "./session.ts";

/** The catalogue that comes with ecomctl. */
export const sampleCatalogue = (): string => packageFile("templates/catalogue.ndjson");

/** A record of a catalogue that is no product. */
export interface Bad {
  readonly line: number;
  readonly error: string;
}

export interface Seeding {
  readonly file: string;
  readonly resetStock?: boolean;
  readonly onBad?: (bad: Bad) => void;
  readonly onProgress?: (progress: Progress) => void;
}

/** Writes a catalogue into the shop's products, which must be ours. Throws a Problem, or what DynamoDB throws. */
export async function seedTable(session: Session, { file, onBad, ...options }: Seeding): Promise<Seeded> {
  await checkTable(session);
  const products = readProducts(file, onBad ?? (() => {}));
  const client = await clientFor(session);
  try {
    return await seed({ client, table: session.shop.names.productsTable, products, now: Date.now(), ...options });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOENT" && code !== "EISDIR" && code !== "EACCES") throw error;
    const why = code === "ENOENT" ? "there is no such file" : "it is no file that may be read";
    throw new Problem("catalogue-missing", `${file} cannot be read`, why, "say a JSON, NDJSON or CSV file", error);
  } finally {
    client.destroy();
  }
}

/** Whether the shop has no product at all. */
export async function isEmpty({ aws, shop }: Session): Promise<boolean> {
  const found = await aws?.dynamodb.scan({ TableName: shop.names.productsTable, Limit: 1 });
  return found?.Items?.length === 0;
}

async function checkTable({ aws, shop, platform }: Session): Promise<void> {
  const name = shop.names.productsTable;
  const found = aws ? await readOne(aws, platform.shop.products, new Map()) : {};
  if (found.error) throw found.error;
  if (!found.live || found.live.state?.is === "going")
    throw new Problem(
      "seed-no-table",
      `the table ${name} is not there`,
      "the shop has not been built",
      "run `ecomctl up`",
    );
  if (found.live.spec.stack !== shop.stack)
    throw new Problem(
      "seed-not-ours",
      `the table ${name} is not this shop's`,
      found.live.spec.stack ? `it belongs to ${found.live.spec.stack}` : "it carries no owner's tag",
      "take it over with `ecomctl up --adopt`, or make a second copy of everything with --stage NAME",
    );
}

async function clientFor({ connection, signal }: Session): Promise<DynamoDBClient> {
  const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
  const { region, endpoint, profile, credentials } = connection;
  const client = new DynamoDBClient({ region, endpoint, profile, credentials });
  client.middlewareStack.add(
    (next) => async (call) => {
      if (signal.aborted) throw new Interrupted();
      return next(call);
    },
    { step: "initialize" },
  );
  return client;
}
