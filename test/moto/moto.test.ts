import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Shop } from "../../src/config.ts";
import { pending, run, shopOf, takeDown, troubles, worldAt } from "../support/world.ts";

/** Where moto differs from AWS, so that the second run still finds something to do. Whose fault it is: moto's, by AWS's documentation. */
const differences: Readonly<Record<string, string>> = {
  "sqs:queue/OrderQueue-dlq.allows": "moto keeps no RedriveAllowPolicy",
  "sqs:queue/LookupQueue-dlq.allows": "moto keeps no RedriveAllowPolicy",
  "sqs:queue/OrderQueue.allows": "moto keeps no RedriveAllowPolicy",
  "sqs:queue/LookupQueue.allows": "moto keeps no RedriveAllowPolicy",
  "sqs:queue/OrderQueue.receivesFrom": "moto's SetQueueAttributes takes a Policy away that it does not name",
  "sqs:queue/LookupQueue.receivesFrom": "moto's SetQueueAttributes takes a Policy away that it does not name",
};

let moto: ChildProcess;
let world: ReturnType<typeof worldAt>;
let shop: Shop;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}

beforeAll(async () => {
  const port = await freePort();
  const env = { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: "true" };
  moto = spawn("python3", ["-m", "moto.server", "-p", String(port)], { stdio: "ignore", env });
  const url = `http://127.0.0.1:${port}`;
  for (let n = 0; n < 300; n++) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  world = worldAt(url);
  shop = await shopOf();
});
afterAll(() => void moto?.kill());

/** What a plan would still change, but for what moto is known to get wrong. */
const unexplained = (changes: Awaited<ReturnType<typeof run>>["changes"]) =>
  changes.flatMap(({ action, resource, differences: found, why }) => {
    if (action === "keep") return [];
    if (action !== "update") return [`${action} ${resource.id} ${why ?? ""}`];
    return found.map(({ field }) => `${resource.id}.${field}`).filter((each) => !(each in differences));
  });

describe("moto, an emulator that nobody here wrote", () => {
  it.each([1, 2, 3, 5, 6])("agrees on step %i: made once, then nothing to do", async (only) => {
    const ran = await run(world.aws, shop, { only });
    expect(troubles(ran)).toEqual([]);
    expect(unexplained((await run(world.aws, shop, { only, dry: true })).changes)).toEqual([]);
  });

  it("agrees on what stands before the services", async () => {
    const { platform } = await import("../../src/platform.ts");
    const { steps, lookups } = platform(shop);
    const door = steps[6]!.resources.filter(({ kind }) => /^(ec2|elbv2):/.test(kind.type));
    const only = { steps: [{ number: 7, title: "front door", resources: door }], lookups };
    expect(troubles(await run(world.aws, shop, only))).toEqual([]);
    expect(unexplained((await run(world.aws, shop, { ...only, dry: true })).changes)).toEqual([]);
    expect(troubles(await takeDown(world.aws, shop, only))).toEqual([]);
  });

  it("has nothing left after down", async () => {
    const { platform } = await import("../../src/platform.ts");
    const { steps, lookups } = platform(shop);
    const some = { steps: [1, 2, 3, 5, 6].map((number) => steps[number - 1]!), lookups };
    expect(troubles(await takeDown(world.aws, shop, some))).toEqual([]);
    const { changes } = await run(world.aws, shop, { ...some, dry: true });
    expect(pending(changes).filter((line) => !line.startsWith("create"))).toEqual([]);
  });
});
