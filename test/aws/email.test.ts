import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, it } from "vitest";
import { email } from "../../src/aws/sns/email.ts";
import { topic } from "../../src/aws/sns/topic.ts";
import type { Shop } from "../../src/config.ts";
import {
  credentials,
  pending,
  region,
  run,
  shopOf,
  startWorld,
  takeDown,
  troubles,
  type World,
} from "../support/world.ts";

let world: World;
let shop: Shop;
let sns: SNS;
beforeAll(async () => {
  world = await startWorld();
  shop = await shopOf();
  sns = new SNS({ endpoint: world.url, region, credentials });
});
afterAll(() => world?.stop());

const bell = topic("bell", { publishers: [] });
const heard = (addresses: string[]) => email("bell/e-mail", { topic: bell.ref.arn, addresses });
const steps = (addresses: string[]) => ({
  steps: [{ number: 10, title: "monitoring", resources: [bell, heard(addresses)] }],
});
const TopicArn = `arn:aws:sns:${region}:000000000000:bell`;
const listed = async () => (await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions ?? [];

/** Follows the link in the newest letter. */
async function agree(): Promise<void> {
  const letters = readFileSync(join(world.local.local.dir, "sns", "outbox.jsonl"), "utf8")
    .trim()
    .split("\n");
  const Token = /--token (\w+)/.exec(letters.at(-1) ?? "")?.[1];
  await sns.confirmSubscription({ TopicArn, Token });
}

it("an address is asked once, waits for its owner, and hears of alarms from then on", async () => {
  const first = await run(world.aws, shop, steps(["a@example.com"]));
  expect(troubles(first)).toEqual([
    "sns:email/bell/e-mail left: a@example.com must follow the link in the e-mail that AWS has sent",
  ]);
  await run(world.aws, shop, steps(["a@example.com"]));
  expect(await listed()).toHaveLength(1);
  await agree();
  expect(troubles(await run(world.aws, shop, steps(["a@example.com"])))).toEqual([]);
});

it("another address is invited and the one before taken off, as is one that somebody put there", async () => {
  await sns.subscribe({ TopicArn, Protocol: "email", Endpoint: "b@example.com" });
  await agree();
  const { changes } = await run(world.aws, shop, { ...steps(["a@example.com"]), dry: true });
  expect(pending(changes)).toEqual(["update sns:email/bell/e-mail (addresses)"]);
  await run(world.aws, shop, steps(["c@example.com"]));
  expect((await listed()).map(({ Endpoint, SubscriptionArn }) => [Endpoint, SubscriptionArn])).toEqual([
    ["c@example.com", "PendingConfirmation"],
  ]);
});

it("an invitation that nobody answered cannot be taken back, and keeps nobody waiting", async () => {
  expect(pending((await run(world.aws, shop, { ...steps([]), dry: true })).changes)).not.toContain("delete");
  expect(troubles(await takeDown(world.aws, shop, steps(["c@example.com"])))).toEqual([]);
  expect((await sns.listTopics({})).Topics).toEqual([]);
});
