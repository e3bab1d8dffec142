import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EventBody } from "../../common/src/events.ts";
import { total } from "../../common/src/money.ts";
import type { Order } from "../../common/src/shop.ts";
import { type RunningShop, startShop } from "./support/shop.ts";
import { hiddenFields, type Visitor } from "./support/visitor.ts";

const ada = { name: "Ada <Reader>", email: "ada@example.com", address: "12 Long Lane\nOldtown" };
const mill = "kitchen-pepper-mill-walnut";
const vice = "tools-bench-vice-small";

let shop: RunningShop;
let visitor: Visitor;
beforeEach(async () => {
  shop = await startShop();
  visitor = shop.visitor();
});
afterEach(() => shop.stop());

const placed = () => shop.published.filter(({ type }) => type === "order.placed");

/** What order-processing would make of the newest order. */
function decide(more: Partial<Order> = {}): Order {
  const body = placed().at(-1)?.body as EventBody<"order.placed">;
  const order: Order = { ...body, status: "CONFIRMED", total: total(body.lines), decidedAt: Date.now(), ...more };
  shop.neighbours.orders.set(order.orderID, order);
  return order;
}

function change(productID: string, to: { stock?: number; price?: number }): void {
  const product = shop.neighbours.stock.get(productID);
  if (product) shop.neighbours.stock.set(productID, { ...product, ...to });
}

describe("a checkout", () => {
  beforeEach(async () => {
    await visitor.post("/cart/add", { productID: mill, quantity: "2" });
  });

  it("places an order at the prices of product-lookup, empties the cart, and follows the order", async () => {
    const form = await visitor.checkoutForm();
    const { status, location } = await visitor.post("/checkout", { ...form, ...ada });
    expect([status, location]).toEqual([303, `/orders/${form.orderID}`]);
    const lines = [{ productID: mill, name: "Walnut Pepper Mill", quantity: 2, price: 46 }];
    expect(placed()).toEqual([
      { type: "order.placed", body: { orderID: form.orderID, lines, customer: ada, placedAt: expect.any(Number) } },
    ]);
    expect(visitor.cookies.has("cart")).toBe(false);

    const waiting = await visitor.get(`/orders/${form.orderID}`);
    expect(waiting.text).toContain('data-testid="order-status" data-status="PENDING"');
    expect(waiting.text).toContain('<noscript><meta http-equiv="refresh" content="2"></noscript>');
    expect(JSON.parse((await visitor.get(`/api/orders/${form.orderID}`)).text)).toEqual({
      orderID: form.orderID,
      status: "PENDING",
    });

    decide();
    const confirmed = await visitor.get(`/orders/${form.orderID}`);
    expect(confirmed.text).toContain('data-status="CONFIRMED"');
    expect(confirmed.text).toContain("Ada &lt;Reader&gt;");
    expect(confirmed.text).toContain("$92.00");
    expect(confirmed.text).not.toContain("http-equiv");
  });

  it("names each field that is wrong and keeps what was filled in", async () => {
    const form = await visitor.checkoutForm();
    const { status, text } = await visitor.post("/checkout", { ...form, ...ada, name: " ", email: 'ada"@' });
    expect(status).toBe(422);
    expect(text).toContain("Please tell us your name.");
    expect(text).toContain("This does not look like an e-mail address.");
    expect(text).toContain('value="ada&quot;@"');
    expect(text).toContain(">12 Long Lane\nOldtown</textarea>");
    expect(hiddenFields(text).orderID).toBe(form.orderID);
    expect(placed()).toEqual([]);
  });

  it("that is sent twice is one order", async () => {
    const form: Record<string, string> = { ...(await visitor.checkoutForm()), ...ada };
    const twin = shop.visitor();
    twin.cookies.set("cart", visitor.cookies.get("cart") ?? "");
    const answers = await Promise.all([visitor.post("/checkout", form), twin.post("/checkout", form)]);
    expect(answers.map(({ location }) => location)).toEqual([form.orderID, form.orderID].map((id) => `/orders/${id}`));
    const ids = placed().map(({ body }) => (body as EventBody<"order.placed">).orderID);
    expect(new Set(ids)).toEqual(new Set([form.orderID]));
    const later = await visitor.post("/checkout", form);
    expect(later.location).toBe(`/orders/${form.orderID}`);
    expect(placed()).toHaveLength(2);
  });

  it("that is sent again after it took the last piece leads to its order, not to an excuse", async () => {
    const form: Record<string, string> = { ...(await visitor.checkoutForm()), ...ada };
    const cart = visitor.cookies.get("cart") ?? "";
    await visitor.post("/checkout", form);
    decide();
    change(mill, { stock: 0 });
    const twin = shop.visitor();
    twin.cookies.set("cart", cart);
    expect((await twin.post("/checkout", form)).location).toBe(`/orders/${form.orderID}`);
    expect(placed()).toHaveLength(1);
  });

  it("shows a price that has changed since, and orders at the new one when sent again", async () => {
    const form = await visitor.checkoutForm();
    change(mill, { price: 50 });
    const { status, text } = await visitor.post("/checkout", { ...form, ...ada });
    expect(status).toBe(409);
    expect(text).toContain("Walnut Pepper Mill costs $50.00 now; it was $46.00.");
    expect(placed()).toEqual([]);
    const again = await visitor.post("/checkout", { ...hiddenFields(text), ...ada });
    expect(again.location).toBe(`/orders/${form.orderID}`);
    expect(placed()[0]?.body).toMatchObject({ lines: [{ price: 50 }] });
  });

  it("never believes a price from the form", async () => {
    const form = await visitor.checkoutForm();
    const seen = JSON.stringify({ [mill]: { quantity: 2, price: 0.01 } });
    expect((await visitor.post("/checkout", { ...form, ...ada, seen })).status).toBe(409);
    expect(placed()).toEqual([]);
  });

  it("says what is left if it is not enough any more", async () => {
    const form = await visitor.checkoutForm();
    change(mill, { stock: 1 });
    const { status, text } = await visitor.post("/checkout", { ...form, ...ada });
    expect(status).toBe(409);
    expect(text).toContain("Of Walnut Pepper Mill only 1 is left.");
  });

  it("shows the cart again if it was changed in another window", async () => {
    const form = await visitor.checkoutForm();
    await visitor.post("/cart/add", { productID: vice });
    const { status, text } = await visitor.post("/checkout", { ...form, ...ada });
    expect(status).toBe(409);
    expect(text).toContain("not the one this page was made for");
    expect(text).toContain("$156.00");
  });

  it("tells the buyer if SNS does not take the order, and keeps cart and order number", async () => {
    const form = await visitor.checkoutForm();
    shop.broken.add("order.placed");
    const { status, text } = await visitor.post("/checkout", { ...form, ...ada });
    expect(status).toBe(503);
    expect(text).toContain("We could not take your order just now.");
    expect(visitor.cookies.has("cart")).toBe(true);
    shop.broken.clear();
    expect((await visitor.post("/checkout", { ...hiddenFields(text), ...ada })).location).toBe(
      `/orders/${form.orderID}`,
    );
  });

  it("starts afresh with a form that is not ours", async () => {
    const foreign: Record<string, string>[] = [
      {},
      { orderID: "1", seen: "{}" },
      { orderID: crypto.randomUUID(), seen: "{" },
    ];
    for (const fields of foreign) {
      expect((await visitor.post("/checkout", { ...fields, ...ada })).location).toBe("/checkout");
    }
  });
});

