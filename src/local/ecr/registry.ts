import type { IncomingMessage, ServerResponse } from "node:http";
import { type Local, Refusal } from "../service.ts";
import { blobRoutes } from "./registry-blobs.ts";
import { manifestRoutes } from "./registry-manifests.ts";
import { keeper, repositoryIn } from "./state.ts";
import { type Pass, verify } from "./token.ts";
import { RegistryError, send } from "./visit.ts";

const routes = { ...blobRoutes, ...manifestRoutes };

/** How the registry tells what the API would refuse by name. */
const codes: Readonly<Record<string, readonly [status: number, code: string]>> = {
  RepositoryNotFoundException: [404, "NAME_UNKNOWN"],
  ImageTagAlreadyExistsException: [400, "TAG_INVALID"],
  ImageDigestDoesNotMatchException: [400, "DIGEST_INVALID"],
  LayersNotFoundException: [400, "MANIFEST_BLOB_UNKNOWN"],
  ReferencedImagesNotFoundException: [400, "MANIFEST_BLOB_UNKNOWN"],
  InvalidParameterException: [400, "MANIFEST_INVALID"],
};

/** Answers `/v2/…` as ECR's registry does: the HTTP API that docker speaks, behind a login as AWS. */
export async function answer(request: IncomingMessage, response: ServerResponse, local: Local): Promise<void> {
  response.setHeader("docker-distribution-api-version", "registry/2.0");
  try {
    await route(request, response, local);
  } catch (error) {
    request.resume();
    const told = asRegistryError(error);
    if (!told || response.headersSent) throw error;
    send(response, told.status, {}, { errors: [{ code: told.code, message: told.message }] });
  }
}

async function route(request: IncomingMessage, response: ServerResponse, local: Local): Promise<void> {
  const url = new URL(request.url ?? "/", local.url);
  const pass = passOf(request, url);
  if (!pass) {
    request.resume();
    const realm = `Basic realm="${local.url}/",service="ecr.amazonaws.com"`;
    response.writeHead(401, { "www-authenticate": realm, "content-type": "text/plain" }).end("Not Authorized\n");
    return;
  }
  if (pass.expires <= local.clock.now()) {
    throw new RegistryError(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.");
  }
  if (url.pathname === "/v2/") return send(response, 200, {}, {});
  const [, name, kind = "", reference = ""] =
    /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests|tags)\/([^/]*)$/.exec(url.pathname) ?? [];
  const handler = routes[`${request.method} ${kind}`];
  if (name === undefined || !handler) throw new RegistryError(404, "UNSUPPORTED", "The operation is unsupported.");
  const { region } = pass;
  const repository = repositoryIn(local.state(keeper, region), decodeURIComponent(name), local.account);
  const query = url.searchParams;
  await handler({ request, response, local, region, repository, query, reference: decodeURIComponent(reference) });
}

/** Who asks: the user AWS with a password of GetAuthorizationToken, or whoever holds a signed download URL. */
function passOf(request: IncomingMessage, url: URL): Pass | undefined {
  const [scheme = "", value = ""] = (request.headers.authorization ?? "").split(" ");
  if (scheme.toLowerCase() === "basic") {
    const [user, password = ""] = Buffer.from(value, "base64").toString().split(":");
    const pass = user === "AWS" ? verify(password) : undefined;
    return pass?.path === undefined ? pass : undefined;
  }
  const pass = verify(url.searchParams.get("pass") ?? "");
  return request.method === "GET" && pass?.path === url.pathname ? pass : undefined;
}

function asRegistryError(error: unknown): RegistryError | undefined {
  if (error instanceof RegistryError) return error;
  const [status, code] = (error instanceof Refusal && codes[error.name]) || [];
  return error instanceof Refusal && status !== undefined && code !== undefined
    ? new RegistryError(status, code, error.message)
    : undefined;
}
