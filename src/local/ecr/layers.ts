import type { ECR, Layer } from "@aws-sdk/client-ecr";
import { type Call, type Handlers, Refusal } from "../service.ts";
import { blobsOf, isDigest } from "./blobs.ts";
import { type EcrState, repositoryIn } from "./state.ts";
import { sign } from "./token.ts";

/** A part of a layer that ECR suggests to clients, in bytes. */
const partSize = 10 * 1024 * 1024;
const hour = 3_600_000;

/** Names the repository an upload belongs to. */
export const ownerOf = (region: string, repository: string): string => `${region}/${repository}`;

function uploadOf({ local, region, account }: Call<EcrState>, name: string, id: string = "") {
  const blobs = blobsOf(local);
  if (!blobs.isOpen(id, ownerOf(region, name))) {
    throw new Refusal(
      "UploadNotFoundException",
      `The upload with ID '${id}' does not exist for the repository with name '${name}' in the registry with id '${account}'`,
    );
  }
  return { blobs, id };
}

/** Layers by ECR's own API: what `docker push` does over HTTP, part by part. */
export const layers: Handlers<ECR, EcrState> = {
  GetAuthorizationToken(_, { region, local }) {
    const expires = local.clock.now() + 12 * hour;
    const password = sign({ region, expires });
    const authorizationToken = Buffer.from(`AWS:${password}`).toString("base64");
    return { authorizationData: [{ authorizationToken, expiresAt: new Date(expires), proxyEndpoint: local.url }] };
  },

  BatchCheckLayerAvailability({ repositoryName, layerDigests = [] }, { state, account }) {
    const repository = repositoryIn(state, repositoryName, account);
    const described = layerDigests.filter(isDigest).map((layerDigest): Layer => {
      const layerSize = repository.layers[layerDigest];
      return layerSize === undefined
        ? { layerDigest, layerAvailability: "UNAVAILABLE" }
        : { layerDigest, layerAvailability: "AVAILABLE", layerSize };
    });
    const failures = layerDigests
      .filter((digest) => !isDigest(digest))
      .map((layerDigest) => ({
        layerDigest,
        failureCode: "InvalidLayerDigest" as const,
        failureReason: `Invalid layer digest: '${layerDigest}'`,
      }));
    return { layers: described, failures };
  },

  InitiateLayerUpload({ repositoryName }, { state, account, region, local }) {
    const { name } = repositoryIn(state, repositoryName, account);
    return { uploadId: blobsOf(local).begin(ownerOf(region, name)), partSize };
  },

  UploadLayerPart({ repositoryName, uploadId, partFirstByte = 0, partLastByte = 0, layerPartBlob }, call) {
    const { name } = repositoryIn(call.state, repositoryName, call.account);
    const { blobs, id } = uploadOf(call, name, uploadId);
    const part = layerPartBlob ?? new Uint8Array();
    const received = blobs.received(id);
    if (partFirstByte !== received || partLastByte - partFirstByte + 1 !== part.length) {
      throw new Refusal(
        "InvalidLayerPartException",
        `The layer part is invalid: the next part begins with byte ${received}`,
        { data: { registryId: call.account, repositoryName, uploadId, lastValidByteReceived: received - 1 } },
      );
    }
    blobs.append(id, part);
    return { registryId: call.account, repositoryName, uploadId, lastByteReceived: partLastByte };
  },

  async CompleteLayerUpload({ repositoryName, uploadId, layerDigests = [] }, call) {
    const repository = repositoryIn(call.state, repositoryName, call.account);
    const { blobs, id } = uploadOf(call, repository.name, uploadId);
    const size = blobs.received(id);
    if (size === 0) throw new Refusal("EmptyUploadException", "The layer upload does not contain any layer parts.");
    const layerDigest = await blobs.digest(id);
    if (!layerDigests.includes(layerDigest)) {
      throw new Refusal("InvalidLayerException", `The layer digest is ${layerDigest}, not ${layerDigests.join(", ")}`);
    }
    if (layerDigest in repository.layers) {
      blobs.abandon(id);
      throw new Refusal(
        "LayerAlreadyExistsException",
        `Layer with digest '${layerDigest}' already exists in the repository with name '${repositoryName}' in the registry with id '${call.account}'`,
      );
    }
    blobs.finish(id, layerDigest);
    repository.layers[layerDigest] = size;
    return { registryId: call.account, repositoryName, uploadId, layerDigest };
  },

  GetDownloadUrlForLayer({ repositoryName, layerDigest = "" }, { state, account, region, local }) {
    const repository = repositoryIn(state, repositoryName, account);
    if (!(layerDigest in repository.layers)) {
      throw new Refusal(
        "LayersNotFoundException",
        `The layer with digest '${layerDigest}' does not exist within the repository with name '${repositoryName}' in the registry with id '${account}'`,
      );
    }
    const path = `/v2/${repository.name}/blobs/${layerDigest}`;
    const pass = sign({ region, expires: local.clock.now() + hour, path });
    return { downloadUrl: `${local.url}${path}?pass=${pass}`, layerDigest };
  },
};
