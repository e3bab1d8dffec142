import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { authorize } from "../iam/authorize.ts";
import type { Local } from "../service.ts";
import { TaskFailure } from "./runner.ts";
import { unpackLayer } from "./unpack.ts";

/** What an image says about running it. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Env?: readonly string[] | null;
  readonly WorkingDir?: string;
}

/** An image that lies unpacked on this machine. */
export interface Image {
  readonly digest: string;
  /** The folder that is its root. */
  readonly root: string;
  readonly config: ImageConfig;
}

interface Manifest {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string; readonly mediaType?: string }[];
  readonly manifests?: readonly {
    readonly digest: string;
    readonly platform?: { os?: string; architecture?: string };
  }[];
}

const MANIFESTS = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");

const sha256 = (data: Buffer): string => `sha256:${createHash("sha256").update(data).digest("hex")}`;

/** `host/name:tag` or `host/name@digest` in its parts; a tag that is left out is `latest`. */
export function imageParts(reference: string): { host: string; name: string; version: string } {
  const match = /^(?:([^/]+[.:][^/]*|localhost)\/)?([^:@]+)(?::([^@]+))?(?:@(.+))?$/.exec(reference);
  if (!match) throw new TaskFailure(`CannotPullContainerError: invalid reference format: ${reference}`);
  const [, host = "docker.io", name = "", tag, digest] = match;
  return { host, name, version: digest ?? tag ?? "latest" };
}

/** Gets images from registries, and keeps them unpacked: once per digest. */
export class Images {
  readonly #local: Local;
  readonly #folder: string;
  readonly #under = new Map<string, Promise<Image>>();

  constructor(local: Local, folder: string) {
    this.#local = local;
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Throws TaskFailure in ECS's words. */
  async get(reference: string, region: string, role: string | undefined): Promise<Image> {
    const { host, name, version } = imageParts(reference);
    const registry = await this.#registry(host, name, region, role);
    const { digest, manifest } = await this.#manifest(registry, reference, version);
    let image = this.#under.get(digest);
    if (!image) {
      image = this.#unpack(registry, reference, digest, manifest).finally(() => this.#under.delete(digest));
      this.#under.set(digest, image);
    }
    return image;
  }

  /** ECR is the registry of this machine; there is no way to any other. */
  async #registry(host: string, name: string, region: string, role: string | undefined): Promise<Registry> {
    const own = new URL(this.#local.url).host;
    const ecr = host === own || /\.dkr[.-]ecr[.-]/.test(host) || /^(127\.0\.0\.1|localhost)(:|$)/.test(host);
    if (!ecr)
      throw new TaskFailure(
        `CannotPullContainerError: failed to resolve ref ${host}/${name}: the local AWS pulls from its own registry only (${own}).`,
      );
    const token = await this.#token(region, role, name);
    return { url: `http://${own}/v2/${name}`, headers: { authorization: `Basic ${token}` } };
  }

  async #token(region: string, role: string | undefined, name: string): Promise<string> {
    const failed = (why: string) =>
      new TaskFailure(
        `ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: ${why}`,
      );
    if (role === undefined) throw failed("the task definition has no execution role.");
    const resource = `arn:aws:ecr:${region}:${this.#local.account}:repository/${name}`;
    const actions = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"];
    const { ECR } = await import("@aws-sdk/client-ecr");
    const ecr = new ECR({
      endpoint: this.#local.url,
      region,
      credentials: this.#local.credentialsFor(role, "ecs-agent"),
    });
    try {
      const { authorizationData } = await ecr.getAuthorizationToken({});
      const decision = authorize(
        this.#local,
        role,
        actions.map((action) => ({ action, resource })),
      );
      if (!decision.allowed)
        throw new TaskFailure(
          `CannotPullContainerError: failed to resolve ref ${name}: pulling from ECR: 403 Forbidden: the role ${role} is not authorized to perform: ${decision.action} on resource: ${resource}`,
        );
      return authorizationData?.[0]?.authorizationToken ?? "";
    } catch (error) {
      if (error instanceof TaskFailure) throw error;
      throw failed(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    } finally {
      ecr.destroy();
    }
  }

  async #manifest(registry: Registry, reference: string, version: string) {
    const data = await fetchFrom(registry, `manifests/${version}`, reference);
    const manifest = JSON.parse(data.toString()) as Manifest;
    if (!manifest.manifests) return { digest: sha256(data), manifest };
    const linux = manifest.manifests.filter((each) => each.platform?.os !== "unknown");
    const chosen = linux.find((each) => each.platform?.architecture === "amd64") ?? linux[0];
    if (!chosen)
      throw new TaskFailure(
        `CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'.`,
      );
    const one = await fetchFrom(registry, `manifests/${chosen.digest}`, reference);
    return { digest: sha256(one), manifest: JSON.parse(one.toString()) as Manifest };
  }

  async #unpack(registry: Registry, reference: string, digest: string, manifest: Manifest): Promise<Image> {
    const folder = join(this.#folder, digest.replace("sha256:", ""));
    const root = join(folder, "root");
    const about = join(folder, "config.json");
    if (!existsSync(about)) {
      const draft = `${folder}.${randomUUID()}`;
      mkdirSync(join(draft, "root"), { recursive: true });
      try {
        for (const layer of manifest.layers ?? []) {
          const data = await verified(registry, layer.digest, reference);
          unpackLayer(data[0] === 0x1f && data[1] === 0x8b ? gunzipSync(data) : data, join(draft, "root"));
        }
        const config = manifest.config
          ? await verified(registry, manifest.config.digest, reference)
          : Buffer.from("{}");
        writeFileSync(join(draft, "config.json"), config);
        renameSync(draft, folder);
      } catch (error) {
        rmSync(draft, { recursive: true, force: true });
        if (error instanceof TaskFailure) throw error;
        throw new TaskFailure(
          `CannotPullContainerError: failed to extract image ${reference}: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
    const { config = {} } = JSON.parse(readFileSync(about, "utf8")) as { config?: ImageConfig };
    return { digest, root, config };
  }
}

interface Registry {
  /** `http://host/v2/name` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function fetchFrom(registry: Registry, path: string, reference: string): Promise<Buffer> {
  const failed = (why: string) =>
    new TaskFailure(
      `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${reference}: ${why}`,
    );
  const answer = await fetch(`${registry.url}/${path}`, { headers: { ...registry.headers, accept: MANIFESTS } }).catch(
    (error: Error) => {
      throw failed(error.cause instanceof Error ? error.cause.message : error.message);
    },
  );
  const data = Buffer.from(await answer.arrayBuffer());
  if (answer.status === 404) throw failed(`${reference}: not found`);
  if (!answer.ok) throw failed(`unexpected status code ${answer.status}: ${data.toString().slice(0, 200)}`);
  return data;
}

async function verified(registry: Registry, digest: string, reference: string): Promise<Buffer> {
  const data = await fetchFrom(registry, `blobs/${digest}`, reference);
  if (sha256(data) !== digest) throw new Error(`${digest} is damaged: its content has the digest ${sha256(data)}`);
  return data;
}
