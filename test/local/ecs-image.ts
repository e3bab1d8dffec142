import { ECR } from "@aws-sdk/client-ecr";
import { blob, layer } from "../../src/images/layer.ts";

/** Pushes an image on an empty base that runs a program with node; answers its reference. */
export async function pushProgram(
  options: ConstructorParameters<typeof ECR>[0] & { endpoint: string },
  repository: string,
  tag: string,
  program: string,
): Promise<string> {
  const ecr = new ECR(options);
  await ecr.createRepository({ repositoryName: repository }).catch((error: Error) => {
    if (error.name !== "RepositoryAlreadyExistsException") throw error;
  });
  const { authorizationData } = await ecr.getAuthorizationToken({});
  const headers = { authorization: `Basic ${authorizationData?.[0]?.authorizationToken}` };
  const base = `${options.endpoint}/v2/${repository}`;
  const files = layer([{ path: "/app/server.js", data: Buffer.from(program) }]);
  const config = blob(
    Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        config: { Cmd: ["node", "/app/server.js"], WorkingDir: "/app", Env: ["PATH=/usr/bin", "OF_IMAGE=yes"] },
        rootfs: { type: "layers", diff_ids: [files.diffId] },
      }),
    ),
  );
  for (const each of [files, config]) {
    const begun = await fetch(`${base}/blobs/uploads/`, { method: "POST", headers });
    const place = new URL(begun.headers.get("location") ?? "", options.endpoint);
    place.searchParams.set("digest", each.digest);
    const put = await fetch(place, { method: "PUT", headers, body: new Uint8Array(each.data) });
    if (put.status !== 201) throw new Error(`blob: ${put.status} ${await put.text()}`);
  }
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config.digest, size: config.data.length },
    layers: [
      { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: files.digest, size: files.data.length },
    ],
  });
  const put = await fetch(`${base}/manifests/${tag}`, {
    method: "PUT",
    headers: { ...headers, "content-type": mediaType },
    body: manifest,
  });
  if (put.status !== 201) throw new Error(`manifest: ${put.status} ${await put.text()}`);
  ecr.destroy();
  return `${new URL(options.endpoint).host}/${repository}:${tag}`;
}

/** Answers `/` with its version, `/env` with its environment, `/call?url=` with what a fetch of the URL gave, `/die` by dying. */
export const program = (version: string) => `
const http = require("node:http");
console.log("version ${version} begins");
const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/die") process.exit(7);
  if (url.pathname === "/env") return response.end(JSON.stringify({ ...process.env, pid: process.pid, cwd: process.cwd() }));
  if (url.pathname === "/call") {
    try {
      return response.end(await (await fetch(url.searchParams.get("url"))).text());
    } catch (error) {
      response.statusCode = 500;
      return response.end(String(error.cause?.code ?? error));
    }
  }
  response.end("${version} " + process.pid);
});
server.listen(8080);
process.on("SIGTERM", () => {
  console.log("told to stop");
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
`;
