import { open } from "node:fs/promises";
import { extname } from "node:path";
import { type Product, productSchema } from "./product.ts";
import { arrayRecords, csvRecords, type Found, ndjsonRecords } from "./records.ts";

/** One record of a catalogue: a product, or why it is none. Lines count from 1. */
export type Entry = { line: number; product: Product } | { line: number; error: string };

/** Reads a catalogue (a JSON array, NDJSON or CSV), record by record; a bad one is reported and the rest goes on. Throws if the file cannot be read. */
export async function* parseCatalogue(path: string): AsyncIterable<Entry> {
  const lineOf = new Map<string, number>();
  for await (const found of await records(path)) {
    const entry = checked(found);
    if ("product" in entry) {
      const { productID } = entry.product;
      const first = lineOf.get(productID);
      if (first !== undefined) {
        yield { line: entry.line, error: `productID: "${productID}" is already on line ${first}` };
        continue;
      }
      lineOf.set(productID, entry.line);
    }
    yield entry;
  }
}

/** The products of a catalogue; what is none goes to `onBad`. */
export async function* readProducts(
  path: string,
  onBad: (bad: { line: number; error: string }) => void,
): AsyncIterable<Product> {
  for await (const entry of parseCatalogue(path)) {
    if ("product" in entry) yield entry.product;
    else onBad(entry);
  }
}

/** A file named .csv is one; anything else is told by its first character. */
async function records(path: string): Promise<AsyncIterable<Found>> {
  const first = await firstCharacter(path);
  if (extname(path).toLowerCase() === ".csv" || (first !== "[" && first !== "{")) return csvRecords(path);
  return first === "[" ? arrayRecords(path) : ndjsonRecords(path);
}

async function firstCharacter(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, 0);
    return buffer
      .toString("utf8", 0, bytesRead)
      .replace(/^\uFEFF/, "")
      .trimStart()[0];
  } finally {
    await file.close();
  }
}

function checked(found: Found): Entry {
  if ("error" in found) return found;
  const result = productSchema.safeParse(found.value);
  if (result.success) return { line: found.line, product: result.data };
  const error = result.error.issues
    .map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": "))
    .join("; ");
  return { line: found.line, error };
}
