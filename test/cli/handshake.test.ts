import { afterAll, beforeAll, expect, it } from "vitest";
import { connection } from "../../src/aws/connections/connection.ts";
import { logGroup } from "../../src/aws/logs/log-group.ts";
import { blockersIn, localHandshakes, waitForPerson } from "../../src/cli/handshake.ts";
import type { Session } from "../../src/cli/session.ts";
import type { Shop } from "../../src/config.ts";
import type { Event } from "../../src/engine/event.ts";
import { Interrupted } from "../../src/engine/problem.ts";
import { run, shopOf, startWorld, type World } from "../support/world.ts";

let world: World;
let shop: Shop;
beforeAll(async () => {
  world = await startWorld();
  shop = await shopOf();
});
afterAll(() => world?.stop());

const github = connection("law-github", { provider: "GitHub" });
const needy = logGroup("/needs/it", { retention: 30 });
const steps = (spec: object) => ({
  steps: [{ number: 9, title: "pipeline", resources: [github, { ...needy, spec: { ...needy.spec, ...spec } }] }],
});

it("what keeps others waiting is waited for, with the command that stands for a person on this machine", async () => {
  const { outcome, changes, survey } = await run(world.aws, shop, steps({ of: github.ref.arn }));
  const blockers = blockersIn(outcome!, changes, survey);
  expect(blockers.map(({ resource }) => resource.id)).toEqual([github.id]);

  const [, command = ""] = localHandshakes({ connection: { endpoint: world.url } } as Session, survey);
  const url = /curl -X POST (\S+)/.exec(command)?.[1] ?? "";
  const told: Event[] = [];
  let acted: Promise<unknown> | undefined;
  const report = (event: Event) => {
    told.push(event);
    acted ??= fetch(url, { method: "POST" });
  };
  const { signal } = new AbortController();
  await waitForPerson(blockers, survey, { aws: world.aws, signal, local: true }, report);
  expect((await acted) as Response).toMatchObject({ status: 200 });
  expect(told[0]).toMatchObject({ event: "waiting", id: github.id, why: expect.stringContaining("https://") });
});

it("what waits for a person and for whom nobody waits is not waited for", async () => {
  const other = connection("law-other", { provider: "GitHub" });
  const alone = { steps: [{ number: 9, title: "pipeline", resources: [other, needy] }] };
  const { outcome, changes, survey } = await run(world.aws, shop, alone);
  expect(outcome?.left).toHaveLength(1);
  expect(blockersIn(outcome!, changes, survey)).toEqual([]);

  const stop = new AbortController();
  const blockers = changes.filter(({ resource }) => resource.id === other.id);
  const waiting = waitForPerson(blockers, survey, { aws: world.aws, signal: stop.signal, local: true }, () =>
    stop.abort(),
  );
  await expect(waiting).rejects.toThrow(Interrupted);
});