describe("an order", () => {
  async function order(): Promise<string> {
    await visitor.post("/cart/add", { productID: vice, quantity: "2" });
    const { location } = await visitor.post("/checkout", { ...(await visitor.checkoutForm()), ...ada });
    return location ?? "";
  }

  it("that was rejected says which line failed, and can be put back into the cart", async () => {
    const path = await order();
    decide({ status: "REJECTED", reason: "not enough", failedLine: { productID: vice, quantity: 2, available: 1 } });
    const { text } = await visitor.get(path);
    expect(text).toContain('data-status="REJECTED"');
    expect(text).toContain("You asked for 2 of Little Bench Vice, and only 1 was left.");
    await visitor.post(`${path}/again`, {});
    expect((await visitor.get("/cart")).text).toContain("Little Bench Vice");
  });

  it("that nobody knows has a page that says so", async () => {
    for (const id of [crypto.randomUUID(), "17"]) {
      const { status, text } = await visitor.get(`/orders/${id}`);
      expect(status).toBe(404);
      expect(text).toContain("No such order");
    }
  });

  it("is safe while order-processing does not answer, and the page says so", async () => {
    const path = await order();
    await shop.neighbours.close();
    const { status, text } = await visitor.get(path);
    expect(status).toBe(200);
    expect(text).toContain('data-status="PENDING"');
    expect(text).toContain("Your order is safe");
    const stranger = await shop.visitor().get(path);
    expect(stranger.status).toBe(503);
    expect(stranger.text).toContain("Orders cannot be looked up at the moment.");
  });
});
