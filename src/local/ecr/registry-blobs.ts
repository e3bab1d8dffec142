import { pipeline } from "node:stream/promises";
import { blobsOf, isDigest } from "./blobs.ts";
import { ownerOf } from "./layers.ts";
import { type EcrRepository, keeper, repositoryIn } from "./state.ts";
import { RegistryError, send, type Visit } from "./visit.ts";

/** Blobs and their uploads: in one request, in chunks, or taken over from a neighbour. */
export const blobRoutes: Readonly<Record<string, (visit: Visit) => void | Promise<void>>> = {
  "GET blobs": blob,
  "HEAD blobs": blob,
  "POST blobs/uploads": begin,
  "PATCH blobs/uploads": append,
  "PUT blobs/uploads": complete,
  "GET blobs/uploads": (visit) => send(visit.response, 204, place(visit, opened(visit))),
  "DELETE blobs/uploads": (visit) => {
    blobsOf(visit.local).abandon(opened(visit));
    send(visit.response, 204);
  },
};

async function blob({ request, response, local, repository, reference: digest }: Visit): Promise<void> {
  const size = repository.layers[digest];
  if (size === undefined) throw new RegistryError(404, "BLOB_UNKNOWN", "blob unknown to registry");
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": size,
    "docker-content-digest": digest,
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(blobsOf(local).read(digest), response).catch(ignoreHangUp);
}

/** A client that hangs up in the middle of an answer is nobody's fault. */
function ignoreHangUp(error: NodeJS.ErrnoException): void {
  if (error.code !== "ERR_STREAM_PREMATURE_CLOSE" && error.code !== "ECONNRESET") throw error;
}

async function begin(visit: Visit): Promise<void> {
  const { request, response, local, region, repository, query } = visit;
  const digest = query.get("mount") ?? "";
  const source = local.state(keeper, region).repositories[query.get("from") ?? ""];
  const size = source?.layers[digest];
  if (size !== undefined) {
    request.resume();
    repository.layers[digest] = size;
    local.changed(keeper, region);
    return send(response, 201, stored(repository, digest));
  }
  const id = blobsOf(local).begin(ownerOf(region, repository.name));
  if (query.has("digest")) return complete({ ...visit, reference: id });
  request.resume();
  send(response, 202, place(visit, id));
}

async function append(visit: Visit): Promise<void> {
  const { request, response, local } = visit;
  const id = opened(visit);
  const first = /^(?:bytes=)?(\d+)-/.exec(request.headers["content-range"] ?? "")?.[1];
  if (first !== undefined && Number(first) !== blobsOf(local).received(id)) {
    throw new RegistryError(416, "BLOB_UPLOAD_INVALID", "the chunk does not begin where the last one ended");
  }
  await blobsOf(local).appendFrom(id, request);
  send(response, 202, place(visit, id));
}

async function complete(visit: Visit): Promise<void> {
  const { request, response, local, region, query } = visit;
  const id = opened(visit);
  const blobs = blobsOf(local);
  await blobs.appendFrom(id, request);
  const wanted = query.get("digest") ?? "";
  const [digest, size] = [await blobs.digest(id), blobs.received(id)];
  // While the bytes came in the repository may have been deleted.
  const repository = repositoryIn(local.state(keeper, region), visit.repository.name, local.account);
  if (!isDigest(wanted) || digest !== wanted) {
    blobs.abandon(id);
    throw new RegistryError(400, "DIGEST_INVALID", `the bytes have the digest ${digest}, not ${wanted}`);
  }
  blobs.finish(id, digest);
  repository.layers[digest] = size;
  local.changed(keeper, region);
  send(response, 201, stored(repository, digest));
}

function opened({ local, region, repository, reference: id }: Visit): string {
  if (blobsOf(local).isOpen(id, ownerOf(region, repository.name))) return id;
  throw new RegistryError(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
}

const place = ({ local, repository }: Visit, id: string) => ({
  location: `/v2/${repository.name}/blobs/uploads/${id}`,
  "docker-upload-uuid": id,
  range: `0-${Math.max(blobsOf(local).received(id) - 1, 0)}`,
});

const stored = ({ name }: EcrRepository, digest: string) => ({
  location: `/v2/${name}/blobs/${digest}`,
  "docker-content-digest": digest,
});
