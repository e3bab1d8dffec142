import type { ECR } from "@aws-sdk/client-ecr";
import { emulate } from "../service.ts";
import { blobsOf } from "./blobs.ts";
import { images } from "./images.ts";
import { layers } from "./layers.ts";
import { answer } from "./registry.ts";
import { repositories } from "./repositories.ts";
import { type EcrState, keeper, knownBlobs } from "./state.ts";

/** ECR: its API, and under `/v2/` the registry that docker and the task runner talk to. */
export const ecr = emulate<ECR, EcrState>({
  ...keeper,
  load: () => import("@aws-sdk/client-ecr"),
  handlers: { ...repositories, ...images, ...layers },
  needs: (operation, input, { region, account }) => {
    const name = typeof input.repositoryName === "string" ? input.repositoryName : undefined;
    const arn = name === undefined ? input.resourceArn : `arn:aws:ecr:${region}:${account}:repository/${name}`;
    return [{ action: `ecr:${operation}`, resource: typeof arn === "string" ? arn : "*" }];
  },
  // Blobs that no repository knows were left by uploads whose process was killed.
  start: (local) => blobsOf(local).keepOnly(knownBlobs(local)),
  http: { prefix: "/v2/", handle: answer },
});
