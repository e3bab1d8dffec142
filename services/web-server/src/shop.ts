import type { Request, Response } from "express";
import type { Publish } from "../../common/src/events.ts";
import type { Logger } from "../../common/src/log.ts";
import { type Cart, cartCookie, cartOf, linesOf, pieces } from "./cart.ts";
import type { Interest } from "./interest.ts";
import type { Lookup, Orders } from "./neighbours.ts";
import { layout, type Page } from "./views/layout.ts";

/** All that the pages and the API need of the world outside. `now` in milliseconds since 1970. */
export interface Shop {
  readonly lookup: Lookup;
  readonly orders: Orders;
  readonly publish: Publish;
  readonly interest: Interest;
  readonly log: Logger;
  readonly now: () => number;
}

/** The cart that came with a request; what nobody can read is an empty one. */
export const cartIn = (request: Request): Cart => cartOf(cartCookie.read(request));

/** Sends a page in the shop's frame. `inCart` is the request's cart unless given. */
export function show(
  request: Request,
  response: Response,
  page: Omit<Page, "inCart"> & { readonly inCart?: number },
): void {
  response.type("html").send(layout({ inCart: pieces(cartIn(request)), ...page }));
}

/** Writes a changed cart and shows it; undefined if it could not be changed, because it is full. */
export function keepCart(request: Request, response: Response, changed: Cart | undefined): void {
  if (changed !== undefined) cartCookie.write(request, response, linesOf(changed));
  response.redirect(303, changed === undefined ? "/cart?notice=full" : "/cart");
}

/** True for a person's own look at a page: not for link checkers, nor for a browser that fetches ahead. */
export const isLook = (request: Request): boolean =>
  request.method === "GET" && !request.get("sec-purpose")?.includes("prefetch");
