import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  atRest,
  decided,
  expectBalance,
  kill,
  type Line,
  openShop,
  place,
  products,
  type Running,
  type ServiceName,
  tasksOf,
  waitingIn,
} from "./shop.ts";

const ORDERS = 200;
const BUYERS = 8;

let shop: Running;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.stop());

/** Half of all orders want what there is plenty of, the others what runs out. */
const wish = (n: number): Line => ({
  productID: products[n % 2 === 0 ? 0 : 1 + ((n >> 1) % (products.length - 1))]?.productID ?? "",
  quantity: 1 + (n % 3),
});

/** A buyer who goes on until the shop says yes or no: the same order, however often it is sent. */
async function buy(line: Line): Promise<{ orderID: string; placed: boolean }> {
  const orderID = randomUUID();
  const status = await vi.waitFor(
    async () => {
      const answer = await place(shop.url, line, orderID);
      expect([202, 409]).toContain(answer);
      return answer;
    },
    { timeout: 60_000, interval: 100 },
  );
  return { orderID, placed: status === 202 };
}

it.each<ServiceName>(["service-order", "service-search", "service-web"])(
  "a task of %s that is killed loses no order, and doubles none",
  async (service) => {
    let next = 0;
    let killed = "";
    const placed: string[] = [];
    const buyer = async () => {
      while (next < ORDERS) {
        const n = next++;
        if (n === ORDERS / 2) killed = await kill(shop, service);
        const order = await buy(wish(n));
        if (order.placed) placed.push(order.orderID);
      }
    };
    await Promise.all(Array.from({ length: BUYERS }, buyer));
    expect(placed.length).toBeGreaterThanOrEqual(ORDERS / 2);

    // What the killed task had in hand comes back when nobody has said for half a minute that it is done.
    await vi.waitFor(
      async () => {
        const known = (await decided(shop)).map(({ orderID }) => orderID);
        expect(placed.filter((each) => !known.includes(each))).toEqual([]);
        expect(await waitingIn(shop, "OrderQueue")).toBe(0);
      },
      { timeout: 90_000, interval: 500 },
    );
    await expectBalance(shop);
    expect(await waitingIn(shop, "OrderQueue-dlq")).toBe(0);
    await atRest(shop, service);
    expect(await tasksOf(shop, service)).not.toContain(killed);
  },
  150_000,
);
