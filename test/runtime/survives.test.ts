import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { isAlive } from "../../src/local/lock.ts";
import { type Built, buildCli } from "../cli/built.ts";
import { credentials, region } from "../support/world.ts";
import { isTaken, openPlace, type Place, urlIn } from "./platform.ts";
import { place as order } from "./shop.ts";

const SOON = { timeout: 60_000, interval: 100 };
const PRODUCT = "kitchen-cast-iron-skillet-26";
const ORDER = "6f1f0d5e-51c7-4f5b-9d0c-2f4c86b0a001";

let cli: Built;
let place: Place;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli?.remove());
beforeEach(() => {
  place = openPlace(cli);
});
afterEach(() => place.close());

const up = async () => {
  const ended = await place.run("up");
  expect(ended.code, ended.stderr).toBe(0);
  return { ...ended, url: urlIn(ended) };
};
const json = async (url: string) => {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
};

it("the shop survives kill -9 of the local AWS: the same address, orders, stock and images, and no process of before", async () => {
  const { url } = await up();
  const { stock } = await json(`${url}/api/products/${PRODUCT}`);
  expect(await order(url, { productID: PRODUCT, quantity: 2 }, ORDER)).toBe(202);
  const decided = () => json(`${url}/api/orders/${ORDER}`);
  await vi.waitFor(async () => expect(await decided()).toMatchObject({ status: "CONFIRMED" }), SOON);
  const { pid, port } = place.endpoint();
  const before = place.pids();
  expect(before).toHaveLength(3);

  process.kill(pid, "SIGKILL");
  await vi.waitFor(async () => expect(await isTaken(port)).toBe(false), SOON);
  const again = await up();
  expect(again.url).toBe(url);
  expect(again.stderr).toMatch(/^Nothing to do/);
  expect(place.endpoint()).toMatchObject({ port });
  expect(before.filter(isAlive)).toEqual([]);

  await vi.waitFor(async () => expect(await decided()).toMatchObject({ status: "CONFIRMED" }), SOON);
  await vi.waitFor(
    async () => expect(await json(`${url}/api/products/${PRODUCT}`)).toMatchObject({ stock: Number(stock) - 2 }),
    SOON,
  );
  expect(place.pids()).toHaveLength(3);
  const dynamodb = new DynamoDB({ endpoint: `http://127.0.0.1:${port}`, region, credentials });
  expect((await dynamodb.scan({ TableName: "Orders" })).Count).toBe(1);
  dynamodb.destroy();
}, 180_000);

it("down leaves no process, no port, and nothing to come back", async () => {
  const { url } = await up();
  const { pid, port } = place.endpoint();
  const pids = [pid, ...place.pids()];
  const ports = [port, Number(new URL(url).port)];
  expect(pids.filter(isAlive)).toHaveLength(4);
  expect(await Promise.all(ports.map(isTaken))).toEqual([true, true]);
  const { code, stdout } = await place.run("down", "--delete-data");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "The AWS on this machine is empty, and stopped\n" });
  expect(pids.filter(isAlive)).toEqual([]);
  expect(await Promise.all(ports.map(isTaken))).toEqual([false, false]);
}, 180_000);
