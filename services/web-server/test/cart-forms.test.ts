import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningShop, startShop } from "./support/shop.ts";
import type { Visitor } from "./support/visitor.ts";

const mill = "kitchen-pepper-mill-walnut";
const vice = "tools-bench-vice-small";

let shop: RunningShop;
let visitor: Visitor;
beforeEach(async () => {
  shop = await startShop();
  visitor = shop.visitor();
});
afterEach(() => shop.stop());

describe("a cart", () => {
  it("is filled, changed and emptied by forms", async () => {
    expect((await visitor.post("/cart/add", { productID: mill, quantity: "2" })).location).toBe("/cart");
    await visitor.post("/cart/add", { productID: vice });
    expect((await visitor.get("/cart")).text).toContain("$156.00");
    await visitor.post("/cart/update", { productID: mill, quantity: "1" });
    await visitor.post("/cart/remove", { productID: vice });
    const { text } = await visitor.get("/cart");
    expect(text).toContain('data-testid="cart-total">$46.00');
    expect(text).not.toContain("Bench Vice");
    await visitor.post("/cart/update", { productID: mill, quantity: "0" });
    expect((await visitor.get("/cart")).text).toContain("Nothing in it yet");
  });

  it("refuses numbers that are none and says so", async () => {
    for (const quantity of ["-1", "1.5", "100", "many"]) {
      expect((await visitor.post("/cart/add", { productID: mill, quantity })).location).toBe("/cart?notice=quantity");
    }
    expect((await visitor.get("/cart?notice=quantity")).text).toContain("between 0 and 99");
    expect((await visitor.get("/cart?notice=<b>")).text).not.toContain("<b>");
  });

  it("counts a cookie that nobody can read as an empty one", async () => {
    for (const lines of ["nonsense", '{"a":-1}', '{"a":"1"}', '["a"]', '{"a,b":1}']) {
      visitor.cookies.set("cart", Buffer.from(lines).toString("base64url"));
      expect((await visitor.get("/cart")).text).toContain("Nothing in it yet");
    }
  });

  it("is kept from scripts and from other sites", async () => {
    const { headers } = await visitor.post("/cart/add", { productID: mill });
    expect(headers.get("set-cookie")).toMatch(/HttpOnly.*SameSite=Lax/);
  });

  it("marks what cannot be had and does not let it through to the checkout", async () => {
    await visitor.post("/cart/add", { productID: vice, quantity: "3" });
    await visitor.post("/cart/add", { productID: "no-such-thing" });
    const { text } = await visitor.get("/cart");
    expect(text).toContain("Only 2 left.");
    expect(text).toContain("This is not sold any more.");
    expect(text).not.toContain("cart-checkout");
    expect((await visitor.get("/checkout")).location).toBe("/cart");
  });
});
