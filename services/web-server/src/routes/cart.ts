import { type Response, Router } from "express";
import * as z from "zod";
import { mostPieces, mostProducts, priced, productIDSchema, withMore, withQuantity } from "../cart.ts";
import { html } from "../html.ts";
import { cartIn, keepCart, type Shop, show } from "../shop.ts";
import { cartView } from "../views/cart.ts";
import { notice } from "../views/layout.ts";

/** What may be said above the cart after a change; the address holds the key, never the text. */
const notices: Readonly<Record<string, string>> = {
  quantity: `A number of pieces is between 0 and ${mostPieces}.`,
  full: `One cart holds ${mostProducts} different things. Check out first, then go on.`,
};

const pieces = z.coerce.number().int().min(0).max(mostPieces);
const lineSchema = z.object({ productID: productIDSchema, quantity: pieces });
const addSchema = z.object({ productID: productIDSchema, quantity: pieces.min(1).default(1) });

/** The cart: kept by the browser, changed by forms, priced anew whenever it is shown. */
export function cart({ lookup }: Shop): Router {
  const router = Router();

  router.get("/cart", async (request, response) => {
    const lines = cartIn(request);
    const products = await lookup.products([...lines.keys()]);
    const said = notices[String(request.query.notice)];
    const body = html`${said !== undefined && notice(said, "bad")}${cartView(priced(lines, products))}`;
    show(request, response.set("cache-control", "no-store"), { title: "Cart", body });
  });

  router.post("/cart/add", (request, response) => {
    const input = addSchema.safeParse(request.body);
    if (!input.success) return back(response, "quantity");
    keepCart(request, response, withMore(cartIn(request), input.data.productID, input.data.quantity));
  });

  router.post("/cart/update", (request, response) => {
    const input = lineSchema.safeParse(request.body);
    if (!input.success) return back(response, "quantity");
    keepCart(request, response, withQuantity(cartIn(request), input.data.productID, input.data.quantity));
  });

  router.post("/cart/remove", (request, response) => {
    const input = lineSchema.pick({ productID: true }).safeParse(request.body);
    keepCart(
      request,
      response,
      input.success ? withQuantity(cartIn(request), input.data.productID, 0) : cartIn(request),
    );
  });

  return router;
}

const back = (response: Response, key: string): void => response.redirect(303, `/cart?notice=${key}`);
