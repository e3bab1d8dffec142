import { authorize } from "../iam/authorize.ts";
import { readObject, writeObject } from "../s3/index.ts";
import type { Local } from "../service.ts";
import { Refusal } from "../service.ts";
import type { Place } from "./state.ts";

/** An action that fails: its error as the API shows it. */
export class ActionFailure extends Error {
  readonly code: string;

  constructor(
    code: "JobFailed" | "ConfigurationError" | "PermissionError" | "RevisionUnavailable" | "TimedOut",
    message: string,
  ) {
    super(message);
    this.name = "ActionFailure";
    this.code = code;
  }
}

/** What a pipeline may do: what its role may. */
export interface Role {
  readonly name: string;
  /** Throws ActionFailure if the role may not. */
  demand(action: string, resource: string): void;
  read(place: Place, what: string): Promise<Buffer>;
  write(place: Place, bytes: Uint8Array): Promise<void>;
}

/** The role of a pipeline, by its ARN. */
export function roleOf(local: Local, arn: string): Role {
  const name = arn.split("/").at(-1) ?? "";
  const demand = (action: string, resource: string) => {
    const decision = authorize(local, name, [{ action, resource }]);
    if (decision.allowed) return;
    const who = `arn:aws:sts::${local.account}:assumed-role/${name}`;
    throw new ActionFailure(
      "PermissionError",
      `The provided role does not have sufficient permissions: ${who} is not authorized to perform: ${action} on resource: ${resource} ${decision.why}`,
    );
  };
  return {
    name,
    demand,
    async read({ bucket, key }, what) {
      demand("s3:GetObject", `arn:aws:s3:::${bucket}/${key}`);
      return asFailure(
        `Unable to access the artifact ${what} in Amazon S3 bucket ${bucket}`,
        readObject(local, bucket, key),
      );
    },
    async write({ bucket, key }, bytes) {
      demand("s3:PutObject", `arn:aws:s3:::${bucket}/${key}`);
      await asFailure(
        `Unable to write to Amazon S3 bucket ${bucket}`,
        writeObject(local, bucket, key, bytes, "application/zip"),
      );
    },
  };
}

async function asFailure<Result>(what: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal) throw new ActionFailure("ConfigurationError", `${what}: ${error.message}`);
    throw error;
  }
}
