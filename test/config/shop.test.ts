import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jsonSchema } from "../../src/config/schema.ts";
import { loadShop, type ShopFlags } from "../../src/config.ts";
import { Problem } from "../../src/engine/problem.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ecomctl-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (said: unknown) =>
  writeFileSync(join(folder, "ecomctl.json"), typeof said === "string" ? said : JSON.stringify(said));
const load = (flags: ShopFlags = {}, env: NodeJS.ProcessEnv = { AWS_REGION: "us-east-1" }) =>
  loadShop({ cwd: folder, flags, env });
const refused = async (said: unknown, flags?: ShopFlags, env?: NodeJS.ProcessEnv): Promise<Problem> => {
  if (said !== undefined) write(said);
  const thrown = await load(flags, env).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(Problem);
  return thrown as Problem;
};

describe("a shop", () => {
  it("is the guide's when there is no ecomctl.json", async () => {
    const shop = await load();
    expect(shop).toMatchObject({
      name: "ecommerce",
      region: "us-east-1",
      stack: "ecommerce/us-east-1",
      roles: "scoped",
    });
    expect(shop.names).toMatchObject({
      productsTable: "Products",
      orderDeadLetters: "OrderQueue-dlq",
      cluster: "hw2-cluster",
      namespace: "ecommerce",
      logGroupPrefix: "/ecs/ecommerce",
    });
    expect(shop.services.web).toEqual({ cpu: 512, memory: 1024, count: 1, max: 1 });
    expect(shop).not.toHaveProperty("stage");
    expect(shop).not.toHaveProperty("file");
  });

  it("is exactly that when the template is taken as it is", async () => {
    const guide = await load();
    write(readFileSync("templates/ecomctl.json", "utf8"));
    const { file, ...shop } = await load();
    expect(shop).toEqual(guide);
    expect(file).toBe(join(folder, "ecomctl.json"));
  });

  it("has its stage appended to every name, and in its stack", async () => {
    write({ name: "shop", names: { orderQueue: "Inbox" } });
    const shop = await load({ stage: "dev" });
    expect(shop.stack).toBe("shop/dev/us-east-1");
    expect(Object.values(shop.names).filter((name) => !name.endsWith("-dev"))).toEqual([]);
    expect(shop.names).toMatchObject({
      orderQueue: "Inbox-dev",
      orderDeadLetters: "Inbox-dlq-dev",
      pipeline: "shop-pipeline-dev",
    });
  });

  it("is looked for upwards", async () => {
    write({ name: "above" });
    const below = join(folder, "a", "b");
    mkdirSync(below, { recursive: true });
    expect((await loadShop({ cwd: below, flags: {}, env: { AWS_REGION: "us-east-1" } })).name).toBe("above");
  });

  it("has as many tasks at most as it has at all, unless it says otherwise", async () => {
    write({ services: { web: { count: 3 } } });
    expect((await load()).services.web).toMatchObject({ count: 3, max: 3 });
  });
});

describe("the region", () => {
  const profile = () => {
    const config = join(folder, "aws-config");
    writeFileSync(config, "[default]\nregion = eu-west-3\n[profile work]\nregion = eu-north-1\n");
    return { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(folder, "none") };
  };

  it("comes from the flag, the file, AWS_REGION and AWS_DEFAULT_REGION, in this order", async () => {
    const env: NodeJS.ProcessEnv = { AWS_DEFAULT_REGION: "eu-west-1" };
    expect((await load({}, env)).region).toBe("eu-west-1");
    env.AWS_REGION = "eu-west-2";
    expect((await load({}, env)).region).toBe("eu-west-2");
    write({ region: "eu-central-1" });
    expect((await load({}, env)).region).toBe("eu-central-1");
    expect((await load({ region: "us-west-2" }, env)).region).toBe("us-west-2");
  });

  it("comes from the profile when nobody else says one", async () => {
    const before = { ...process.env };
    Object.assign(process.env, profile());
    try {
      expect((await load({}, {})).region).toBe("eu-west-3");
      expect((await load({ profile: "work" }, {})).region).toBe("eu-north-1");
      expect((await load({}, { AWS_PROFILE: "work" })).region).toBe("eu-north-1");
      expect((await refused(undefined, { profile: "other" }, {})).code).toBe("region-missing");
    } finally {
      process.env = before;
    }
  });

  it("is fixed on this machine, and stays open offline", async () => {
    expect((await load({ local: true }, { AWS_REGION: "eu-west-1" })).region).toBe("us-east-1");
    const offline = await load({ offline: true }, {});
    expect(offline.region).toBe("«region»");
    expect(offline.stack).toBe("ecommerce/«region»");
  });

  it("must look like one", async () => {
    expect((await refused(undefined, { region: "mars" })).code).toBe("region-invalid");
  });
});

