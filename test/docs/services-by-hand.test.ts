import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundle } from "../../services/common/test/support/process.ts";
import { stopLocal } from "../../src/local/control.ts";
import { type Built, buildCli, ended } from "../cli/built.ts";

const services = ["product-lookup", "order-processing", "web-server"] as const;
const page = readFileSync(resolve("docs/services-by-hand.md"), "utf8");
const blocks = Array.from(page.matchAll(/^```sh\n(.*?)^```$/gms), ([, block]) => block ?? "");

let cli: Built;
let bundled: Awaited<ReturnType<typeof bundle>>;
let checkout: string;

/** A checkout as `npm ci` leaves it, and a folder in which `mktemp` makes its own. */
beforeAll(async () => {
  [cli, bundled] = await Promise.all([buildCli(), bundle(...services)]);
  checkout = realpathSync(mkdtempSync(join(tmpdir(), "by-hand-")));
  mkdirSync(join(checkout, "tmp"));
  symlinkSync(join(cli.root, "bin"), join(checkout, "bin"));
  for (const service of services) {
    mkdirSync(join(checkout, "services", service, "dist"), { recursive: true });
    symlinkSync(bundled.file(service), join(checkout, "services", service, "dist/server.mjs"));
  }
});

afterAll(async () => {
  cli.remove();
  await bundled.remove();
  rmSync(checkout, { recursive: true, force: true });
});

it("ends, followed to the letter, in a bought product", async () => {
  let script = ["set -eu", ...blocks].join("\n");
  // Somebody else may have the page's ports.
  const ports = await freePorts(3);
  for (const [i, port] of ports.entries()) script = script.replaceAll(String(8080 + i), String(port));
  const environment = { PATH: process.env.PATH, HOME: checkout, TMPDIR: join(checkout, "tmp") };
  // A group of its own: what a failed script leaves running goes with it.
  const shell = spawn("bash", ["-c", script], {
    cwd: checkout,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const timer = setTimeout(() => end(shell.pid), 150_000);
  const { code, stdout, stderr } = await ended(shell);
  clearTimeout(timer);
  end(shell.pid);
  for (const folder of readdirSync(join(checkout, "tmp"))) await stopLocal(join(checkout, "tmp", folder, ".ecomctl"));
  expect({ code, stderr }).toMatchObject({ code: 0 });

  const found = Array.from(
    stdout.matchAll(/"productID":"kitchen-cast-iron-skillet-26".*?"stock":(\d+)/g),
    ([, n]) => n,
  );
  expect(stdout).toContain('"status":"CONFIRMED"');
  expect(found.map(Number)).toEqual([38, 38, 37]);
}, 180_000);

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

function end(group: number | undefined): void {
  if (group === undefined) return;
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It has gone by itself, as it should.
  }
}
