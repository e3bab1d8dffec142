import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { authorize } from "../../src/local/iam/authorize.ts";
import { listed, statementsOf } from "../../src/local/iam/document.ts";
import type { Need } from "../../src/local/service.ts";
import { allServices } from "../../src/local/services.ts";
import { atRest, openShop, products, type Running } from "../runtime/shop.ts";
import { run, troubles } from "../support/world.ts";
import { buyer } from "./buyer.ts";

// Whole shops start and change here: a machine that has a lot else to do takes its time.
vi.setConfig({ testTimeout: 180_000 });

const services = ["service-web", "service-search", "service-order"] as const;
const roles = ["ecs-task-role-web", "ecs-task-role-search", "ecs-task-role-order"];
const SLOW = { timeout: 60_000, interval: 100 };
const plenty = products[0]?.productID ?? "";

let here: Running;
let shop: ReturnType<typeof buyer>;
beforeAll(async () => {
  here = await openShop();
  shop = buyer(here.url);
});
afterAll(() => here?.stop());

/** An event as it is, without the web server, which would not send what is wrong. */
const publish = (eventType: string, Message: string) =>
  here.raw.sns.publish({
    TopicArn: "arn:aws:sns:us-east-1:000000000000:ecommerce-events",
    Message,
    MessageAttributes: { eventType: { DataType: "String", StringValue: eventType } },
  });

const inQueue = async (name: string): Promise<number> => {
  const { QueueUrl } = await here.raw.sqs.getQueueUrl({ QueueName: name });
  const { Attributes } = await here.raw.sqs.getQueueAttributes({
    QueueUrl,
    AttributeNames: ["ApproximateNumberOfMessages"],
  });
  return Number(Attributes?.ApproximateNumberOfMessages);
};

/** Everything that a shop does in its life: orders of both outcomes, what cannot be understood, changes, a new task. */
async function use(): Promise<void> {
  await shop.page("/");
  expect((await shop.search("lmap")).items).not.toEqual([]);
  await shop.buys(plenty, 2);
  const orderID = randomUUID();
  const lines = [{ productID: plenty, name: "A lamp", quantity: 1_000_000, price: 10 }];
  const customer = { name: "Ada", email: "ada@example.org", address: "1 Loop Street" };
  await publish("order.placed", JSON.stringify({ orderID, lines, customer, placedAt: Date.now() }));
  expect(await shop.decided(orderID)).toMatchObject({ status: "REJECTED" });

  await publish("order.placed", "no order");
  await publish("product.viewed", "no product");
  for (const name of ["OrderQueue-dlq", "LookupQueue-dlq"]) {
    await vi.waitFor(async () => expect(await inQueue(name)).toBe(1), SLOW);
  }
  await vi.waitFor(async () => expect((await shop.product(plenty)).interest).toBeGreaterThan(0), SLOW);
  expect((await fetch(`${here.url}/readyz`)).status).toBe(200);

  for (const service of services) {
    await here.raw.ecs.updateService({ cluster: "hw2-cluster", service, forceNewDeployment: true });
  }
  for (const service of services) await atRest(here, service);
  await shop.buys(plenty);
}

/** What the tasks needed for all calls that were recorded, by role. */
async function needed(): Promise<Map<string, Need[]>> {
  const byId = new Map((await allServices()).map((service) => [service.id, service]));
  const { local, calls } = here.world.local;
  const needs = new Map<string, Need[]>();
  for (const { service, operation, input, caller } of calls) {
    if (caller.role === undefined) continue;
    const about = { operation, region: "us-east-1", account: local.account, caller, requestId: "", local };
    const wanted = byId.get(service)?.needs?.(operation, { ...input }, { ...about, signal: AbortSignal.abort() });
    const all = wanted ?? [{ action: `${service}:${operation}`, resource: "*" }];
    needs.set(caller.role, [...(needs.get(caller.role) ?? []), ...all]);
  }
  return needs;
}

const line = ({ action, resource }: Need) => `${action} on ${resource}`;

/** What the inline policies of a role allow, one action on one resource a line. */
async function granted(RoleName: string): Promise<string[]> {
  const { PolicyNames = [] } = await here.raw.iam.listRolePolicies({ RoleName });
  const documents = await Promise.all(
    PolicyNames.map(async (PolicyName) => {
      const { PolicyDocument = "" } = await here.raw.iam.getRolePolicy({ RoleName, PolicyName });
      return decodeURIComponent(PolicyDocument);
    }),
  );
  return documents
    .flatMap(statementsOf)
    .flatMap(({ Action, Resource }) =>
      listed(Action).flatMap((action) => listed(Resource).map((resource) => line({ action, resource }))),
    );
}

