import * as z from "zod";
import { total } from "../../common/src/money.ts";
import type { Product } from "../../common/src/shop.ts";
import { encoded, jsonCookie } from "./cookies.ts";

/** The most pieces of one product, and the most products, that one cart holds. */
export const mostPieces = 99;
export const mostProducts = 30;
/** Browsers keep cookies up to 4096 bytes, name and attributes included. */
const mostBytes = 3600;

/** Product ids travel in comma-separated lists. */
export const productIDSchema = z.string().regex(/^[^,\p{Cc}]{1,200}$/u);
export const quantitySchema = z.int().min(1).max(mostPieces);

/** What somebody means to buy: pieces by productID, in the order of adding. */
export type Cart = ReadonlyMap<string, number>;

const cartSchema = z
  .record(productIDSchema, quantitySchema)
  .refine((lines) => Object.keys(lines).length <= mostProducts);

/** The cart's cookie: `{productID: quantity}`; prices are not the browser's business. */
export const cartCookie = jsonCookie("cart", cartSchema, 30);

export const cartOf = (lines: Readonly<Record<string, number>> | undefined): Cart =>
  new Map(Object.entries(lines ?? {}));
export const linesOf = (cart: Cart): Record<string, number> => Object.fromEntries(cart);

/** How many pieces are in a cart altogether. */
export const pieces = (cart: Cart): number => [...cart.values()].reduce((sum, quantity) => sum + quantity, 0);

/** A cart with more of a product, as many as one cart holds; undefined if no further product fits. */
export function withMore(cart: Cart, productID: string, quantity: number): Cart | undefined {
  return withQuantity(cart, productID, Math.min(mostPieces, (cart.get(productID) ?? 0) + quantity));
}

/** A cart with this many of a product, none if 0; undefined if no further product fits. */
export function withQuantity(cart: Cart, productID: string, quantity: number): Cart | undefined {
  const next = new Map(cart);
  if (quantity === 0) next.delete(productID);
  else next.set(productID, quantity);
  return next.size <= mostProducts && encoded(linesOf(next)).length <= mostBytes ? next : undefined;
}

/** A line of a cart with what product-lookup says of it now; no product: it is not sold any more. */
export interface CartLine {
  readonly productID: string;
  readonly quantity: number;
  readonly product: Product | undefined;
}

/** The cart's lines as they stand at this moment. */
export const priced = (cart: Cart, products: ReadonlyMap<string, Product>): CartLine[] =>
  [...cart].map(([productID, quantity]) => ({ productID, quantity, product: products.get(productID) }));

/** Why a line cannot be bought as it is; undefined if it can. */
export function trouble({ product, quantity }: CartLine): string | undefined {
  if (product === undefined) return "This is not sold any more.";
  if (product.stock <= 0) return "Sold out in the meantime.";
  if (product.stock < quantity) return `Only ${product.stock} left.`;
  return undefined;
}

/** What all lines that can be had cost together, in dollars. */
export const sumOf = (lines: readonly CartLine[]): number =>
  total(
    lines.flatMap(({ product, quantity }) =>
      product && product.stock > 0 ? [{ price: product.price, quantity }] : [],
    ),
  );
