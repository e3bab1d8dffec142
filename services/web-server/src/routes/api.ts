import express, { Router } from "express";
import type { z } from "zod";
import { HttpError } from "../../../common/src/http.ts";
import { orderIDSchema, orderSchema, searchSchema } from "../input.ts";
import { place } from "../ordering.ts";
import { placedAt, rememberPlaced } from "../placed.ts";
import { isLook, type Shop } from "../shop.ts";
import { told } from "../views/checkout.ts";

/** The shop as JSON. Errors are `{error: {code, message}}`. */
export function api(shop: Shop): Router {
  const { lookup, orders, interest, now, log } = shop;
  const router = Router();
  router.use(express.json({ limit: "64kb" }));

  router.get("/products", async (request, response) => {
    const search = valid(searchSchema, request.query);
    const found = await lookup.search(search);
    if (search.q !== "" && isLook(request)) {
      interest.tell("product.searched", { query: search.q, productIDs: found.items.map(({ productID }) => productID) });
    }
    response.json(found);
  });

  router.get("/products/:productID", async (request, response) => {
    const { productID } = request.params;
    const product = await lookup.product(productID);
    if (product === undefined) throw new HttpError(404, "ProductNotFound", `There is no product ${productID}.`);
    if (isLook(request)) interest.tell("product.viewed", { productID });
    response.json(product);
  });

  // 202: SNS has the order, and order-processing will decide it. The same orderID again is the same order.
  router.post("/orders", async (request, response) => {
    const wish = valid(orderSchema, request.body);
    const placed = await place(shop, wish);
    if (placed.is === "differs") {
      const message = placed.differences.map(told).join(" ");
      return response.status(409).json({ error: { code: "CannotBeSold", message, differences: placed.differences } });
    }
    log.info({ orderID: wish.orderID }, "order placed");
    rememberPlaced(request, response, wish.orderID, now());
    response.status(202).location(`/api/orders/${wish.orderID}`).json({ orderID: wish.orderID, status: "PENDING" });
  });

  router.get("/orders/:orderID", async (request, response) => {
    const { orderID } = request.params;
    const known = orderIDSchema.safeParse(orderID).success;
    const order = known ? await orders.order(orderID) : undefined;
    response.set("cache-control", "no-store");
    if (order !== undefined) return response.json(order);
    if (known && placedAt(request, orderID) !== undefined) return response.json({ orderID, status: "PENDING" });
    throw new HttpError(404, "OrderNotFound", `There is no order ${orderID}, or it has not been decided yet.`);
  });

  return router;
}

/** The input, or 400 with all that is wrong with it. */
function valid<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": "));
  throw new HttpError(400, "InvalidInput", problems.join("; "));
}
