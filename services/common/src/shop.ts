import * as z from "zod";

/** A product as product-lookup tells it. Price in US dollars, stock in pieces, interest as counted so far. */
export const product = z.object({
  productID: z.string().min(1),
  name: z.string(),
  description: z.string(),
  category: z.string(),
  style: z.string().optional(),
  price: z.number().nonnegative(),
  stock: z.number().int(),
  interest: z.number(),
});
export type Product = z.infer<typeof product>;

/** One page of products. `categories` counts the matches of the same search without its category filter. */
export const productPage = z.object({
  items: z.array(product),
  total: z.number().int(),
  page: z.number().int(),
  pages: z.number().int(),
  pageSize: z.number().int(),
  categories: z.array(z.object({ name: z.string(), count: z.number().int() })),
});
export type ProductPage = z.infer<typeof productPage>;

/** One line of an order: the price is of one piece, as the customer saw it. */
export const orderLine = z.object({
  productID: z.string().min(1).max(2048),
  name: z.string().max(1000),
  quantity: z.number().int().positive().max(1_000_000),
  price: z.number().nonnegative().max(1e9),
});
export type OrderLine = z.infer<typeof orderLine>;

/** Who an order goes to. */
export const customer = z.object({ name: z.string(), email: z.string(), address: z.string() });
export type Customer = z.infer<typeof customer>;

/** An order that has been decided. Times are milliseconds since 1970; `failedLine` is what could not be had. */
export const order = z.object({
  orderID: z.string(),
  status: z.enum(["CONFIRMED", "REJECTED"]),
  lines: z.array(orderLine),
  total: z.number(),
  customer,
  placedAt: z.number(),
  decidedAt: z.number(),
  reason: z.string().optional(),
  failedLine: z.object({ productID: z.string(), quantity: z.number(), available: z.number() }).optional(),
});
export type Order = z.infer<typeof order>;
