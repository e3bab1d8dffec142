import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { publicAddress } from "../../src/aws/ecs/address.ts";
import { buildCli } from "../cli/built.ts";
import { run, shopOf, startWorld, troubles } from "../support/world.ts";

it("a shop without a load balancer has the public address of its task", async () => {
  const world = await startWorld();
  try {
    const shop = await shopOf({ loadBalancer: false });
    const { cluster, webService, searchService } = shop.names;
    expect(await publicAddress(world.aws, cluster, webService, 8080)).toBeUndefined();
    expect(troubles(await run(world.aws, shop))).toEqual([]);
    const { NetworkInterfaces = [] } = await world.aws.ec2.describeNetworkInterfaces({});
    const addresses = NetworkInterfaces.map(({ Association }) => `${Association?.PublicIp}:8080`);
    const web = await publicAddress(world.aws, cluster, webService, 8080);
    const search = await publicAddress(world.aws, cluster, searchService, 8080);
    expect(addresses).toContain(web);
    expect(addresses).toContain(search);
    expect(web).not.toBe(search);
    expect(await publicAddress(world.aws, cluster, "no-such-service", 8080)).toBeUndefined();
  } finally {
    await world.stop();
  }
});

it("on this machine `up` and `status` tell where it answers", async () => {
  const cli = await buildCli();
  const folder = mkdtempSync(join(tmpdir(), "ecomctl-door-"));
  const local = (...args: string[]) => cli.run(folder, [...args, "--local", "--json"]);
  try {
    writeFileSync(join(folder, "ecomctl.json"), '{ "loadBalancer": false }');
    const up = await local("up", "--yes");
    expect(up).toMatchObject({ code: 0, stderr: "" });
    const done = JSON.parse(up.stdout.trimEnd().split("\n").at(-1) ?? "");
    expect(done.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const page = await fetch(done.url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("<!doctype html>");
    expect(JSON.parse((await local("status")).stdout)).toMatchObject({ healthy: true, url: done.url });
  } finally {
    await local("down", "--yes", "--delete-data");
    rmSync(folder, { recursive: true, force: true });
    cli.remove();
  }
}, 180_000);
