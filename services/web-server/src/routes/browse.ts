import { Router } from "express";
import { lenientSearchSchema } from "../input.ts";
import { isLook, type Shop, show } from "../shop.ts";
import { home } from "../views/home.ts";
import { productView } from "../views/product.ts";
import { results, searchTitle } from "../views/search.ts";
import { sorry } from "../views/sorry.ts";

/** Looking around: home, search, one product. */
export function browse({ lookup, interest, log }: Shop): Router {
  const router = Router();

  router.get("/", async (request, response) => {
    const page = await lookup.search({ sort: "popular", pageSize: 8 });
    show(request, response, { body: home(page) });
  });

  router.get("/search", async (request, response) => {
    const search = lenientSearchSchema.parse(request.query);
    const found = await lookup.search(search);
    if (search.q !== "" && isLook(request)) {
      const productIDs = found.items.map(({ productID }) => productID);
      interest.tell("product.searched", { query: search.q, productIDs });
    }
    show(request, response, { title: searchTitle(search), query: search.q, body: results(search, found) });
  });

  router.get("/products/:productID", async (request, response) => {
    const { productID } = request.params;
    const product = await lookup.product(productID);
    if (product === undefined) {
      const body = sorry(
        "No such thing here",
        "We looked on every shelf. Perhaps it was sold for good, perhaps the address has a typo.",
      );
      show(request, response.status(404), { title: "Not found", body });
      return;
    }
    if (isLook(request)) interest.tell("product.viewed", { productID });
    const { category } = product;
    const related = await lookup.search({ category, sort: "popular", pageSize: 5 }).catch((err) => {
      log.warn({ err }, "a product is shown without others of its category");
      return { items: [] };
    });
    const others = related.items.filter((other) => other.productID !== productID).slice(0, 4);
    show(request, response, { title: product.name, body: productView(product, others) });
  });

  return router;
}
