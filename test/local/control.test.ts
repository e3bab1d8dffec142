import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SNS } from "@aws-sdk/client-sns";
import { STS } from "@aws-sdk/client-sts";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { connectLocal, findLocal, PortTaken, startLocalProcess, stopLocal } from "../../src/local/control.ts";
import { DamagedState } from "../../src/local/store.ts";

// Beside the project's node_modules, where the program finds its packages.
const built = mkdtempSync(join(import.meta.dirname, "../../node_modules/.control-test-"));
const main = join(built, "local.mjs");
let home: string;
let folder: string;

beforeAll(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, "../../src/local/main.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    outfile: main,
    logLevel: "error",
  });
}, 60_000);
afterAll(() => rmSync(built, { recursive: true }));

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "ecomctl-control-")));
  folder = join(home, ".ecomctl");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await stopLocal(folder);
  rmSync(home, { recursive: true });
});

const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, close: () => new Promise((resolve) => server.close(resolve)) };
};
const pidOf = () => JSON.parse(readFileSync(join(folder, "endpoint.json"), "utf8")).pid as number;
const refused = (url: string) => expect(fetch(url)).rejects.toThrow("fetch failed");

test("the folder is the nearest upwards, or beside the nearest ecomctl.json, else in the working directory", () => {
  const deep = join(home, "a", "b");
  mkdirSync(deep, { recursive: true });
  expect(findLocal(deep)).toBe(join(deep, ".ecomctl"));
  writeFileSync(join(home, "a", "ecomctl.json"), "{}");
  expect(findLocal(deep)).toBe(join(home, "a", ".ecomctl"));
  mkdirSync(join(deep, ".ecomctl"));
  expect(findLocal(deep)).toBe(join(deep, ".ecomctl"));
});

test("starts, is found, and stops leaving neither process nor port", { timeout: 60_000 }, async () => {
  expect(await connectLocal(folder)).toBeUndefined();
  expect(await stopLocal(folder)).toBe(false);
  const url = await startLocalProcess(folder, { main });
  expect(await connectLocal(folder)).toBe(url);
  expect(await startLocalProcess(folder, { main })).toBe(url);
  expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe("*\n");
  expect(await stopLocal(folder)).toBe(true);
  await refused(url);
  expect(await connectLocal(folder)).toBeUndefined();
  expect(readFileSync(join(folder, "local.log"), "utf8")).toContain("SIGTERM: stopping");
});

test("a client's open connection does not keep it from stopping", { timeout: 60_000 }, async () => {
  const endpoint = await startLocalProcess(folder, { main });
  const sts = new STS({ endpoint, region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } });
  await sts.getCallerIdentity();
  expect(await stopLocal(folder)).toBe(true);
  sts.destroy();
});

test("after a kill it starts on the port it had, with all that it had answered for", { timeout: 60_000 }, async () => {
  const endpoint = await startLocalProcess(folder, { main });
  const sns = new SNS({ endpoint, region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } });
  const { TopicArn } = await sns.createTopic({ Name: "ecommerce-events" });
  process.kill(pidOf(), "SIGKILL");
  await vi.waitFor(async () => expect(await connectLocal(folder)).toBeUndefined(), { timeout: 10_000 });
  expect(await startLocalProcess(folder, { main })).toBe(endpoint);
  expect((await sns.listTopics()).Topics).toEqual([{ TopicArn }]);
  sns.destroy();
});

test("two starts at once make one", { timeout: 60_000 }, async () => {
  const urls = await Promise.all([1, 2, 3].map(() => startLocalProcess(folder, { main })));
  expect(new Set(urls).size).toBe(1);
  expect(existsSync(join(folder, "starting.lock"))).toBe(false);
});

test("a lock whose holder is dead is no lock", { timeout: 60_000 }, async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, "starting.lock"), "2147483646");
  expect(await startLocalProcess(folder, { main })).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test("a port that was asked for and is taken is an error; one that was not is passed over", {
  timeout: 60_000,
}, async () => {
  const { port, close } = await freePort();
  await expect(startLocalProcess(folder, { main, port })).rejects.toEqual(new PortTaken(port));
  writeFileSync(join(folder, "endpoint.json"), JSON.stringify({ port, pid: 2147483646 }));
  const url = await startLocalProcess(folder, { main });
  expect(Number(new URL(url).port)).toBeGreaterThan(port);
  await close();
});

test("another folder's local AWS on the remembered port is not taken for ours", { timeout: 60_000 }, async () => {
  const other = join(home, "other", ".ecomctl");
  const url = await startLocalProcess(other, { main });
  mkdirSync(folder);
  writeFileSync(join(folder, "endpoint.json"), readFileSync(join(other, "endpoint.json")));
  expect(await connectLocal(folder)).toBeUndefined();
  expect(await stopLocal(folder)).toBe(false);
  expect(await connectLocal(other)).toBe(url);
  await stopLocal(other);
});

test("damaged state is named: the file, and why", { timeout: 60_000 }, async () => {
  const file = join(folder, "state", "sts", "global.json");
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, '{"sessions":');
  const error = await startLocalProcess(folder, { main }).catch((error) => error);
  expect(error).toBeInstanceOf(DamagedState);
  expect(error).toMatchObject({ file, reason: expect.stringContaining("JSON") });
});

test("nothing of the shell's AWS reaches it", { timeout: 60_000 }, async () => {
  vi.stubEnv("AWS_PROFILE", "trap");
  vi.stubEnv("AWS_ENDPOINT_URL_STS", "http://trap.invalid");
  await startLocalProcess(folder, { main });
  const environment = readFileSync(`/proc/${pidOf()}/environ`, "utf8");
  expect(environment).not.toContain("trap");
});