describe("what is wrong with ecomctl.json", () => {
  it.each([
    ['{\n  "name": "x",\n}', "line 3, column 1"],
    ['{"name": shop}', "line 1, column 10"],
    ['{\n "a": 1\n "b": 2 }', "line 3, column 2"],
    ['{"name": "x"', "line 1, column 13"],
    ["", "line 1, column 1"],
  ])("is told by line and column: %j", async (text, place) => {
    const { code, why } = await refused(text);
    expect(code).toBe("config-not-json");
    expect(why).toContain(place);
  });

  it.each([
    [{ nmae: "x" }, "nmae", "did you mean name?"],
    [{ names: { productTable: "x" } }, "names.productTable", "did you mean names.productsTable?"],
    [{ services: { web: { ram: 1 } } }, "services.web.ram", "take it out"],
    [{ services: { search: { mem: 1, memry: 2048 } } }, "services.search.mem", "take it out"],
  ])("may be an unknown key: %j", async (said, key, next) => {
    const problem = await refused(said);
    expect(problem).toMatchObject({ code: "config-unknown-key", next });
    expect(problem.message).toContain(key);
  });

  it.each([
    [
      { name: "Shop!" },
      'name must be 1 to 30 small letters, digits and hyphens, beginning with a letter, and is "Shop!"',
    ],
    [{ loadBalancer: "yes" }, 'loadBalancer must be true or false, and is "yes"'],
    [
      { services: { web: { cpu: 500 } } },
      "services.web.cpu must be one of 256, 512, 1024, 2048, 4096, 8192, 16384, and is 500",
    ],
    [{ services: { web: { count: -1 } } }, "services.web.count must be at least 0, and is -1"],
    [{ services: { web: { count: 1.5 } } }, "services.web.count must be a whole number, and is 1.5"],
    [{ services: { web: "big" } }, 'services.web must be an object, and is "big"'],
    [{ roles: "all" }, 'roles must be one of scoped, guide, and is "all"'],
    [{ logs: { retentionDays: 31 } }, "logs.retentionDays must be one of 1, 3, 5"],
    [{ alarms: { email: "nobody" } }, 'alarms.email must be an e-mail address, and is "nobody"'],
    [{ subnets: [] }, "subnets must be at least 1 long, and is []"],
    [[], "it must be an object, and is []"],
  ])("may be a value: %j", async (said, why) => {
    const problem = await refused(said);
    expect(problem.code).toBe("config-invalid");
    expect(problem.why).toContain(why);
  });

  it.each([
    [{ services: { web: { count: 3, max: 2 } } }, "services.web"],
    [{ subnets: ["subnet-1"] }, "subnets"],
    [{ loadBalancer: false, certificate: "arn:aws:acm:us-east-1:123456789012:certificate/x" }, "certificate"],
    [
      { pipeline: { connection: "arn:aws:codestar-connections:us-east-1:123456789012:connection/x" } },
      "pipeline.connection",
    ],
    [{ names: { ordersTable: "Products" } }, "names.ordersTable"],
    [{ names: { lookupQueue: "OrderQueue-dlq" } }, "names.orderDeadLetters"],
  ])("may be a contradiction: %j", async (said, key) => {
    const problem = await refused(said);
    expect(problem.code).toBe("config-contradiction");
    expect(problem.message).toContain(key);
  });

  it("may be the stage", async () => {
    expect((await refused(undefined, { stage: "Dev" })).code).toBe("stage-invalid");
    expect((await refused(undefined, { stage: "abcdefghijklm" })).code).toBe("stage-invalid");
  });
});

it("the schema that editors read says what the program checks", () => {
  const shipped: unknown = JSON.parse(readFileSync("templates/ecomctl.schema.json", "utf8"));
  expect(shipped).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
});
