import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningShop, startShop } from "./support/shop.ts";
import type { Visitor } from "./support/visitor.ts";

const customer = { name: "Ada Reader", email: "ada@example.com", address: "12 Long Lane" };
const line = { productID: "kitchen-pepper-mill-walnut", quantity: 2 };

let shop: RunningShop;
let client: Visitor;
beforeEach(async () => {
  shop = await startShop();
  client = shop.visitor();
});
afterEach(() => shop.stop());

const read = async (path: string) => {
  const { status, text } = await client.get(path);
  return { status, body: JSON.parse(text) };
};
const order = async (body: unknown) => {
  const { status, text, headers } = await client.postJson("/api/orders", body);
  return { status, body: JSON.parse(text), location: headers.get("location") };
};

describe("the JSON API", () => {
  it("searches products and counts interest", async () => {
    const { status, body } = await read("/api/products?q=wool&category=Textiles&pageSize=2");
    expect(status).toBe(200);
    expect(body.items[0].productID).toBe("textiles-wool-blanket-moor");
    expect(shop.published.map(({ type }) => type)).toEqual(["product.searched"]);
  });

  it("names what is wrong with a search", async () => {
    const { status, body } = await read("/api/products?minPrice=cheap&page=0");
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: "InvalidInput", message: expect.stringMatching(/minPrice: .*; page: /) });
  });

  it("shows one product, or 404 in JSON", async () => {
    expect((await read(`/api/products/${line.productID}`)).body.price).toBe(46);
    const missing = await read("/api/products/nothing");
    expect([missing.status, missing.body.error.code]).toEqual([404, "ProductNotFound"]);
    expect((await read("/api/nowhere")).body.error.code).toBe("NotFound");
  });

  it("takes an order, once per orderID, and tells what has become of it", async () => {
    const orderID = crypto.randomUUID();
    const answer = { status: 202, body: { orderID, status: "PENDING" }, location: `/api/orders/${orderID}` };
    expect(await order({ orderID, lines: [line], customer })).toEqual(answer);
    expect(await order({ orderID, lines: [line], customer })).toEqual(answer);
    expect((await read(`/api/orders/${orderID}`)).body).toEqual({ orderID, status: "PENDING" });
    expect((await shop.visitor().get(`/api/orders/${orderID}`)).status).toBe(404);
  });

  it("refuses an order that makes no sense", async () => {
    const orderID = crypto.randomUUID();
    for (const wrong of [
      { orderID: "1", lines: [line], customer },
      { orderID, lines: [], customer },
      { orderID, lines: [{ ...line, quantity: 0 }], customer },
      { orderID, lines: [line, line], customer },
      { orderID, lines: [line], customer: { ...customer, email: "ada" } },
    ]) {
      expect((await order(wrong)).status).toBe(400);
    }
    expect((await client.postJson("/api/orders", undefined)).status).toBe(400);
    expect(shop.published).toEqual([]);
  });

  it("says why an order cannot be sold: gone, not enough, or at another price", async () => {
    const lines = [
      { productID: "no-such-thing", quantity: 1 },
      { productID: "desk-wall-calendar-linen", quantity: 2 },
      { ...line, price: 1 },
    ];
    const { status, body } = await order({ orderID: crypto.randomUUID(), lines, customer });
    expect(status).toBe(409);
    expect(body.error.differences).toMatchObject([
      { is: "gone" },
      { is: "short", available: 1 },
      { is: "price", was: 1, now: 46 },
    ]);
  });

  it("says 503 if SNS does not take the order", async () => {
    shop.broken.add("order.placed");
    const { status, body } = await order({ orderID: crypto.randomUUID(), lines: [line], customer });
    expect([status, body.error.code]).toEqual([503, "OrderNotTaken"]);
  });
});
