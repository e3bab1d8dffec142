import { randomUUID } from "node:crypto";
import { type Request, type Response, Router } from "express";
import { type CartLine, cartCookie, priced, trouble } from "../cart.ts";
import { checkoutSchema, customerSchema } from "../input.ts";
import { NotTaken, place, type Wish } from "../ordering.ts";
import { placedAt, rememberPlaced } from "../placed.ts";
import { cartIn, type Shop, show } from "../shop.ts";
import { type CheckoutView, checkoutView, type Filled, type Problems } from "../views/checkout.ts";

const empty: Filled = { name: "", email: "", address: "" };

/** From the cart to an order. The page brings the order's id with it: sent twice, it is one order. */
export function checkout(shop: Shop): Router {
  const { lookup, log, now } = shop;
  const router = Router();
  const linesIn = async (request: Request): Promise<CartLine[]> => {
    const cart = cartIn(request);
    return priced(cart, await lookup.products([...cart.keys()]));
  };
  const render = (request: Request, response: Response, view: CheckoutView) =>
    show(request, response.set("cache-control", "no-store"), { title: "Check out", body: checkoutView(view) });

  router.get("/checkout", async (request, response) => {
    const lines = await linesIn(request);
    if (lines.length === 0 || lines.some(trouble)) return response.redirect(303, "/cart");
    render(request, response, { orderID: randomUUID(), lines, filled: empty });
  });

  router.post("/checkout", async (request, response) => {
    const hidden = checkoutSchema.safeParse(request.body);
    // Not our form, or one that was tampered with: a new one has all that is needed.
    if (!hidden.success) return response.redirect(303, "/checkout");
    const { orderID, seen } = hidden.data;
    if (placedAt(request, orderID) !== undefined) return response.redirect(303, `/orders/${orderID}`);
    const cart = cartIn(request);
    if (cart.size === 0) return response.redirect(303, "/cart");

    const filled = filledIn(request.body);
    const again = async (status: number, more: Partial<CheckoutView>) =>
      render(request, response.status(status), { orderID, lines: await linesIn(request), filled, ...more });
    const customer = customerSchema.safeParse(request.body);
    if (!customer.success) return again(422, { problems: problemsOf(customer.error.issues) });
    const changed = [...cart].some(([productID, quantity]) => seen[productID]?.quantity !== quantity);
    if (changed || Object.keys(seen).length !== cart.size)
      return again(409, { failure: "Your cart is not the one this page was made for. Please look at it again." });

    const lines: Wish["lines"] = [...cart].map(([productID, quantity]) => ({
      productID,
      quantity,
      price: seen[productID]?.price,
    }));
    try {
      const placed = await place(shop, { orderID, lines, customer: customer.data });
      if (placed.is === "differs") return again(409, { differences: placed.differences });
    } catch (err) {
      if (!(err instanceof NotTaken)) throw err;
      log.error({ err, orderID }, "an order was not taken");
      const failure =
        "We could not take your order just now. Nothing is lost, your cart is as it was: please try again in a moment.";
      return again(503, { failure });
    }
    log.info({ orderID }, "order placed");
    rememberPlaced(request, response, orderID, now());
    cartCookie.clear(request, response);
    response.redirect(303, `/orders/${orderID}`);
  });

  return router;
}

/** What was filled in, as it was, to be shown again. */
function filledIn(body: Readonly<Record<string, unknown>>): Filled {
  const text = (name: keyof Filled) => (typeof body[name] === "string" ? body[name].slice(0, 1000) : "");
  return { name: text("name"), email: text("email"), address: text("address") };
}

/** The first thing that is wrong with each field. */
function problemsOf(issues: readonly { path: readonly PropertyKey[]; message: string }[]): Problems {
  return Object.fromEntries([...issues].reverse().map(({ path, message }) => [String(path[0]), message]));
}
