import { randomUUID } from "node:crypto";
import { expect, vi } from "vitest";
import type { Order, Product } from "../../services/common/src/shop.ts";

const customer = { name: "Ada Reader", email: "ada@example.com", address: "12 Long Lane" };

/** One who buys in a shop over HTTP, by its JSON API. `url` is the shop's. */
export function buyer(url: string) {
  const read = async <Body>(path: string): Promise<Body> => {
    const response = await fetch(url + path);
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Body;
  };
  const place = async (productID: string, quantity: number): Promise<string> => {
    const orderID = randomUUID();
    const response = await fetch(`${url}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ orderID, lines: [{ productID, quantity }], customer }),
    });
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status: 202 });
    return orderID;
  };
  const decided = (orderID: string): Promise<Order> =>
    vi.waitFor(() => read<Order>(`/api/orders/${orderID}`), { timeout: 40_000, interval: 100 });
  return {
    page: async (path: string): Promise<string> => (await fetch(url + path)).text(),
    search: (words: string) => read<{ items: Product[] }>(`/api/products?q=${encodeURIComponent(words)}`),
    product: (productID: string) => read<Product>(`/api/products/${productID}`),
    /** Sends an order, which is pending then. Returns its id. */
    place,
    /** Waits until an order is decided. */
    decided,
    /** Buys, and expects that it is confirmed and that the stock is lower by as much. */
    async buys(productID: string, quantity = 1): Promise<void> {
      const before = await read<Product>(`/api/products/${productID}`);
      expect(await decided(await place(productID, quantity))).toMatchObject({ status: "CONFIRMED" });
      const after = await read<Product>(`/api/products/${productID}`);
      expect(after.stock).toBe(before.stock - quantity);
    },
  };
}

/** Of the sample catalogue: what there is plenty of, and what is sold out. */
export const goods = { plenty: "kitchen-olivewood-spoon", soldOut: "textiles-felt-slippers" } as const;
