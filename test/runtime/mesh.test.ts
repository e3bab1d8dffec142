import { lookup } from "node:dns/promises";
import { ServiceDiscovery } from "@aws-sdk/client-servicediscovery";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { credentials, pending, region, run, troubles } from "../support/world.ts";
import { atRest, CLUSTER, logOf, openShop, type Running, tasksOf } from "./shop.ts";

const WEB = "service-web";
const SEARCH = "service-search";
const SOON = { timeout: 60_000, interval: 100 };

let shop: Running;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.stop());

const search = async () => {
  const answer = await fetch(`${shop.url}/api/products?q=lamp`);
  await answer.arrayBuffer();
  return answer.status;
};
const stepEight = async (): Promise<string[]> => {
  const plan = pending((await run(shop.world.aws, shop.shop, { only: 8, dry: true })).changes);
  expect(troubles(await run(shop.world.aws, shop.shop, { only: 8 }))).toEqual([]);
  return plan;
};

it("names of Service Connect resolve inside tasks, and nowhere else", async () => {
  expect(await search()).toBe(200);
  for (const name of ["product-lookup", "order-processing", "web-server"])
    await expect(lookup(name)).rejects.toMatchObject({ syscall: "getaddrinfo" });
});

it("switched off, a task does not know the names; step 8 switches it on again", async () => {
  const serviceConnectConfiguration = { enabled: false };
  await shop.raw.ecs.updateService({ cluster: CLUSTER, service: WEB, serviceConnectConfiguration });
  await atRest(shop, WEB);
  expect(await search()).toBe(503);
  const [task = ""] = await tasksOf(shop, WEB);
  await vi.waitFor(
    async () => expect((await logOf(shop, WEB, task)).join("\n")).toContain("getaddrinfo ENOTFOUND product-lookup"),
    SOON,
  );
  expect(await stepEight()).toEqual([`update ecs:service/${WEB} (serviceConnect)`]);
  expect(await search()).toBe(200);
});

it("an endpoint made anew is unknown to a client that runs already; step 8 starts the client again", async () => {
  const { services: [it] = [] } = await shop.raw.ecs.describeServices({
    cluster: CLUSTER,
    services: [SEARCH],
    include: ["TAGS"],
  });
  const map = new ServiceDiscovery({ endpoint: shop.world.url, region, credentials });
  await shop.raw.ecs.deleteService({ cluster: CLUSTER, service: SEARCH, force: true });
  await vi.waitFor(async () => {
    const { Services = [] } = await map.listServices({});
    expect(Services.map(({ Name }) => Name)).not.toContain("product-lookup");
  }, SOON);
  await shop.raw.ecs.createService({
    cluster: CLUSTER,
    serviceName: SEARCH,
    taskDefinition: it?.taskDefinition,
    desiredCount: 1,
    launchType: "FARGATE",
    deploymentConfiguration: it?.deploymentConfiguration,
    networkConfiguration: it?.networkConfiguration,
    serviceConnectConfiguration: it?.deployments?.[0]?.serviceConnectConfiguration,
    enableECSManagedTags: true,
    propagateTags: "SERVICE",
    tags: it?.tags,
  });
  await atRest(shop, SEARCH);
  expect(await search()).toBe(503);
  expect(await stepEight()).toEqual([`update ecs:service/${WEB} (knows)`]);
  expect(await search()).toBe(200);
  expect(pending((await run(shop.world.aws, shop.shop, { dry: true })).changes)).toEqual([]);
});