describe("the roles of the tasks", () => {
  it("allow every call of a shop in use, and nothing that it does not use", async () => {
    await use();
    const needs = await needed();
    expect([...needs.keys()].filter((role) => roles.includes(role)).sort()).toEqual([...roles].sort());
    for (const [role, all] of needs) {
      expect(authorize(here.world.local.local, role, all), role).toEqual({ allowed: true });
    }
    for (const role of roles) {
      const used = new Set(needs.get(role)?.map(line));
      const lines = await granted(role);
      expect(lines).not.toEqual([]);
      expect(
        lines.filter((each) => !used.has(each)),
        `unused in ${role}`,
      ).toEqual([]);
    }
  });

  /** Takes one action out of a policy, behind everybody's back. */
  async function takeOut(RoleName: string, PolicyName: string, action: string): Promise<void> {
    const { PolicyDocument = "" } = await here.raw.iam.getRolePolicy({ RoleName, PolicyName });
    const Statement = statementsOf(decodeURIComponent(PolicyDocument)).map((statement) => ({
      ...statement,
      Action: listed(statement.Action).filter((each) => each !== action),
    }));
    const document = JSON.stringify({ Version: "2012-10-17", Statement });
    await here.raw.iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument: document });
  }

  /** The lines of a service's log that name a permission which is lacking. */
  const complaints = async (service: string, action: string): Promise<string[]> => {
    const { events = [] } = await here.raw.logs.filterLogEvents({ logGroupName: `/ecs/ecommerce/${service}` });
    return events.map(({ message = "" }) => message).filter((message) => message.includes(`perform: ${action} on`));
  };

  it.each([
    {
      role: "ecs-task-role-web",
      policy: "events",
      action: "sns:Publish",
      service: "service-web",
      breaks: async () => {
        await expect(shop.place(plenty, 1)).rejects.toThrow("503");
        return async () => {};
      },
    },
    {
      role: "ecs-task-role-search",
      policy: "products",
      action: "dynamodb:BatchGetItem",
      service: "service-search",
      breaks: async () => {
        await expect(shop.product(plenty)).rejects.toThrow(/answered 50\d/);
        return async () => {};
      },
    },
    {
      role: "ecs-task-role-order",
      policy: "orders",
      action: "dynamodb:UpdateItem",
      service: "service-order",
      breaks: async () => {
        const orderID = await shop.place(plenty, 1);
        await vi.waitFor(
          async () => expect(await complaints("service-order", "dynamodb:UpdateItem")).not.toEqual([]),
          SLOW,
        );
        expect((await fetch(`${here.url}/api/orders/${orderID}`)).status).toBe(404);
        return async () => expect(await shop.decided(orderID)).toMatchObject({ status: "CONFIRMED" });
      },
    },
  ])(
    "without $action the task of $service does not do its work, its log says why, and step 6 mends it",
    async (one) => {
      await takeOut(one.role, one.policy, one.action);
      const afterwards = await one.breaks();
      await vi.waitFor(async () => expect(await complaints(one.service, one.action)).not.toEqual([]), SLOW);
      const [complaint = ""] = await complaints(one.service, one.action);
      const { level, service } = JSON.parse(complaint) as Record<string, unknown>;
      expect({ level, service }).toEqual({ level: expect.stringMatching(/warn|error/), service: expect.any(String) });
      expect(complaint).toContain(`assumed-role/${one.role}/`);

      const mended = await run(here.world.aws, here.shop, { only: 6 });
      expect(troubles(mended)).toEqual([]);
      const changed = mended.changes.filter(({ action }) => action !== "keep");
      expect(changed.map(({ resource, differences }) => [resource.id, differences.map(({ field }) => field)])).toEqual([
        [`iam:role/${one.role}`, ["policies"]],
      ]);
      await afterwards();
      await shop.buys(plenty);
    },
  );

  it("may be the guide's one role instead: the shop changes over, and sells", async () => {
    const guide = { ...here.shop, roles: "guide" } as const;
    expect(troubles(await run(here.world.aws, guide))).toEqual([]);
    for (const service of services) await atRest(here, service);
    const before = here.world.local.calls.length;
    await shop.buys(plenty);
    const callers = here.world.local.calls.slice(before).flatMap(({ caller }) => caller.role ?? []);
    expect(new Set(callers.filter((role) => role !== "ecs-execution-role"))).toEqual(new Set(["ecs-task-role"]));
    for (const RoleName of roles) {
      await expect(here.raw.iam.getRole({ RoleName })).rejects.toThrow("cannot be found");
    }
  });
});
