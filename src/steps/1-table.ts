import { type Index, table } from "../aws/dynamodb/table.ts";
import type { Shop } from "../config.ts";

/**
 * What each product-lookup task reads to keep its search index fresh: the products changed since, by shard, so that no
 * partition takes all the writes. It holds what the index is made of and not the stock, so an order does not write to it.
 */
export const changes: Index = {
  hash: { name: "shard", type: "S" },
  range: { name: "updatedAt", type: "N" },
  holds: ["name", "description", "category", "style", "price", "interest"],
};

/** Step 1: the tables. The guide's `Products`, and one for what its order-processing decides. */
export function tables({ names }: Shop) {
  const settings = { billing: "on-demand", recovery: true, protected: true, encryption: "owned" } as const;
  const products = table(names.productsTable, { key: "productID", ...settings, indexes: { changes } });
  const orders = table(names.ordersTable, { key: "orderID", ...settings, indexes: null });
  return { number: 1, title: "tables", products, orders, resources: [products, orders] };
}
