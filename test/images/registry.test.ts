import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECR } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { buildImage, type Destination, type Pushed } from "../../src/images/build.ts";
import { blob } from "../../src/images/layer.ts";
import { parseReference } from "../../src/images/reference.ts";
import { media, openRegistry } from "../../src/images/registry.ts";
import type { Source } from "../../src/images/source.ts";
import { ecr as ecrService } from "../../src/local/ecr/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import { put, service } from "./fixture.ts";

process.env.AWS_EC2_METADATA_DISABLED = "true";
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

let dir: string;
let local: LocalServer;
let ecr: ECR;
let destination: Destination;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecomctl-push-"));
  local = await startLocal({ dir, port: 0, services: [ecrService] });
  const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };
  ecr = new ECR({ endpoint: local.url, region: "us-east-1", credentials });
  await ecr.createRepository({ repositoryName: "web-server", imageTagMutability: "IMMUTABLE" });
  const { authorizationData } = await ecr.getAuthorizationToken({});
  const token = Buffer.from(authorizationData?.[0]?.authorizationToken ?? "", "base64").toString();
  destination = {
    registry: authorizationData?.[0]?.proxyEndpoint ?? "",
    repository: "web-server",
    tag: "one",
    login: { username: "AWS", password: token.slice("AWS:".length) },
  };
});

afterEach(async () => {
  ecr.destroy();
  await local.stop();
  await rm(dir, { recursive: true, force: true });
});

async function push(source: Source, to: Destination, base = "scratch", platform = "linux/amd64"): Promise<Pushed> {
  return (await buildImage({ source, base, platform })).push(to);
}

describe("pushing a built image", () => {
  test("puts it where ECR finds it, with what it was made from", async () => {
    const source = await service();
    const { digest, uploaded } = await push(source, destination);
    expect(uploaded).toBe(2);
    const { imageDetails } = await ecr.describeImages({ repositoryName: "web-server" });
    expect(imageDetails).toMatchObject([{ imageDigest: digest, imageTags: ["one"] }]);
    const { images } = await ecr.batchGetImage({ repositoryName: "web-server", imageIds: [{ imageTag: "one" }] });
    const manifest = JSON.parse(images?.[0]?.imageManifest ?? "") as { annotations: Record<string, string> };
    expect(manifest.annotations["ecomctl.source"]).toBe("services/web-server");
    expect(JSON.parse(manifest.annotations["ecomctl.inputs"] ?? "")).toMatchObject({
      base: "scratch",
      platform: "linux/amd64",
      "services/web-server/src/main.ts": expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  test("uploads nothing the second time, and gives the same digest from another place", async () => {
    const first = await push(await service(), destination);
    const again = await push(await service(), destination);
    expect(again).toEqual({ digest: first.digest, uploaded: 0 });
  });

  test("of two runs at once is no failure, although the tag is immutable", async () => {
    const source = await service();
    const [one, other] = await Promise.all([push(source, destination), push(source, destination)]);
    expect(one.digest).toBe(other.digest);
  });

  test("brings only what is new when the sources have changed", async () => {
    const source = await service();
    await push(source, destination);
    await put(source, "services/web-server/package.json", '{"name":"renamed","dependencies":{"old":"1.0.0"}}');
    expect((await push(source, { ...destination, tag: "two" })).uploaded).toBe(1);
  });

  test("cannot move an immutable tag", async () => {
    const source = await service();
    await push(source, destination);
    await put(source, "services/web-server/src/main.ts", "console.log(2);");
    await expect(push(source, destination)).rejects.toMatchObject({
      code: "RegistryRefused",
      message: expect.stringMatching(/400: TAG_INVALID .*'one' already exists/),
    });
  });

  test("names a repository that is not there", async () => {
    await expect(push(await service(), { ...destination, repository: "shop" })).rejects.toMatchObject({
      code: "RegistryRefused",
      message: expect.stringContaining("NAME_UNKNOWN The repository with name 'shop' does not exist"),
    });
  });

  test("with a wrong password says so, and not the password", async () => {
    const login = { username: "AWS", password: "wrong.password" };
    const error = await push(await service(), { ...destination, login }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "RegistryRefused", message: expect.stringContaining("401") });
    const encoded = Buffer.from("AWS:wrong.password").toString("base64");
    const all = JSON.stringify(error, Object.getOwnPropertyNames(error));
    expect(all).not.toContain("wrong.password");
    expect(all).not.toContain(encoded);
  });

  test("to a registry that does not answer says which", async () => {
    const to = { ...destination, registry: "http://127.0.0.1:1" };
    await expect(push(await service(), to)).rejects.toMatchObject({
      code: "RegistryUnreachable",
      message: expect.stringContaining("http://127.0.0.1:1"),
    });
  });
});

/** A base image as registries have them: with a config and one layer, for a platform. */
function baseImage(architecture: string) {
  const layer = blob(Buffer.from(`the files of ${architecture}`));
  const config = blob(
    Buffer.from(
      JSON.stringify({
        architecture,
        os: "linux",
        config: { Env: ["PATH=/bin", "NODE_ENV=development"], Entrypoint: ["docker-entrypoint.sh"] },
        rootfs: { type: "layers", diff_ids: [layer.digest] },
        history: [{ created_by: "base" }],
      }),
    ),
  );
  const manifest = blob(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: media.dockerManifest,
        config: {
          mediaType: "application/vnd.docker.container.image.v1+json",
          size: config.data.length,
          digest: config.digest,
        },
        layers: [
          {
            mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
            size: layer.data.length,
            digest: layer.digest,
          },
        ],
      }),
    ),
  );
  return { layer, config, manifest: { ...manifest, mediaType: media.dockerManifest }, architecture };
}

