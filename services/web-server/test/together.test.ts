import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { bundle, ServiceProcess } from "../../common/test/support/process.ts";
import { type ShopAws, startShop } from "../../common/test/support/shop.ts";
import { sample } from "./support/neighbours.ts";
import { Visitor } from "./support/visitor.ts";

const names = ["product-lookup", "order-processing", "web-server"] as const;
const calendar = "desk-wall-calendar-linen";
const ada = { name: "Ada Reader", email: "ada@example.com", address: "12 Long Lane" };
const patience = { timeout: 20_000, interval: 100 };

let aws: ShopAws;
let bundled: Awaited<ReturnType<typeof bundle>>;
const services: ServiceProcess[] = [];
let url: string;

beforeAll(async () => {
  [aws, bundled] = await Promise.all([startShop(), bundle(...names)]);
  await aws.seed(sample());
  const start = (name: (typeof names)[number], more: Record<string, string> = {}) => {
    const service = new ServiceProcess(bundled.file(name), { ...aws.environment, ...more });
    services.push(service);
    return service.url();
  };
  const [PRODUCT_LOOKUP_URL, ORDER_PROCESSING_URL] = await Promise.all([
    start("product-lookup"),
    start("order-processing"),
  ]);
  url = await start("web-server", { PRODUCT_LOOKUP_URL, ORDER_PROCESSING_URL });
  await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), patience);
  await vi.waitFor(async () => expect((await fetch(`${url}/`)).status).toBe(200), patience);
}, 90_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.end()));
  await Promise.all([aws.stop(), bundled.remove()]);
});

async function checkout(visitor: Visitor): Promise<string> {
  await visitor.post("/cart/add", { productID: calendar });
  const { location } = await visitor.post("/checkout", { ...(await visitor.checkoutForm()), ...ada });
  return location ?? "";
}

it("of two buyers of the last piece one gets it, and the other is told", { timeout: 60_000 }, async () => {
  const buyers = [new Visitor(url), new Visitor(url)];
  const found = await buyers[0]?.get("/search?q=linnen+calender");
  expect(found?.text).toContain(`data-product-id="${calendar}"`);

  const orders = await Promise.all(buyers.map(checkout));
  const states = await Promise.all(
    buyers.map((buyer, n) =>
      vi.waitFor(async () => {
        const { text } = await buyer.get(orders[n] ?? "");
        const state = /data-status="(CONFIRMED|REJECTED)"/.exec(text)?.[1];
        expect(state).toBeDefined();
        return { state, text };
      }, patience),
    ),
  );
  expect(states.map(({ state }) => state).sort()).toEqual(["CONFIRMED", "REJECTED"]);
  expect(states.find(({ state }) => state === "REJECTED")?.text).toContain("and none was left");
  const page = await buyers[0]?.get(`/products/${calendar}`);
  expect(page?.text).toContain('data-stock="0"');
});
