import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "../../common/src/shop.ts";
import { brand } from "../src/brand.ts";
import { sample } from "./support/neighbours.ts";
import { type RunningShop, startShop } from "./support/shop.ts";

const hostile: Product = {
  productID: `bad"><img src=x onerror=alert(1)>`,
  name: "<script>alert(1)</script>",
  description: `"quoted" & </p><b>bold</b>`,
  category: "Games' & <Puzzles>",
  style: "<i>",
  price: 1234.5,
  stock: 3,
  interest: 0,
};

let shop: RunningShop;
beforeAll(async () => {
  shop = await startShop({ products: [...sample(), hostile] });
});
afterAll(() => shop.stop());

describe("looking around", () => {
  it("shows categories and products on the first page", async () => {
    const { status, text, headers } = await shop.visitor().get("/");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toContain("text/html");
    expect(text).toContain(`<title>${brand}`);
    expect(text).toContain("/search?category=Coffee%20%26%20Tea");
    expect(text.match(/data-testid="result"/g)).toHaveLength(8);
  });

  it("finds by words, narrows down, sorts and pages, and hands all of it on to product-lookup", async () => {
    const path = "/search?q=the&category=Kitchen&minPrice=5&maxPrice=90.5&sort=price-asc&page=1";
    const { text } = await shop.visitor().get(path);
    expect(text).toContain("Cast-Iron Skillet");
    expect(text).toContain('value="90.5"');
    expect(shop.neighbours.requests.at(-1)?.url).toBe(
      "/products?q=the&category=Kitchen&minPrice=5&maxPrice=90.5&sort=price-asc&page=1&pageSize=24",
    );
    const second = await shop.visitor().get("/search?page=2");
    expect(second.text).toContain('<span aria-current="page">2</span>');
    expect(second.text).toContain('href="/search?page=3"');
  });

  it("takes no notice of parameters that make no sense", async () => {
    const { status } = await shop.visitor().get("/search?minPrice=cheap&page=-4&sort=colour&q=a&q=b");
    expect(status).toBe(200);
    expect(shop.neighbours.requests.at(-1)?.url).toBe("/products?sort=relevance&page=1&pageSize=24");
  });

  it("says so if nothing is found, and offers a way on", async () => {
    const { status, text } = await shop.visitor().get("/search?q=unobtainium");
    expect(status).toBe(200);
    expect(text).toContain("Nothing here by that description");
  });

  it("shows a product with price and stock", async () => {
    const { text } = await shop.visitor().get("/products/kitchen-cast-iron-skillet-26");
    expect(text).toContain("$44.90");
    expect(text).toContain('data-testid="product-stock" data-stock="38"');
    expect(text).toContain('data-testid="add-to-cart"');
  });

  it("offers no cart for what is sold out", async () => {
    const { text } = await shop.visitor().get("/products/games-shut-the-box");
    expect(text).toContain("Sold out");
    expect(text).not.toContain("add-to-cart");
  });

  it("escapes whatever a product says, in pages and in addresses", async () => {
    const path = `/products/${encodeURIComponent(hostile.productID)}`;
    for (const address of [path, "/search?q=%3Cscript%3E", "/search?page=4"]) {
      const { text, status } = await shop.visitor().get(address);
      expect(status).toBe(200);
      expect(text).not.toMatch(/<script>|<img|<b>|<i>|<Puzzles>/);
    }
    const { text } = await shop.visitor().get(path);
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(text).toContain("$1,234.50");
  });

  it("passes the request's id on to its neighbours", async () => {
    await shop.visitor().get("/", { "x-request-id": "trace-1" });
    expect(shop.neighbours.requests.at(-1)?.requestId).toBe("trace-1");
  });

  it("allows browsers nothing but its own style sheet and script", async () => {
    const { headers, text } = await shop.visitor().get("/");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.has("x-powered-by")).toBe(false);
    expect(text).not.toMatch(/ style="|<style|<script>| on\w+="/);
    const path = /href="(\/assets\/style-[^"]+)"/.exec(text)?.[1] ?? "";
    const sheet = await shop.visitor().get(path);
    expect(sheet.headers.get("content-type")).toContain("text/css");
    expect(sheet.headers.get("cache-control")).toContain("immutable");
  });

  it("has a page for what is not there", async () => {
    for (const path of ["/products/nothing", "/nowhere"]) {
      const { status, text } = await shop.visitor().get(path);
      expect(status).toBe(404);
      expect(text).toContain(brand);
    }
    expect((await shop.visitor().get("/products/%E0%A4%A")).status).toBe(400);
  });
});

describe("interest", () => {
  it("is published for searches with words and for products that were looked at", async () => {
    shop.published.length = 0;
    await shop.visitor().get("/search?category=Kitchen");
    await shop.visitor().get("/search?q=wool");
    await shop.visitor().get("/products/kitchen-pepper-mill-walnut");
    expect(shop.published).toEqual([
      { type: "product.searched", body: { query: "wool", productIDs: expect.arrayContaining(["desk-felt-mat"]) } },
      { type: "product.viewed", body: { productID: "kitchen-pepper-mill-walnut" } },
    ]);
  });

  it("is not counted for a browser that fetches ahead", async () => {
    shop.published.length = 0;
    await shop.visitor().get("/products/kitchen-pepper-mill-walnut", { "sec-purpose": "prefetch" });
    expect(shop.published).toEqual([]);
  });

  it("breaks no page if it cannot be published", async () => {
    shop.broken.add("product.viewed");
    expect((await shop.visitor().get("/products/kitchen-pepper-mill-walnut")).status).toBe(200);
    shop.broken.clear();
  });
});

describe("without product-lookup", () => {
  it("every page is friendly, says 503, and the API says it in JSON", async () => {
    const lonely = await startShop();
    await lonely.neighbours.close();
    const visitor = lonely.visitor();
    await visitor.post("/cart/add", { productID: "kitchen-pepper-mill-walnut" });
    for (const path of ["/", "/search?q=wool", "/products/desk-felt-mat", "/cart", "/checkout"]) {
      const { status, text, headers } = await visitor.get(path);
      expect(status).toBe(503);
      expect(headers.get("retry-after")).toBe("5");
      expect(text).toContain("Back in a moment");
    }
    expect(visitor.cookies.has("cart")).toBe(true);
    const { status, text } = await visitor.get("/api/products");
    expect(status).toBe(503);
    expect(JSON.parse(text).error.code).toBe("NeighbourDown");
    expect((await visitor.get("/healthz")).status).toBe(200);
    await lonely.stop();
  });
});
