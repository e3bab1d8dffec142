/** What goes wrong with images, by a stable name. */
export type ImageProblemCode =
  | "SourceMissing"
  | "BundleStale"
  | "BundleFailed"
  | "DockerfileRefused"
  | "ReferenceInvalid"
  | "RegistryUnreachable"
  | "RegistryRefused"
  | "DigestMismatch"
  | "BaseUnusable"
  | "EngineFailed";

/** A failure of bundling, building or pushing: what went wrong, and what a person does about it. Carries no secret. */
export class ImageProblem extends Error {
  override readonly name = "ImageProblem";
  readonly code: ImageProblemCode;
  readonly remedy: string;

  constructor(code: ImageProblemCode, message: string, remedy: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.remedy = remedy;
  }
}
