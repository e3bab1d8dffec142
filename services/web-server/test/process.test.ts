import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle, ServiceProcess } from "../../common/test/support/process.ts";
import { type ShopAws, startShop } from "../../common/test/support/shop.ts";
import { startNeighbours } from "./support/neighbours.ts";
import { Visitor } from "./support/visitor.ts";

let aws: ShopAws;
let neighbours: Awaited<ReturnType<typeof startNeighbours>>;
let bundled: Awaited<ReturnType<typeof bundle>>;
let service: ServiceProcess;
let url: string;

beforeAll(async () => {
  [aws, neighbours, bundled] = await Promise.all([startShop(), startNeighbours(), bundle("web-server")]);
  service = new ServiceProcess(bundled.file("web-server"), {
    ...aws.environment,
    PRODUCT_LOOKUP_URL: `${neighbours.url}/`,
    ORDER_PROCESSING_URL: neighbours.url,
  });
  url = await service.url();
}, 60_000);

afterAll(async () => {
  await service.end();
  await Promise.all([aws.stop(), neighbours.close(), bundled.remove()]);
});

const attributesOf = (message: { MessageAttributes?: Record<string, { StringValue?: string }> } | undefined) =>
  Object.fromEntries(
    Object.entries(message?.MessageAttributes ?? {}).map(([name, value]) => [name, value.StringValue]),
  );

describe("web-server as a process, before the local AWS", { timeout: 30_000 }, () => {
  it("brings a placed order into OrderQueue, with its type and the request's id", async () => {
    const client = new Visitor(url);
    const orderID = crypto.randomUUID();
    const customer = { name: "Ada Reader", email: "ada@example.com", address: "12 Long Lane" };
    const lines = [{ productID: "kitchen-pepper-mill-walnut", quantity: 2 }];
    const { status, headers } = await client.postJson("/api/orders", { orderID, lines, customer });
    expect(status).toBe(202);

    const messages = await aws.take("OrderQueue");
    expect(messages).toHaveLength(1);
    expect(attributesOf(messages[0])).toEqual({ eventType: "order.placed", requestId: headers.get("x-request-id") });
    expect(JSON.parse(messages[0]?.Body ?? "")).toEqual({
      orderID,
      lines: [{ ...lines[0], name: "Walnut Pepper Mill", price: 46 }],
      customer,
      placedAt: expect.any(Number),
    });
  });

  it("brings what people look at into LookupQueue", async () => {
    await new Visitor(url).get("/products/desk-felt-mat");
    const [message] = await aws.take("LookupQueue");
    expect(attributesOf(message).eventType).toBe("product.viewed");
    expect(JSON.parse(message?.Body ?? "")).toEqual({ productID: "desk-felt-mat" });
  });

  it("asks its neighbours by /healthz, and is ready when all of them answer", async () => {
    const answer = await new Visitor(url).get("/readyz");
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text).neighbours).toEqual({
      "product-lookup": "ok",
      "order-processing": "ok",
      sns: "ok",
    });
  });

  it("names every variable that is missing, and exits with 1", async () => {
    const poor = new ServiceProcess(bundled.file("web-server"), {
      PATH: aws.environment.PATH ?? "",
      AWS_REGION: "us-east-1",
    });
    expect((await poor.exit).code).toBe(1);
    expect(poor.lines.at(-1)?.problems).toEqual([
      "TOPIC_ARN is missing",
      "PRODUCT_LOOKUP_URL is missing",
      "ORDER_PROCESSING_URL is missing",
    ]);
  });

  it("ends with 0 when it is told to, and its last events have arrived", async () => {
    await new Visitor(url).get("/search?q=wool");
    service.kill("SIGTERM");
    expect((await service.exit).code).toBe(0);
    const messages = await aws.take("LookupQueue");
    expect(messages.map((message) => attributesOf(message).eventType)).toEqual(["product.searched"]);
  });
});
