import type { Publish } from "../../common/src/events.ts";
import { HttpError } from "../../common/src/http.ts";
import type { Customer, OrderLine, Product } from "../../common/src/shop.ts";
import type { Lookup, Orders } from "./neighbours.ts";

/** What somebody orders; a price is what they saw. */
export interface Wish {
  readonly orderID: string;
  readonly lines: readonly {
    readonly productID: string;
    readonly quantity: number;
    readonly price?: number | undefined;
  }[];
  readonly customer: Customer;
}

/** Why a line cannot be sold as it was wished for. */
export type Difference = { readonly productID: string; readonly name: string } & (
  | { readonly is: "gone" }
  | { readonly is: "short"; readonly available: number }
  | { readonly is: "price"; readonly was: number; readonly now: number }
);

/** `placed`: SNS has it, now or since an earlier try. `differs`: nothing was ordered. */
export type Placed =
  | { readonly is: "placed" }
  | { readonly is: "differs"; readonly differences: readonly Difference[] };

/** SNS did not take the order: as far as we know nothing was ordered; the same orderID may be sent again. */
export class NotTaken extends HttpError {
  override readonly name = "NotTaken";
  constructor(override readonly cause: unknown) {
    super(503, "OrderNotTaken", "The order could not be taken at the moment.", { "retry-after": "5" });
  }
}

/** Places an order at the prices of this moment. Throws NotTaken, or NeighbourDown if prices cannot be asked for. */
export async function place(
  { lookup, orders, publish, now }: { lookup: Lookup; orders: Orders; publish: Publish; now: () => number },
  { orderID, lines, customer }: Wish,
): Promise<Placed> {
  const products = await lookup.products(lines.map(({ productID }) => productID));
  const differences = lines.flatMap((line) => differenceOf(line, products.get(line.productID)) ?? []);
  if (differences.length > 0) {
    // Sent twice, the first may have taken the last piece: that is no difference, that is their order.
    const known = await orders.order(orderID).catch(() => undefined);
    return known ? { is: "placed" } : { is: "differs", differences };
  }
  const taken = lines.flatMap(({ productID, quantity }): OrderLine[] => {
    const product = products.get(productID);
    return product ? [{ productID, name: product.name, quantity, price: product.price }] : [];
  });
  try {
    await publish("order.placed", { orderID, lines: taken, customer, placedAt: now() });
  } catch (cause) {
    throw new NotTaken(cause);
  }
  return { is: "placed" };
}

function differenceOf(line: Wish["lines"][number], product: Product | undefined): Difference | undefined {
  const { productID, quantity, price } = line;
  if (product === undefined) return { productID, name: productID, is: "gone" };
  const { name, stock } = product;
  if (stock < quantity) return { productID, name, is: "short", available: Math.max(0, stock) };
  if (price !== undefined && price !== product.price)
    return { productID, name, is: "price", was: price, now: product.price };
  return undefined;
}
