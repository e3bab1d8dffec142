import { describe, expect, it } from "vitest";
import {
  cartOf,
  linesOf,
  mostPieces,
  mostProducts,
  pieces,
  priced,
  sumOf,
  trouble,
  withMore,
  withQuantity,
} from "../src/cart.ts";

const product = (productID: string, price: number, stock: number) => ({
  productID,
  name: productID,
  description: "",
  category: "",
  price,
  stock,
  interest: 0,
});

describe("a cart", () => {
  it("counts pieces, adds to what is there, and forgets what becomes none", () => {
    const two = withMore(cartOf({ ladle: 2 }), "ladle", 3);
    expect(two && linesOf(two)).toEqual({ ladle: 5 });
    expect(pieces(cartOf({ ladle: 2, wok: 1 }))).toBe(3);
    expect(withQuantity(cartOf({ ladle: 2 }), "ladle", 0)?.size).toBe(0);
  });

  it("holds so many pieces of one product and no more", () => {
    expect(withMore(cartOf({ ladle: 98 }), "ladle", 50)?.get("ladle")).toBe(mostPieces);
  });

  it("refuses one product too many, and what would not fit a cookie", () => {
    const full = cartOf(Object.fromEntries(Array.from({ length: mostProducts }, (_, n) => [`p${n}`, 1])));
    expect(withMore(full, "another", 1)).toBeUndefined();
    expect(withMore(full, "p0", 1)?.get("p0")).toBe(2);
    const long = cartOf(Object.fromEntries(Array.from({ length: 13 }, (_, n) => [`${n}${"x".repeat(190)}`, 1])));
    expect(withMore(long, "y".repeat(200), 1)).toBeUndefined();
  });

  it("keeps a product named __proto__ as any other", () => {
    expect(Object.keys(linesOf(cartOf(JSON.parse('{"__proto__": 2}'))))).toEqual(["__proto__"]);
  });

  it("says what is wrong with a line, and adds up the others to the cent", () => {
    const products = new Map(
      [product("a", 0.1, 9), product("b", 0.2, 1), product("c", 5, 0)].map((each) => [each.productID, each]),
    );
    const lines = priced(cartOf({ a: 1, b: 1, c: 1, d: 1 }), products);
    expect(lines.map(trouble)).toEqual([
      undefined,
      undefined,
      "Sold out in the meantime.",
      "This is not sold any more.",
    ]);
    expect(trouble({ productID: "b", quantity: 2, product: products.get("b") })).toBe("Only 1 left.");
    expect(sumOf(lines)).toBe(0.3);
  });
});