/** A public registry with one image for two platforms, that wants an anonymous token and sends blobs by a detour. */
async function publicRegistry(): Promise<string> {
  const images = [baseImage("amd64"), baseImage("arm64")];
  const index = blob(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: media.dockerIndex,
        manifests: images.map(({ manifest, architecture }) => ({
          mediaType: manifest.mediaType,
          digest: manifest.digest,
          size: manifest.data.length,
          platform: { os: "linux", architecture },
        })),
      }),
    ),
  );
  const listener: RequestListener = (request, response) => {
    const url = new URL(request.url ?? "/", "http://registry");
    const last = url.pathname.split("/").at(-1) ?? "";
    if (url.pathname === "/token") {
      response.end(JSON.stringify({ token: `for ${url.searchParams.get("scope")}` }));
    } else if (url.pathname.startsWith("/detour/")) {
      if (request.headers.authorization) return response.writeHead(400).end("a token too many");
      const found = images.flatMap(({ layer, config }) => [layer, config]).find(({ digest }) => digest === last);
      response.writeHead(found ? 200 : 404).end(found?.data);
    } else if (request.headers.authorization !== "Bearer for repository:library/node:pull") {
      const realm = `Bearer realm="http://${request.headers.host}/token",service="public",scope="repository:library/node:pull"`;
      response.writeHead(401, { "www-authenticate": realm }).end();
    } else if (url.pathname.includes("/blobs/")) {
      response.writeHead(307, { location: `/detour/${last}` }).end();
    } else {
      const manifest = images.map((image) => image.manifest).find(({ digest }) => digest === last);
      const found = last === "20" || last === index.digest ? { ...index, mediaType: media.dockerIndex } : manifest;
      response.writeHead(found ? 200 : 404, { "content-type": found?.mediaType ?? "text/html" }).end(found?.data);
    }
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a base image", () => {
  test("of a public registry is found for the platform, and its layers travel along", async () => {
    const base = `${await publicRegistry()}/library/node:20`;
    const { digest, uploaded } = await push(await service(), destination, base, "linux/arm64");
    expect(uploaded).toBe(3);
    const registry = openRegistry(destination.registry, destination.login);
    const { data } = await registry.manifest("web-server", digest);
    const manifest = JSON.parse(data.toString()) as {
      layers: { digest: string; mediaType: string }[];
      config: { digest: string };
    };
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([media.layer, media.layer]);
    expect(manifest.layers[0]?.digest).toBe(baseImage("arm64").layer.digest);
    const config = JSON.parse((await registry.blob("web-server", manifest.config.digest)).toString());
    expect(config).toMatchObject({
      architecture: "arm64",
      config: { Env: ["PATH=/bin", "NODE_ENV=production"], Entrypoint: ["docker-entrypoint.sh"], User: "1000" },
      rootfs: { diff_ids: [baseImage("arm64").layer.digest, expect.stringMatching(/^sha256:/)] },
      history: [{ created_by: "base" }, expect.anything()],
    });
  });

  test("without an image for the platform is refused", async () => {
    const base = `${await publicRegistry()}/library/node:20`;
    await expect(push(await service(), destination, base, "linux/s390x")).rejects.toMatchObject({
      code: "BaseUnusable",
      message: expect.stringContaining("has no image for linux/s390x"),
    });
  });

  test("that is not there is named", async () => {
    const base = `${await publicRegistry()}/library/node:19`;
    await expect(push(await service(), destination, base)).rejects.toMatchObject({
      code: "RegistryRefused",
      message: expect.stringMatching(/manifests\/19 answered 404/),
    });
  });

  test("in the same registry is mounted: its bytes do not travel", async () => {
    await ecr.createRepository({ repositoryName: "base" });
    const { layer, config, manifest } = baseImage("amd64");
    const registry = openRegistry(destination.registry, destination.login);
    for (const data of [layer, config]) await registry.upload("base", data);
    await registry.putManifest("base", "20", manifest);
    const { host } = new URL(destination.registry);
    const logins = { [destination.registry]: destination.login ?? { username: "", password: "" } };
    const input = { source: await service(), base: `${host}/base:20`, platform: "linux/amd64", logins };
    expect((await (await buildImage(input)).push(destination)).uploaded).toBe(2);
    expect(await registry.has("web-server", layer.digest)).toBe(true);
    expect(await registry.mount("web-server", blob(Buffer.from("?")).digest, "base")).toBe(false);
  });
});

describe("the reference of an image", () => {
  const digest = `sha256:${"a".repeat(64)}`;

  test.each([
    ["node", "https://registry-1.docker.io", "library/node", "latest"],
    ["me/shop:1", "https://registry-1.docker.io", "me/shop", "1"],
    ["docker.io/library/node:20-alpine", "https://registry-1.docker.io", "library/node", "20-alpine"],
    ["public.ecr.aws/docker/library/node:20", "https://public.ecr.aws", "docker/library/node", "20"],
    [`ghcr.io/a/b:1@${digest}`, "https://ghcr.io", "a/b", digest],
    ["127.0.0.1:5000/web", "http://127.0.0.1:5000", "web", "latest"],
    ["localhost/web:2", "http://localhost", "web", "2"],
    ["example.com:5000/web:2", "https://example.com:5000", "web", "2"],
  ])("%s is read as docker reads it", (text, registry, repository, version) => {
    expect(parseReference(text)).toEqual({ registry, repository, version });
  });

  test.each(["", "Node", "a/../b", "node:", "node@sha256:abc", "ghcr.io/", "http://ghcr.io/a"])(
    '"%s" is none',
    (text) => {
      expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "ReferenceInvalid" }));
    },
  );
});
