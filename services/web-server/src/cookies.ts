import type { CookieOptions, Request, Response } from "express";
import type { z } from "zod";

/** A cookie that holds a small JSON value; what does not fit the schema counts as not there. */
export interface JsonCookie<T> {
  read(request: Request): T | undefined;
  write(request: Request, response: Response, value: T): void;
  clear(request: Request, response: Response): void;
}

/** Declares a cookie that only the server reads; `days` is how long browsers keep it. */
export function jsonCookie<T>(name: string, schema: z.ZodType<T>, days: number): JsonCookie<T> {
  // Lax keeps it out of forms that other sites post; Secure only where there is TLS, or the browser would drop it.
  const options = ({ secure }: Request): CookieOptions => ({ httpOnly: true, sameSite: "lax", path: "/", secure });
  return {
    read: (request) => schema.safeParse(decoded(cookieOf(request, name))).data,
    write: (request, response, value) =>
      void response.cookie(name, encoded(value), { ...options(request), maxAge: days * 86_400_000 }),
    clear: (request, response) => void response.clearCookie(name, options(request)),
  };
}

/** JSON in the alphabet that cookies may hold as it is. */
export const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function decoded(text: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(text ?? "", "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

function cookieOf({ headers }: Request, name: string): string | undefined {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
