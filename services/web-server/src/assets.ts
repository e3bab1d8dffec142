import { createHash } from "node:crypto";
import { Router } from "express";
import { script } from "./assets/script.ts";
import { style } from "./assets/style.ts";

const versioned = (name: string, text: string): string => {
  const [stem, ending] = name.split(".");
  return `/assets/${stem}-${createHash("sha256").update(text).digest("hex").slice(0, 12)}.${ending}`;
};

/** Where the style sheet and the script are; another text, another address. */
export const stylePath = versioned("style.css", style);
export const scriptPath = versioned("order.js", script);

/** Serves both for good: they are part of the bundle, so that the container is one file. */
export function assets(): Router {
  const router = Router();
  for (const [path, type, text] of [
    [stylePath, "text/css", style],
    [scriptPath, "text/javascript", script],
  ] as const) {
    router.get(path, (_request, response) => {
      response.type(type).set("cache-control", "public, max-age=31536000, immutable").send(text);
    });
  }
  return router;
}
