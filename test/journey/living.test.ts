import { cpSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { revise } from "../aws/raw.ts";
import { pushProgram } from "../local/ecs-image.ts";
import { credentials, region } from "../support/world.ts";
import { goods } from "./buyer.ts";
import { type Site, type Standing, site } from "./standing.ts";

const cluster = "hw2-cluster";
const SLOW = { timeout: 60_000, interval: 200 };

// Whole shops start and change here: a machine that has a lot else to do takes its time.
vi.setConfig({ testTimeout: 180_000 });

let place: Site;
let shop: Standing;
/** The services that the command line builds from: a copy, for they are taken away and changed here. */
let services: string;
beforeAll(async () => {
  place = await site();
  services = join(place.cli.root, "services");
  rmSync(services);
  const filter = (path: string) => !["node_modules", "test"].includes(basename(path));
  cpSync("services", services, { recursive: true, filter });
  shop = await place.up();
});
afterAll(() => place?.clear());

/** `ecomctl status`, and what it says in one piece. */
async function status(): Promise<{ code: number | null; text: string }> {
  const { code, stdout } = await shop.run("status");
  return { code, text: stdout };
}

const unwell = (sign: string | RegExp) =>
  vi.waitFor(async () => {
    const { code, text } = await status();
    expect(text).toMatch(sign);
    expect(text).toMatch(/^Not healthy: \d+ of \d+ resources are not as they should be$/m);
    expect(code).toBe(1);
  }, SLOW);

const well = () =>
  vi.waitFor(async () => {
    const { code, text } = await status();
    expect({ code, text }).toEqual({ code: 0, text: expect.stringMatching(/^Healthy: all \d+ resources/m) });
    expect(text).toContain(`The shop: ${shop.url}`);
  }, SLOW);

/** The processes of a service's tasks. */
async function processesOf(serviceName: string): Promise<number[]> {
  const { taskArns = [] } = await shop.raw.ecs.listTasks({ cluster, serviceName });
  const running = shop.tasks();
  return taskArns.flatMap((arn) => running.get(basename(arn)) ?? []);
}

/** Kills the processes of a service's tasks, and waits until others serve in their place. */
async function kill(service: string): Promise<void> {
  const before = await processesOf(service);
  expect(before).not.toEqual([]);
  for (const pid of before) process.kill(pid, "SIGKILL");
  await vi.waitFor(async () => {
    const now = await processesOf(service);
    expect(now).not.toEqual([]);
    expect(now.filter((pid) => before.includes(pid))).toEqual([]);
  }, SLOW);
}

describe("a shop that runs", () => {
  it("is healthy", well);

  it("has tasks that come back when they are killed, with nothing of the services but their images", async () => {
    const away = `${services}-away`;
    renameSync(services, away);
    try {
      for (const service of ["service-search", "service-order", "service-web"]) await kill(service);
      await vi.waitFor(() => shop.buyer.buys(goods.plenty), SLOW);
    } finally {
      renameSync(away, services);
    }
    await well();
  });

  it("shows the image that somebody pushed by hand and put onto the service, until step 7 puts back ours", async () => {
    const bundle = readFileSync(join(services, "web-server", "dist", "server.mjs"), "utf8");
    const options = { endpoint: shop.endpoint, region, credentials };
    const painted = bundle.replaceAll("Fieldnote Goods", "Painted by Hand");
    const image = await pushProgram(options, "web-server", "by-hand", painted);
    await revise(shop.raw, cluster, "service-web", ({ containerDefinitions }) => {
      for (const container of containerDefinitions ?? []) container.image = image;
    });
    await vi.waitFor(async () => expect(await shop.buyer.page("/")).toContain("Painted by Hand"), SLOW);
    await shop.buyer.buys(goods.plenty);
    await unwell(/ecs:service\/service-web {2}drifted.*\n {6}image: .*web-server:by-hand → /);

    const { code, stderr } = await shop.run("step", "7", "--yes");
    expect(code, stderr).toBe(0);
    await vi.waitFor(async () => expect(await shop.buyer.page("/")).toContain("Fieldnote Goods"), SLOW);
    await well();
  });
});

describe("status says what is wrong", () => {
  it("a task that is down, and why it cannot start", async () => {
    await shop.raw.logs.deleteLogGroup({ logGroupName: "/ecs/ecommerce/service-search" });
    for (const pid of await processesOf("service-search")) process.kill(pid, "SIGKILL");
    await unwell(/✗ ecs:service\/service-search {2}0 of 1 tasks running; \(service service-search\) .+/);
    expect((await status()).text).toMatch(/- logs:log-group\/\/ecs\/ecommerce\/service-search {2}missing/);
    expect((await shop.run("step", "5", "--yes")).code).toBe(0);
    await well();
  });

  it("messages that could not be processed", async () => {
    await shop.raw.sns.publish({
      TopicArn: "arn:aws:sns:us-east-1:000000000000:ecommerce-events",
      Message: "no order",
      MessageAttributes: { eventType: { DataType: "String", StringValue: "order.placed" } },
    });
    await unwell(
      /✗ sqs:queue\/OrderQueue-dlq {2}1 waiting, 0 in flight: messages that could not be processed are in OrderQueue-dlq/,
    );
    const { QueueUrl } = await shop.raw.sqs.getQueueUrl({ QueueName: "OrderQueue-dlq" });
    await shop.raw.sqs.purgeQueue({ QueueUrl });
    await well();
  });

  it("a service that was taken out of the mesh; step 8 puts it back", async () => {
    await shop.raw.ecs.updateService({
      cluster,
      service: "service-search",
      serviceConnectConfiguration: { enabled: false },
    });
    await unwell(/ecs:service\/service-search {2}drifted.*\n {6}serviceConnect/);
    const { code, stderr } = await shop.run("step", "8", "--yes");
    expect(code, stderr).toBe(0);
    await well();
    await shop.buyer.buys(goods.plenty);
  });
});
