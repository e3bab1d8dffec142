import * as z from "zod";
import { productIDSchema, quantitySchema } from "./cart.ts";

/** The orders in which products can be shown, with their names for people. */
export const sorts = {
  relevance: "Best match",
  popular: "Most wanted",
  "price-asc": "Price, low to high",
  "price-desc": "Price, high to low",
  name: "Name",
} as const;

const blank = (value: unknown) => (value === "" ? undefined : value);
const dollars = z.preprocess(blank, z.coerce.number().min(0).max(1_000_000).optional());

const search = {
  q: z.string().trim().max(200).default(""),
  category: z.preprocess(blank, z.string().trim().max(60).optional()),
  minPrice: dollars,
  maxPrice: dollars,
  sort: z.enum(["relevance", "popular", "price-asc", "price-desc", "name"]).default("relevance"),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(100).default(24),
};

/** What to look for. Prices in US dollars, pages counted from 1. */
export const searchSchema = z.object(search);
export type Search = z.infer<typeof searchSchema>;

/** The same from an address that a person may have changed: what makes no sense is as if it were not there. */
export const lenientSearchSchema = z.object({
  q: search.q.catch(""),
  category: search.category.catch(undefined),
  minPrice: search.minPrice.catch(undefined),
  maxPrice: search.maxPrice.catch(undefined),
  sort: search.sort.catch("relevance"),
  page: search.page.catch(1),
  pageSize: z.literal(24).catch(24),
});

const field = (what: string, longest: number) =>
  z
    .string(`Please tell us ${what}.`)
    .trim()
    .min(1, `Please tell us ${what}.`)
    .max(longest, `At most ${longest} characters, please.`);

/** Who an order goes to, with messages that can be shown beside the fields. */
export const customerSchema = z.object({
  name: field("your name", 100),
  email: field("your e-mail address", 254).pipe(z.email("This does not look like an e-mail address.")),
  address: field("where to send it", 500),
});

/** An order's id, made by whoever places it: the same id is the same order. */
export const orderIDSchema = z.uuid();

/** What the checkout page sends back beside the customer: the order's id, and the prices that the page showed. */
export const checkoutSchema = z.object({
  orderID: orderIDSchema,
  seen: z
    .string()
    .max(8000)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue("not JSON");
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string(), z.object({ quantity: quantitySchema, price: z.number() }))),
});

/** An order by the JSON API; a line's price is optional: what the client has seen, refused if it is another now. */
export const orderSchema = z.object({
  orderID: orderIDSchema,
  lines: z
    .array(z.object({ productID: productIDSchema, quantity: quantitySchema, price: z.number().optional() }))
    .min(1)
    .max(30)
    .refine((lines) => new Set(lines.map(({ productID }) => productID)).size === lines.length, "one line a product"),
  customer: customerSchema,
});
