import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import { createApp as createCommonApp, HttpError } from "../../common/src/http.ts";
import type { Neighbour } from "../../common/src/neighbours.ts";
import { assets } from "./assets.ts";
import { NeighbourDown } from "./neighbours.ts";
import { api } from "./routes/api.ts";
import { browse } from "./routes/browse.ts";
import { cart } from "./routes/cart.ts";
import { checkout } from "./routes/checkout.ts";
import { orders } from "./routes/orders.ts";
import { secured } from "./security.ts";
import { type Shop, show } from "./shop.ts";
import { sorry } from "./views/sorry.ts";

/** The shop's front: pages for people, JSON for programs, both in front of the same neighbours. */
export function createApp(shop: Shop, neighbours: Readonly<Record<string, Neighbour>> = {}): Express {
  return createCommonApp({
    log: shop.log,
    neighbours,
    routes(app) {
      // The load balancer says whether the browser came by TLS; cookies are marked accordingly.
      app.set("trust proxy", 1);
      app.use(secured);
      app.use(assets());
      app.use("/api", api(shop), (request) => {
        throw new HttpError(404, "NotFound", `There is no ${request.method} ${request.originalUrl}.`);
      });
      app.use(express.urlencoded({ extended: false, limit: "32kb" }), withBody);
      app.use(browse(shop), cart(shop), checkout(shop), orders(shop));
      app.use(notFound);
      app.use(friendly(shop));
    },
  });
}

/** A POST without a form has an empty one. */
const withBody: RequestHandler = (request, _response, next) => {
  request.body ??= {};
  next();
};

const notFound: RequestHandler = (request, response) => {
  const body = sorry(
    "Nothing at this address",
    "It may have moved, or never have been. The search knows all there is.",
  );
  show(request, response.status(404), { title: "Not found", body });
};

/** A page for people where something failed; programs get what common makes of it. */
const friendly =
  ({ log }: Shop): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    if (response.headersSent || request.path.startsWith("/api/")) return next(error);
    const again = request.method === "GET" ? request.originalUrl : undefined;
    if (error instanceof NeighbourDown) {
      log.error({ err: error, neighbour: error.neighbour }, "a neighbour is down");
      const text =
        error.neighbour === "product-lookup"
          ? "The shelves cannot be reached at the moment. Your cart is safe; please try again shortly."
          : "Orders cannot be looked up at the moment. What you ordered is safe; please try again shortly.";
      const page = { title: "Back in a moment", body: sorry("Back in a moment", text, again) };
      return show(request, response.status(503).set(error.headers), page);
    }
    const status = clientStatus(error);
    if (status === 500) log.error({ err: error }, "request failed");
    const body =
      status === 500
        ? sorry("That is our fault", "Something broke on our side, and we have a note of it. Please try again.", again)
        : sorry("We did not understand that", "Your browser sent something that makes no sense to us.");
    show(request, response.status(status), { title: "Sorry", body });
  };

/** Express and its parsers put a status on what the client did wrong. */
function clientStatus(error: unknown): number {
  if (!(error instanceof Error) || !("status" in error) || typeof error.status !== "number") return 500;
  return error.status >= 400 && error.status < 500 ? error.status : 500;
}
