import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECS } from "@aws-sdk/client-ecs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { type Built, buildCli, type Ended } from "../cli/built.ts";

const planted = {
  AWS_ACCESS_KEY_ID: "AKIAPLANTED000000000",
  AWS_SECRET_ACCESS_KEY: "planted/secret+key/0123456789",
  AWS_SESSION_TOKEN: "planted-session-token-0123456789==",
  AWS_REGION: "us-east-1",
};

let cli: Built;
let folder: string;
beforeAll(async () => {
  cli = await buildCli();
  folder = mkdtempSync(join(tmpdir(), "ecomctl-secrets-"));
});
afterAll(() => {
  cli?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const said = ({ stdout, stderr }: Ended) => stdout + stderr;
/** What nobody may read: what was planted, and what is shaped like a signature, a token or a password. */
const secrets =
  /[Pp]lanted|PLANTED|AKIA[A-Z0-9]{16}|Signature=[0-9a-f]|Credential=\w|[Ss]ecurity-[Tt]oken["']?\s*[:=]\s*["']?\w|Basic [A-Za-z0-9+/=]{20}|Bearer [\w.-]{20}|\beyJ[\w-]{20}/;

it("no credential is in what commands say, whatever goes wrong, with --debug and without", async () => {
  const local: LocalServer = await startLocal({ dir: join(folder, "aws"), port: 0 });
  const repeats = `The Canonical String was x-amz-security-token:${planted.AWS_SESSION_TOKEN} host:x
Authorization: AWS4-HMAC-SHA256 Credential=${planted.AWS_ACCESS_KEY_ID}/2026/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0123456789abcdef with ${planted.AWS_SECRET_ACCESS_KEY}`;
  const faults = [
    "SignatureDoesNotMatch",
    "InvalidClientTokenId",
    "AccessDenied",
    "ValidationError",
    "InternalFailure",
  ];
  try {
    for (const error of [undefined, ...faults]) {
      local.faults.clear();
      if (error)
        local.faults.add({ operation: "sns:*", on: "always", effect: { error, message: repeats, status: 400 } });
      for (const args of [
        ["step", "2", "--yes"],
        ["status", "--json"],
        ["step", "2", "--dry-run", "--json"],
      ]) {
        const ended = await cli.run(folder, [...args, "--debug", "--endpoint-url", local.url], planted);
        expect(said(ended)).not.toMatch(secrets);
        expect(said(ended)).toContain("sts GetCallerIdentity");
      }
    }
  } finally {
    await local.stop();
  }
}, 180_000);

it("nor in logs, task definitions and errors of a shop on this machine", async () => {
  const run = (...args: string[]) => cli.run(folder, [...args, "--local", "--debug"], planted);
  try {
    const up = await run("up", "--yes");
    expect(up.code).toBe(0);
    expect(said(up)).not.toMatch(secrets);
    expect(said(await run("status", "--json"))).not.toMatch(secrets);

    const url = /AWS_ENDPOINT_URL=(\S+)/.exec(up.stdout)?.[1] ?? "";
    const shop = /The shop: (\S+)/.exec(up.stdout)?.[1] ?? "";
    expect((await fetch(shop)).status).toBe(200);
    const ecs = new ECS({
      endpoint: url,
      region: "us-east-1",
      credentials: { accessKeyId: "x", secretAccessKey: "x" },
    });
    const { taskDefinitionArns = [] } = await ecs.listTaskDefinitions({});
    expect(taskDefinitionArns.length).toBeGreaterThan(0);
    for (const taskDefinition of taskDefinitionArns) {
      const found = await ecs.describeTaskDefinition({ taskDefinition });
      expect(JSON.stringify(found)).not.toMatch(secrets);
      expect(JSON.stringify(found)).not.toMatch(/AWS_(ACCESS|SECRET|SESSION|CONTAINER)/);
    }
    ecs.destroy();

    const home = join(folder, ".ecomctl");
    expect(readFileSync(join(home, "local.log"), "utf8")).not.toMatch(secrets);
    const streams = readdirSync(join(home, "logs"), { recursive: true, encoding: "utf8" })
      .map((path) => join(home, "logs", path))
      .filter((path) => statSync(path).isFile());
    const logged = streams.map((path) => readFileSync(path, "utf8")).join("");
    expect(logged).toContain("listening");
    expect(logged).not.toMatch(secrets);
  } finally {
    await run("down", "--yes", "--delete-data");
  }
}, 180_000);
