import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import pkg from "../../package.json" with { type: "json" };
import { type Built, buildCli, ended } from "./built.ts";

let cli: Built;
let folder: string;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli?.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ecomctl-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const keys = {
  AWS_ACCESS_KEY_ID: "AKIAPLANTED000000000",
  AWS_SECRET_ACCESS_KEY: "planted-secret-0123456789",
  AWS_REGION: "us-east-1",
};
const closed = { ...keys, AWS_ENDPOINT_URL: "http://127.0.0.1:1" };

/** An endpoint that answers every call as `answer` says; the promise keeps a call waiting. */
async function endpoint(
  answer: (body: string) => Promise<{ status: number; body: string }>,
): Promise<[string, Server]> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", async () => {
      const { status, body: said } = await answer(body);
      response.writeHead(status, { "content-type": "text/xml", "x-amzn-requestid": "r-1" }).end(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server];
}
const stsError = (code: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>The Canonical String should have been x-amz-security-token:planted-token</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`;

describe("bad input is told in three lines, and ends with 1", () => {
  it.each<[string[], string]>([
    [["step", "0"], "step-unknown"],
    [["step", "11"], "step-unknown"],
    [["step", "x"], "step-unknown"],
    [["step"], "usage-missing-argument"],
    [["upp"], "did you mean up?"],
    [["up", "--dry-rnu"], "did you mean --dry-run?"],
    [["up", "now"], "usage-excess-arguments"],
    [["up", "--stage"], "usage-option-missing-argument"],
    [["up", "--local", "--region", "eu-west-1"], "usage-conflicting-option"],
    [["up", "--port", "99999", "--local"], "usage-invalid-argument"],
    [["up", "--port", "4600"], "usage-flag-alone"],
    [["up", "--offline"], "usage-flag-alone"],
    [["up", "--endpoint-url", "localhost:4600"], "usage-invalid-argument"],
    [["up", "--stage", "Dev!"], "stage-invalid"],
    [["up"], "region-missing"],
    [["up", "--region", "mars"], "region-invalid"],
    [["up", "--region", "us-east-1", "--yes"], "credentials-missing"],
  ])("%j", async (args, told) => {
    const { code, stdout, stderr } = await cli.run(folder, args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(told);
    expect(stderr.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^Error: .+ \[[\w-]+\]$/),
      expect.stringMatching(/^ {2}why: {2}.+/),
      expect.stringMatching(/^ {2}next: .+/),
    ]);
  });

  it.each([
    ['{ "name": "x", }', "config-not-json"],
    ['{ "nmae": "x" }', "config-unknown-key"],
    ['{ "subnets": ["subnet-1"] }', "config-contradiction"],
    ['{ "services": { "web": { "cpu": 300 } } }', "config-invalid"],
  ])("an ecomctl.json that says %s", async (text, told) => {
    writeFileSync(join(folder, "ecomctl.json"), text);
    const { code, stderr } = await cli.run(folder, ["up", "--yes"], closed);
    expect(code).toBe(1);
    expect(stderr).toContain(told);
  });

  it("an endpoint that refuses connections", async () => {
    const { code, stderr } = await cli.run(folder, ["status"], closed);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: the endpoint http:\/\/127.0.0.1:1 cannot be reached \[endpoint-unreachable\]/m);
  });

  it.each([
    ["ExpiredToken", "credentials-expired"],
    ["InvalidClientTokenId", "credentials-invalid"],
    ["SignatureDoesNotMatch", "credentials-invalid"],
  ])("credentials of which AWS says %s", async (name, told) => {
    const [url, server] = await endpoint(async () => ({ status: 403, body: stsError(name) }));
    const { code, stdout, stderr } = await cli.run(folder, ["up", "--yes", "--debug", "--endpoint-url", url], keys);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(told);
    expect(stdout + stderr).not.toMatch(/planted/i);
  });

  it("no credentials, on a machine whose network swallows what is sent to the metadata service", async () => {
    const [url, server] = await endpoint(() => new Promise(() => {}));
    const imds = { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: url };
    const files = { AWS_CONFIG_FILE: join(folder, "none"), AWS_SHARED_CREDENTIALS_FILE: join(folder, "none") };
    const { code, stderr } = await cli.run(folder, ["status", "--region", "us-east-1"], { ...imds, ...files });
    server.closeAllConnections();
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain("[credentials-missing]");
  });

  it("is JSON on stdout with --json", async () => {
    const { code, stdout } = await cli.run(folder, ["status", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "region-missing" } });
  });
});

describe("what needs no AWS", () => {
  it("is version and help", async () => {
    expect(await cli.run(folder, ["--version"])).toEqual({ code: 0, stdout: `${pkg.version}\n`, stderr: "" });
    const help = await cli.run(folder, ["up", "--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("ecomctl up --local --yes");
  });

  it("is an offline dry run, without region and credentials, as text and as JSON", async () => {
    const text = await cli.run(folder, ["up", "--dry-run", "--offline"], { PATH: "" });
    expect(text.code).toBe(0);
    expect(text.stdout).toContain("  + dynamodb:table/Products\n      key: productID");
    expect(text.stdout).toContain("(known after apply)");
    const json = await cli.run(folder, ["up", "--dry-run", "--offline", "--json", "--detailed-exitcode"]);
    expect({ code: json.code, stderr: json.stderr }).toEqual({ code: 2, stderr: "" });
    const { summary, changes } = JSON.parse(json.stdout);
    expect(summary.create).toBe(changes.length);
  });

  it("is a local AWS that does not run: nothing is there, and nothing is started", async () => {
    const status = await cli.run(folder, ["status", "--local", "--json"]);
    expect(status.code).toBe(1);
    const { healthy, steps } = JSON.parse(status.stdout);
    expect(healthy).toBe(false);
    expect(steps[0].resources[0]).toMatchObject({ id: "dynamodb:table/Products", state: "missing" });
    const down = await cli.run(folder, ["down", "--local"]);
    expect(down.code).toBe(0);
    expect(down.stderr).toContain("Nothing to do: nothing is there");
    expect((await cli.run(folder, ["step", "1", "--local", "--dry-run", "--detailed-exitcode"])).code).toBe(2);
  });
});

describe("Ctrl-C", () => {
  const held = async () => {
    const arrived: (() => void)[] = [];
    const called = new Promise<void>((resolve) => arrived.push(resolve));
    const release: (() => void)[] = [];
    const released = new Promise<void>((resolve) => release.push(resolve));
    const [url, server] = await endpoint(async () => {
      for (const tell of arrived) tell();
      await released;
      return { status: 403, body: stsError("AccessDenied") };
    });
    const child = cli.start(folder, ["status", "--endpoint-url", url], keys);
    const end = ended(child);
    await called;
    const told = new Promise<void>((resolve) =>
      child.stderr?.on("data", (data) => String(data).includes("Interrupted") && resolve()),
    );
    child.kill("SIGINT");
    await told;
    const free = () => {
      for (const go of release) go();
    };
    return { child, end, server, free };
  };

  it("lets the calls that are in flight end", async () => {
    const { end, server, free } = await held();
    free();
    const { code } = await end;
    server.close();
    expect(code).not.toBe(0);
  });

  it("leaves at once when it comes twice", async () => {
    const { child, end, server, free } = await held();
    child.kill("SIGINT");
    const { code } = await end;
    free();
    server.close();
    expect(code).toBe(130);
  });
});
