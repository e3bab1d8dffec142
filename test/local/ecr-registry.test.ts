import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECR } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ecr as service } from "../../src/local/ecr/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import type { Clock } from "../../src/local/service.ts";

process.env.AWS_EC2_METADATA_DISABLED = "true";
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const sha = (data: string) => `sha256:${createHash("sha256").update(data).digest("hex")}`;
const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };
const manifestType = "application/vnd.oci.image.manifest.v1+json";

let dir: string;
let now: number;
let local: LocalServer;
let ecr: ECR;
let authorization: string;

const clock: Clock = { now: () => now, sleep: () => Promise.reject(new Error("nobody sleeps here")) };

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecomctl-registry-"));
  now = Date.now();
  local = await startLocal({ dir, port: 0, services: [service], clock });
  ecr = new ECR({ endpoint: local.url, region: "us-east-1", credentials });
  const { authorizationData } = await ecr.getAuthorizationToken({});
  authorization = `Basic ${authorizationData?.[0]?.authorizationToken}`;
  await ecr.createRepository({ repositoryName: "shop/web" });
});

afterEach(async () => {
  ecr.destroy();
  await local.stop();
  await rm(dir, { recursive: true, force: true });
});

const ask = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, local.url), { method, body, headers: { authorization, ...headers } });

/** Uploads a blob in one PUT and gives its digest. */
async function upload(data: string, repository = "shop/web"): Promise<string> {
  const begun = await ask("POST", `/v2/${repository}/blobs/uploads/`);
  const place = begun.headers.get("location") ?? "";
  expect((await ask("PUT", `${place}?digest=${sha(data)}`, data)).status).toBe(201);
  return sha(data);
}

/** The manifest of an image of one word. */
async function manifest(word: string): Promise<string> {
  const config = await upload(`{"word":"${word}"}`);
  return JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: { digest: config, size: 1 }, layers: [] });
}

const put = (reference: string, text: string) =>
  ask("PUT", `/v2/shop/web/manifests/${reference}`, text, { "content-type": manifestType });

const errorOf = async (response: Response) => {
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  return [response.status, errors[0]?.code];
};

describe("the registry's login", () => {
  test("is asked for, as docker expects it", async () => {
    const response = await fetch(`${local.url}/v2/`);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Basic realm=/);
    expect(response.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
    expect((await ask("GET", "/v2/")).status).toBe(200);
  });

  test.each([
    ["another user", (token: string) => token.replace(/^AWS:/, "me:")],
    ["another password", () => "AWS:secret"],
    ["a password that was tampered with", (token: string) => token.replace(/^AWS:(.)/, "AWS:$1x")],
  ])("refuses %s", async (_, change) => {
    const token = Buffer.from(authorization.slice("Basic ".length), "base64").toString();
    const headers = { authorization: `Basic ${Buffer.from(change(token)).toString("base64")}` };
    expect((await fetch(`${local.url}/v2/`, { headers })).status).toBe(401);
  });

  test("expires after twelve hours", async () => {
    now += 12 * 3_600_000;
    expect(await errorOf(await ask("GET", "/v2/"))).toEqual([403, "DENIED"]);
  });

  test("is for the region it was made in", async () => {
    const elsewhere = new ECR({ endpoint: local.url, region: "eu-west-1", credentials });
    const { authorizationData } = await elsewhere.getAuthorizationToken({});
    elsewhere.destroy();
    authorization = `Basic ${authorizationData?.[0]?.authorizationToken}`;
    expect(await errorOf(await ask("POST", "/v2/shop/web/blobs/uploads/"))).toEqual([404, "NAME_UNKNOWN"]);
  });
});

