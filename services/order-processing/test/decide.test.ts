import { expect, test } from "vitest";
import { confirmed, type Placed, short, taken, tooMany } from "../src/decide.ts";

const line = (productID: string, quantity: number, price = 0.1) => ({ productID, name: productID, quantity, price });
const placed = (...lines: Placed["lines"]): Placed => ({
  orderID: "o1",
  lines,
  customer: { name: "Ada", email: "ada@example.com", address: "1 Engine Street" },
  placedAt: 5,
});

test("lines of the same product are taken together", () => {
  expect(taken(placed(line("mug", 1), line("rug", 2), line("mug", 3)))).toEqual([
    { productID: "mug", name: "mug", quantity: 4 },
    { productID: "rug", name: "rug", quantity: 2 },
  ]);
});

test("a total is exact to the cent", () => {
  expect(confirmed(placed(line("mug", 3), line("rug", 1, 19.99)), 9)).toMatchObject({
    status: "CONFIRMED",
    total: 20.29,
    placedAt: 5,
    decidedAt: 9,
  });
});

test.each([
  [undefined, "“mug” is no longer sold.", 0],
  [0, "“mug” is sold out.", 0],
  [-3, "“mug” is sold out.", 0],
  [2, "Only 2 of “mug” left, 4 ordered.", 2],
])("a rejection says what could not be had (%s left)", (stock, reason, available) => {
  const rejected = short(placed(line("mug", 4)), 9, { productID: "mug", name: "mug", quantity: 4 }, stock);
  expect(rejected).toMatchObject({
    status: "REJECTED",
    reason,
    failedLine: { productID: "mug", quantity: 4, available },
  });
});

test("an order of more products than a transaction can take is rejected with the number that it can", () => {
  expect(tooMany(placed(line("mug", 1)), 9, 99)).toBeUndefined();
  expect(tooMany(placed(line("mug", 1)), 9, 100)).toMatchObject({
    status: "REJECTED",
    reason: "An order can have 99 different products, this one has 100.",
  });
});
