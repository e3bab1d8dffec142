import type { Express } from "express";
import * as z from "zod";
import { HttpError } from "../../common/src/http.ts";
import type { Product, ProductPage } from "../../common/src/shop.ts";
import { type Catalogue, type Search, sorts } from "./catalogue.ts";
import type { ReadProducts } from "./products.ts";

/** A page is one BatchGetItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const mostAtOnce = 100;

/** A parameter left empty, as a form leaves it, is a parameter not given. */
const given = <T extends z.ZodType>(schema: T) => z.preprocess((value) => (value === "" ? undefined : value), schema);
const number = z.coerce.number("expected a number");

const searched = z.object({
  q: z.string().max(1000).default(""),
  category: given(z.string().optional()),
  minPrice: given(number.nonnegative().optional()),
  maxPrice: given(number.nonnegative().optional()),
  sort: given(z.enum(sorts).default("relevance")),
  page: given(number.int().min(1).max(1_000_000).default(1)),
  pageSize: given(number.int().min(1).max(mostAtOnce).default(24)),
});

const byIDs = z.object({
  ids: z
    .string()
    .transform((ids) => ids.split(",").filter((id) => id !== ""))
    .pipe(z.array(z.string()).max(mostAtOnce)),
});

export interface RouteOptions {
  readonly catalogue: Catalogue;
  readonly products: ReadProducts;
  /** Why the catalogue cannot be searched yet. */
  readonly notReady: () => string | undefined;
}

/** `GET /products` (a search, or `?ids=`) and `GET /products/:id`. */
export const routes =
  ({ catalogue, products, notReady }: RouteOptions) =>
  (app: Express): void => {
    app.get("/products", async (request, response) => {
      if (request.query.ids !== undefined) {
        const { ids } = parse(byIDs, request.query);
        const items = pick(ids, await products(ids));
        response.json({ items, total: items.length, page: 1, pages: 1, pageSize: mostAtOnce, categories: [] });
        return;
      }
      const search = parse(searched, request.query);
      const why = notReady();
      if (why !== undefined) throw new HttpError(503, "NotReady", `No search yet: ${why}.`, { "retry-after": "2" });
      response.json(await page(search));
    });

    app.get("/products/:id", async (request, response) => {
      const { id } = request.params;
      const product = (await products([id])).get(id);
      if (product === undefined) throw new HttpError(404, "ProductNotFound", `There is no product ${id}.`);
      response.json(product);
    });

    async function page(search: Search): Promise<ProductPage> {
      for (let attempt = 1; ; attempt += 1) {
        const { productIDs, total, categories } = catalogue.search(search);
        const found = await products(productIDs);
        const gone = productIDs.filter((id) => !found.has(id));
        for (const id of gone) catalogue.remove(id);
        // What is no longer in the table left gaps: without it the page is searched for again.
        if (gone.length > 0 && attempt < 3) continue;
        const { page, pageSize } = search;
        const items = pick(productIDs, found);
        return { items, total, page, pages: Math.ceil(total / pageSize), pageSize, categories };
      }
    }
  };

const pick = (ids: readonly string[], found: ReadonlyMap<string, Product>): Product[] =>
  ids.flatMap((id) => found.get(id) ?? []);

function parse<T extends z.ZodType>(schema: T, query: unknown): z.infer<T> {
  const read = schema.safeParse(query);
  if (read.success) return read.data;
  const why = read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
  throw new HttpError(400, "BadRequest", why);
}
