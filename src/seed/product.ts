import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as z from "zod";

/** An identifier is part of addresses and of comma-separated lists, so only unreserved characters of URLs. */
const productID = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$/,
    "1 to 100 letters, digits, '-', '_', '.' or '~', beginning with a letter or digit",
  );
const text = (longest: number) =>
  z.string().trim().min(1, "must not be empty").max(longest, `at most ${longest} characters`);

/** A product as a catalogue says it: price in US dollars with at most two decimals, stock in pieces. */
export const productSchema = z.object({
  productID,
  name: text(200),
  description: text(4000),
  category: text(60),
  style: text(60).optional(),
  price: z
    .number()
    .min(0)
    .max(1_000_000)
    .refine((dollars) => Math.round(dollars * 100) / 100 === dollars, "at most two decimals"),
  stock: z.int().min(0).max(1_000_000_000),
});
export type Product = z.infer<typeof productSchema>;

/** An item of the table `Products` as DynamoDB's wire has it. */
export type Item = Record<string, AttributeValue>;

/** Which of the four partitions of the index `changes` a product belongs to: "0" to "3". */
export function shardOf(productID: string): string {
  return String(Buffer.from(productID).reduce((sum, byte) => sum + byte, 0) % 4);
}

/** The item of a product that is new in the table; `now` in milliseconds since 1970. */
export function toItem(product: Product, now: number): Item {
  return {
    productID: { S: product.productID },
    ...described(product),
    stock: { N: String(product.stock) },
    updatedAt: { N: String(now) },
  };
}

/** What a catalogue decides of an item for good; stock, interest and the time of the change belong to the running shop. */
export function described(product: Product): Item {
  return {
    name: { S: product.name },
    description: { S: product.description },
    category: { S: product.category },
    ...(product.style === undefined ? {} : { style: { S: product.style } }),
    price: { N: String(product.price) },
    shard: { S: shardOf(product.productID) },
  };
}
