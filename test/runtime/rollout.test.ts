import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  atRest,
  CLUSTER,
  decided,
  expectBalance,
  logOf,
  openShop,
  place,
  type Running,
  type ServiceName,
  tasksOf,
} from "./shop.ts";

let shop: Running;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.stop());

/** A visitor's requests, twenty a second, until told to stop: what each was answered with. */
function visitors() {
  const pages = ["/", "/search?q=lamp", "/products/plenty", "/api/products?q=lamp", "/api/products/some"];
  const stopped = new AbortController();
  const failed: string[] = [];
  const under: Promise<void>[] = [];
  const orders: string[] = [];
  const look = async (path: string) => {
    const answer = await fetch(`${shop.url}${path}`, { signal: AbortSignal.timeout(30_000) }).catch(String);
    if (typeof answer === "string") failed.push(`${path}: ${answer}`);
    else if (!answer.ok)
      failed.push(`${path}: ${answer.status} ${(await answer.text()).match(/"message":"[^"]*"|<h1>[^<]*/)?.[0]}`);
    else await answer.arrayBuffer();
  };
  const order = async () => {
    const orderID = randomUUID();
    const status = await place(shop.url, { productID: "plenty", quantity: 1 }, orderID);
    if (status === 202) orders.push(orderID);
    else failed.push(`order: ${status}`);
  };
  const walk = (async () => {
    for (let n = 0; !stopped.signal.aborted; n++) {
      under.push(n % 10 === 9 ? order() : look(pages[n % pages.length] ?? "/"));
      await wait(50);
    }
  })();
  return {
    orders,
    failed,
    async stop() {
      stopped.abort();
      await walk;
      await Promise.all(under);
      return under.length;
    },
  };
}

/** What web's tasks found wrong: why a request failed. */
async function complaints(): Promise<string[]> {
  const tasks = await tasksOf(shop, "service-web");
  const logs = await Promise.all(tasks.map((task) => logOf(shop, "service-web", task)));
  return logs.flat().filter((line) => line.includes('"level":"error"'));
}

it("two tasks of a service share its visitors", async () => {
  const two = ["service-web", "service-search"] as const;
  for (const service of two) await shop.raw.ecs.updateService({ cluster: CLUSTER, service, desiredCount: 2 });
  for (const service of two) await atRest(shop, service);
  const asked = Array.from({ length: 40 }, (_, n) => `shared-${n}`);
  for (const id of asked) {
    const answer = await fetch(`${shop.url}/api/products?q=lamp`, { headers: { "x-request-id": id } });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
  }
  for (const service of two) {
    const tasks = await tasksOf(shop, service);
    expect(tasks).toHaveLength(2);
    const shares = await vi.waitFor(
      async () => {
        const lines = await Promise.all(tasks.map((task) => logOf(shop, service, task)));
        const counts = lines.map((log) => asked.filter((id) => log.some((line) => line.includes(`"${id}"`))).length);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(asked.length);
        return counts;
      },
      { timeout: 30_000, interval: 200 },
    );
    for (const share of shares) expect(share, service).toBeGreaterThanOrEqual(asked.length / 4);
  }
});

it.each<ServiceName>(["service-search", "service-order", "service-web"])(
  "a rolling deployment of %s fails no request of its visitors",
  async (service) => {
    const [before] = await tasksOf(shop, service);
    const visit = visitors();
    try {
      await shop.raw.ecs.updateService({ cluster: CLUSTER, service, forceNewDeployment: true });
      await atRest(shop, service);
    } finally {
      await visit.stop();
    }
    expect([...visit.failed, ...(visit.failed.length > 0 ? await complaints() : [])]).toEqual([]);
    expect(await tasksOf(shop, service)).not.toContain(before);
    await vi.waitFor(
      async () => {
        const known = new Set((await decided(shop)).map(({ orderID }) => orderID));
        expect(visit.orders.filter((each) => !known.has(each))).toEqual([]);
      },
      { timeout: 90_000, interval: 200 },
    );
    await expectBalance(shop);
  },
);
