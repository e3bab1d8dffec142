import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Order, Product, ProductPage } from "../../../common/src/shop.ts";

/** An HTTP server on a free port of this machine. */
export async function listen(listener: RequestListener): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The sample catalogue as product-lookup would tell it. */
export const sample = (): Product[] =>
  readFileSync(new URL("../../../../templates/catalogue.ndjson", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line): Product => ({ ...JSON.parse(line), interest: 0 }));

/** Both neighbours as far as web-server asks them, with what they know in maps that a test may change. */
export async function startNeighbours(products: Product[] = sample()) {
  const stock = new Map(products.map((product) => [product.productID, product]));
  const orders = new Map<string, Order>();
  const requests: { url: string; requestId: string | undefined }[] = [];

  const server = await listen((request, response) => {
    const url = new URL(request.url ?? "/", "http://neighbour");
    requests.push({ url: `${url.pathname}${url.search}`, requestId: request.headers["x-request-id"]?.toString() });
    const [, kind, id] = url.pathname.split("/");
    const answer =
      kind === "orders"
        ? orders.get(id ?? "")
        : id !== undefined
          ? stock.get(decodeURIComponent(id))
          : search([...stock.values()], url.searchParams);
    response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? { error: { code: "NotFound", message: "not here" } }));
  });
  return { ...server, stock, orders, requests };
}

function search(products: Product[], query: URLSearchParams): ProductPage {
  const ids = query.get("ids")?.split(",");
  const matching = products.filter(({ name, description }) =>
    `${name} ${description}`.toLowerCase().includes((query.get("q") ?? "").toLowerCase()),
  );
  const found = ids
    ? ids.flatMap((id) => products.find(({ productID }) => productID === id) ?? [])
    : matching.filter(({ category }) => [null, category].includes(query.get("category")));
  const page = Number(query.get("page") ?? 1);
  const pageSize = Number(query.get("pageSize") ?? 24);
  const names = [...new Set(matching.map(({ category }) => category))];
  return {
    items: found.slice((page - 1) * pageSize, page * pageSize),
    total: found.length,
    page,
    pages: Math.ceil(found.length / pageSize),
    pageSize,
    categories: names.map((name) => ({ name, count: matching.filter(({ category }) => category === name).length })),
  };
}
