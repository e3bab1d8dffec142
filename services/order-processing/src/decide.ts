import type { EventBody } from "../../common/src/events.ts";
import { total } from "../../common/src/money.ts";
import type { Order } from "../../common/src/shop.ts";

/** One write of a DynamoDB transaction is the order itself: the others are left for products. */
const mostProducts = 99;

export type Placed = EventBody<"order.placed">;

/** How much of a product an order takes, all its lines together. */
export interface Taken {
  readonly productID: string;
  readonly name: string;
  readonly quantity: number;
}

/** What an order takes of each product: a transaction may touch an item only once. */
export function taken(placed: Placed): Taken[] {
  const byProduct = new Map<string, Taken>();
  for (const { productID, name, quantity } of placed.lines) {
    const before = byProduct.get(productID)?.quantity ?? 0;
    byProduct.set(productID, { productID, name, quantity: before + quantity });
  }
  return [...byProduct.values()];
}

const decided = (placed: Placed, now: number) => ({
  orderID: placed.orderID,
  lines: placed.lines,
  total: total(placed.lines),
  customer: placed.customer,
  placedAt: placed.placedAt,
  decidedAt: now,
});

/** The order as it is written when its stock can be had. `now` in milliseconds since 1970. */
export const confirmed = (placed: Placed, now: number): Order => ({ ...decided(placed, now), status: "CONFIRMED" });

/** The order as it is written when a product has not enough; `available` is undefined if there is no such product. */
export function short(placed: Placed, now: number, line: Taken, available: number | undefined): Order {
  const { productID, name, quantity } = line;
  const reason =
    available === undefined
      ? `“${name}” is no longer sold.`
      : available <= 0
        ? `“${name}” is sold out.`
        : `Only ${available} of “${name}” left, ${quantity} ordered.`;
  const failedLine = { productID, quantity, available: Math.max(0, available ?? 0) };
  return { ...decided(placed, now), status: "REJECTED", reason, failedLine };
}

/** The order as it is written if it has more products than one transaction can take; undefined if it has not. */
export function tooMany(placed: Placed, now: number, products: number): Order | undefined {
  if (products <= mostProducts) return undefined;
  const reason = `An order can have ${mostProducts} different products, this one has ${products}.`;
  return { ...decided(placed, now), status: "REJECTED", reason };
}
