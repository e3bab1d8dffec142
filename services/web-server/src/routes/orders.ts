import { type Request, Router } from "express";
import { type Cart, withQuantity } from "../cart.ts";
import { orderIDSchema } from "../input.ts";
import { NeighbourDown } from "../neighbours.ts";
import { placedAt } from "../placed.ts";
import { cartIn, keepCart, type Shop, show } from "../shop.ts";
import { decidedView, pendingView } from "../views/order.ts";
import { sorry } from "../views/sorry.ts";

/** What has become of an order. Whoever knows its id may see it: the id cannot be guessed. */
export function orders({ orders, now, log }: Shop): Router {
  const router = Router();

  router.get("/orders/:orderID", async (request, response) => {
    response.set("cache-control", "no-store");
    const { orderID } = request.params;
    const known = orderIDSchema.safeParse(orderID).success;
    const placed = known ? placedAt(request, orderID) : undefined;
    const age = placed === undefined ? undefined : now() - placed;
    const order = known ? await orders.order(orderID).catch((err) => pendingOr(err)) : undefined;
    if (order !== undefined && order !== "unseen") {
      const title = order.status === "CONFIRMED" ? "Order confirmed" : "Order not possible";
      return show(request, response, { title, body: decidedView(order) });
    }
    if (age === undefined) {
      const text =
        "We know no order by this number, or not yet. If you placed it a moment ago, look again in a moment.";
      const body = sorry("No such order", text, known ? request.path : undefined);
      return show(request, response.status(404), { title: "Not found", body });
    }
    const body = pendingView(orderID, order === "unseen");
    show(request, response, { title: "Order being processed", refresh: pauseFor(age), body });

    function pendingOr(err: unknown): "unseen" {
      if (!(err instanceof NeighbourDown) || age === undefined) throw err;
      log.warn({ err, orderID }, "the state of an order cannot be seen");
      return "unseen";
    }
  });

  router.post("/orders/:orderID/again", async (request, response) => {
    const { orderID } = request.params;
    const order = orderIDSchema.safeParse(orderID).success ? await orders.order(orderID) : undefined;
    keepCart(request, response, refilled(request, order?.lines ?? []));
  });

  return router;
}

/** The cart with the lines of an order that came to nothing; what does not fit any more stays out. */
function refilled(request: Request, lines: readonly { productID: string; quantity: number }[]): Cart {
  return lines.reduce(
    (cart, { productID, quantity }) => withQuantity(cart, productID, quantity) ?? cart,
    cartIn(request),
  );
}

/** Seconds until a browser without scripts asks again: often at first, seldom for an order that takes long. */
const pauseFor = (age: number): number => (age < 30_000 ? 2 : age < 600_000 ? 10 : 60);
