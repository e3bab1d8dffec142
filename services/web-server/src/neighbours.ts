import * as z from "zod";
import { HttpError } from "../../common/src/http.ts";
import { requestHeaders } from "../../common/src/log.ts";
import { type Order, order, type Product, type ProductPage, product, productPage } from "../../common/src/shop.ts";
import type { Search } from "./input.ts";
import { queryString } from "./query.ts";

/** product-lookup: finds products, and knows every price and stock of this moment. */
export interface Lookup {
  search(search: Partial<Search>): Promise<ProductPage>;
  product(productID: string): Promise<Product | undefined>;
  products(productIDs: readonly string[]): Promise<Map<string, Product>>;
}

/** order-processing: knows the orders that have been decided. */
export interface Orders {
  order(orderID: string): Promise<Order | undefined>;
}

/** A neighbour did not answer, or not in a way that can be understood: 503, try again soon. */
export class NeighbourDown extends HttpError {
  override readonly name = "NeighbourDown";
  constructor(
    readonly neighbour: string,
    override readonly cause: unknown,
  ) {
    super(503, "NeighbourDown", `${neighbour} does not answer at the moment.`, { "retry-after": "5" });
  }
}

/** Time that a neighbour has for one answer, in milliseconds: people wait for the page. */
const patience = 3000;

/** product-lookup behind its URL. All calls throw NeighbourDown. */
export function lookupAt(url: string): Lookup {
  const get = asker("product-lookup", url);
  const items = z.object({ items: z.array(product) });
  return {
    async search(search) {
      return present("product-lookup", await get(`/products?${queryString(search)}`, productPage));
    },
    product: (productID) => get(`/products/${encodeURIComponent(productID)}`, product),
    async products(productIDs) {
      if (productIDs.length === 0) return new Map();
      const found = present(
        "product-lookup",
        await get(`/products?${queryString({ ids: productIDs.join(",") })}`, items),
      );
      return new Map(found.items.map((each) => [each.productID, each]));
    },
  };
}

/** order-processing behind its URL. All calls throw NeighbourDown. */
export function ordersAt(url: string): Orders {
  const get = asker("order-processing", url);
  return { order: (orderID) => get(`/orders/${encodeURIComponent(orderID)}`, order) };
}

type Ask = <T>(path: string, schema: z.ZodType<T>) => Promise<T | undefined>;

function asker(neighbour: string, url: string): Ask {
  return async (path, schema) => {
    try {
      const response = await persistent(`${url}${path}`);
      if (response.status === 404) {
        await response.body?.cancel();
        return undefined;
      }
      if (!response.ok) throw new Error(`answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
      return schema.parse(await response.json());
    } catch (cause) {
      throw new NeighbourDown(neighbour, cause);
    }
  };
}

/** A connection that was kept alive may have been closed just now by a task that stops: a second try goes to another. */
async function persistent(url: string): Promise<Response> {
  const signal = AbortSignal.timeout(patience);
  const once = () => fetch(url, { signal, headers: requestHeaders() });
  return once().catch((cause) => (signal.aborted ? Promise.reject(cause) : once()));
}

function present<T>(neighbour: string, answer: T | undefined): T {
  if (answer === undefined) throw new NeighbourDown(neighbour, new Error("answered 404 to a list"));
  return answer;
}