describe("blobs", () => {
  test("come in chunks, in order", async () => {
    const begun = await ask("POST", "/v2/shop/web/blobs/uploads/");
    const place = begun.headers.get("location") ?? "";
    const first = await ask("PATCH", place, "some ", { "content-range": "0-4" });
    expect([first.status, first.headers.get("range")]).toEqual([202, "0-4"]);
    expect(await errorOf(await ask("PATCH", place, "bytes", { "content-range": "7-11" }))).toEqual([
      416,
      "BLOB_UPLOAD_INVALID",
    ]);
    await ask("PATCH", place, "bytes", { "content-range": "5-9" });
    expect((await ask("GET", place)).headers.get("range")).toBe("0-9");
    expect((await ask("PUT", `${place}?digest=${sha("some bytes")}`)).status).toBe(201);
    const head = await ask("HEAD", `/v2/shop/web/blobs/${sha("some bytes")}`);
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "10"]);
    expect(await (await ask("GET", `/v2/shop/web/blobs/${sha("some bytes")}`)).text()).toBe("some bytes");
  });

  test("come in one request, too", async () => {
    const response = await ask("POST", `/v2/shop/web/blobs/uploads/?digest=${sha("all")}`, "all");
    expect([response.status, response.headers.get("docker-content-digest")]).toEqual([201, sha("all")]);
  });

  test("with another digest than they have are refused, and so is their upload from then on", async () => {
    const begun = await ask("POST", "/v2/shop/web/blobs/uploads/");
    const place = begun.headers.get("location") ?? "";
    expect(await errorOf(await ask("PUT", `${place}?digest=${sha("this")}`, "that"))).toEqual([400, "DIGEST_INVALID"]);
    expect(await errorOf(await ask("PATCH", place, "more"))).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
    expect((await ask("HEAD", `/v2/shop/web/blobs/${sha("that")}`)).status).toBe(404);
  });

  test("that are given up are forgotten", async () => {
    const begun = await ask("POST", "/v2/shop/web/blobs/uploads/");
    const place = begun.headers.get("location") ?? "";
    expect((await ask("DELETE", place)).status).toBe(204);
    expect((await ask("GET", place)).status).toBe(404);
  });

  test("of one repository are not another's until they are mounted", async () => {
    await ecr.createRepository({ repositoryName: "other" });
    const digest = await upload("shared");
    expect(await errorOf(await ask("GET", `/v2/other/blobs/${digest}`))).toEqual([404, "BLOB_UNKNOWN"]);
    const mount = (from: string) => ask("POST", `/v2/other/blobs/uploads/?mount=${digest}&from=${from}`);
    expect((await mount("nowhere")).status).toBe(202);
    expect((await mount("shop/web")).status).toBe(201);
    expect(await (await ask("GET", `/v2/other/blobs/${digest}`)).text()).toBe("shared");
  });

  test("are never looked for outside their folder", async () => {
    const response = await ask("GET", `/v2/shop/web/blobs/${encodeURIComponent("../../state/ecr/us-east-1.json")}`);
    expect(response.status).toBe(404);
  });
});

describe("manifests", () => {
  test("are found by tag and digest, and listed by tag", async () => {
    const text = await manifest("one");
    const pushed = await put("v1", text);
    expect([pushed.status, pushed.headers.get("docker-content-digest")]).toEqual([201, sha(text)]);
    expect((await put("v1", text)).status).toBe(201);
    for (const reference of ["v1", sha(text)]) {
      const got = await ask("GET", `/v2/shop/web/manifests/${reference}`);
      expect(got.headers.get("content-type")).toBe(manifestType);
      expect(await got.text()).toBe(text);
    }
    expect((await ask("HEAD", "/v2/shop/web/manifests/v1")).headers.get("content-length")).toBe(String(text.length));
    expect(await (await ask("GET", "/v2/shop/web/tags/list")).json()).toEqual({ name: "shop/web", tags: ["v1"] });
    expect(await errorOf(await ask("GET", "/v2/shop/web/manifests/v2"))).toEqual([404, "MANIFEST_UNKNOWN"]);
  });

  test("need their blobs, a repository, a digest that fits, and sense", async () => {
    const text = await manifest("one");
    const lost = text.replace(/sha256:[0-9a-f]{64}/, sha("lost"));
    expect(await errorOf(await put("v1", lost))).toEqual([400, "MANIFEST_BLOB_UNKNOWN"]);
    expect(await errorOf(await put(sha("other"), text))).toEqual([400, "DIGEST_INVALID"]);
    expect(await errorOf(await put("v1", "{}"))).toEqual([400, "MANIFEST_INVALID"]);
    expect(await errorOf(await put("v1", "x".repeat(5_000_000)))).toEqual([413, "MANIFEST_INVALID"]);
    expect(await errorOf(await ask("PUT", "/v2/nowhere/manifests/v1", text))).toEqual([404, "NAME_UNKNOWN"]);
  });

  test("with an immutable tag are pushed once: the same image, too, is refused a second time", async () => {
    await ecr.putImageTagMutability({ repositoryName: "shop/web", imageTagMutability: "IMMUTABLE" });
    const text = await manifest("one");
    await put("v1", text);
    expect(await errorOf(await put("v1", text))).toEqual([400, "TAG_INVALID"]);
  });

  test("are deleted by tag or digest", async () => {
    const text = await manifest("one");
    await put("v1", text);
    await put("v2", text);
    expect((await ask("DELETE", "/v2/shop/web/manifests/v1")).status).toBe(202);
    expect((await ask("HEAD", `/v2/shop/web/manifests/${sha(text)}`)).status).toBe(200);
    expect((await ask("DELETE", `/v2/shop/web/manifests/${sha(text)}`)).status).toBe(202);
    expect((await ecr.listImages({ repositoryName: "shop/web" })).imageIds).toEqual([]);
  });
});
