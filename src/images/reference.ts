import { ImageProblem } from "./problem.ts";

/** Where an image is: `registry` is an origin (`https://public.ecr.aws`), `version` a tag or a `sha256:…` digest. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly version: string;
}

const grammar = /^([a-z0-9]+(?:(?:[./]|_{1,2}|-+)[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** Whether a host is this machine, where registries are spoken to without TLS, as Docker does. */
const loopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host);

/** Reads a reference as `docker pull` does; a digest wins over a tag. Throws `ReferenceInvalid`. */
export function parseReference(reference: string): ImageReference {
  const slash = reference.indexOf("/");
  const first = reference.slice(0, Math.max(slash, 0));
  const named = first === "localhost" || /[.:]/.test(first);
  const [, path, tag, digest] = grammar.exec(named ? reference.slice(slash + 1) : reference) ?? [];
  if (path === undefined) {
    throw new ImageProblem(
      "ReferenceInvalid",
      `"${reference}" is not the reference of an image`,
      "write registry/repository:tag or registry/repository@sha256:…, or scratch for no base",
    );
  }
  const version = digest ?? tag ?? "latest";
  if (!named || first === "docker.io") {
    const repository = path.includes("/") ? path : `library/${path}`;
    return { registry: "https://registry-1.docker.io", repository, version };
  }
  return { registry: `${loopback(first) ? "http" : "https"}://${first}`, repository: path, version };
}
