import type { Request, Response } from "express";
import * as z from "zod";
import { jsonCookie } from "./cookies.ts";
import { orderIDSchema } from "./input.ts";

/** How many orders a browser remembers. */
const remembered = 8;

const cookie = jsonCookie("placed", z.array(z.tuple([orderIDSchema, z.number()])).max(remembered), 7);

/** When this browser placed an order, in milliseconds since 1970: until it is decided, nobody else here knows of it. */
export const placedAt = (request: Request, orderID: string): number | undefined =>
  cookie.read(request)?.find(([id]) => id === orderID)?.[1];

/** Lets the browser remember that it placed an order. */
export function rememberPlaced(request: Request, response: Response, orderID: string, now: number): void {
  const others = (cookie.read(request) ?? []).filter(([id]) => id !== orderID);
  cookie.write(request, response, [[orderID, now], ...others.slice(0, remembered - 1)]);
}
