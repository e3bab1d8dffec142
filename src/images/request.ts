import { setTimeout as sleep } from "node:timers/promises";
import { ImageProblem } from "./problem.ts";

/** A name and password for a registry; sent in a header and nowhere else. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** One request to a registry; `path` may be a URL that the registry gave. */
export interface Ask {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Statuses beside 2xx that are an answer and not a refusal. */
  readonly accepts?: readonly number[];
}

export type Send = (path: string, ask?: Ask) => Promise<Response>;

const tries = 4;
const again = new Set([408, 429, 500, 502, 503, 504]);

/**
 * A way to talk to one registry: retries what may pass, and proves who we are by what the registry asks for: a name and
 * password at once if we have them (ECR), else the anonymous bearer token of public registries. Neither ever goes to
 * another host, nor into a message. Throws `RegistryUnreachable` and `RegistryRefused`.
 */
export function sender(registry: string, login?: Login): Send {
  const origin = new URL(registry).origin;
  const tokens = new Map<string, string>();
  const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;

  const once = (url: URL, ask: Ask, authorization: string | undefined) =>
    reach(url, {
      method: ask.method ?? "GET",
      redirect: "manual",
      headers: { ...ask.headers, ...(authorization && url.origin === origin ? { authorization } : {}) },
      ...(ask.body ? { body: new Uint8Array(ask.body) } : {}),
    });

  return async (path, ask = {}) => {
    const url = new URL(path, origin);
    const scope = scopeOf(url);
    let response = await once(url, ask, basic ?? tokens.get(scope));
    if (response.status === 401 && !basic) {
      const token = await anonymous(response.headers.get("www-authenticate"), scope);
      if (token !== undefined) {
        tokens.set(scope, `Bearer ${token}`);
        await response.arrayBuffer();
        response = await once(url, ask, tokens.get(scope));
      }
    }
    const moved = response.headers.get("location");
    if ([301, 302, 303, 307, 308].includes(response.status) && moved && (ask.method ?? "GET") === "GET") {
      response = await once(new URL(moved, url), { headers: ask.headers ?? {} }, undefined);
    }
    if (response.ok || ask.accepts?.includes(response.status)) return response;
    throw await refusal(`${ask.method ?? "GET"} ${origin}${url.pathname}`, response);
  };
}

/** What a token is asked for: reading the repository that the path names. */
function scopeOf(url: URL): string {
  const repository = /^\/v2\/(.+?)\/(?:blobs|manifests|tags)\//.exec(url.pathname)?.[1];
  return repository === undefined ? "" : `repository:${repository}:pull`;
}

async function reach(url: URL, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, init);
      if (!again.has(response.status) || attempt === tries) return response;
      await response.arrayBuffer();
    } catch (error) {
      if (attempt === tries) {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
        throw new ImageProblem(
          "RegistryUnreachable",
          `${url.origin} does not answer: ${cause instanceof Error ? cause.message : cause}`,
          "check the connection, then run the command again",
          cause,
        );
      }
    }
    await sleep(250 * 2 ** attempt);
  }
}

/** The token flow of the distribution specification, without a login. */
async function anonymous(challenge: string | null, scope: string): Promise<string | undefined> {
  const said = (name: string) => new RegExp(`${name}="([^"]*)"`, "i").exec(challenge ?? "")?.[1];
  const realm = said("realm");
  if (!challenge?.toLowerCase().startsWith("bearer") || realm === undefined) return undefined;
  const url = new URL(realm);
  url.searchParams.set("service", said("service") ?? "");
  url.searchParams.set("scope", said("scope") ?? scope);
  const response = await reach(url, {});
  if (!response.ok) throw await refusal(`GET ${url.origin}${url.pathname}`, response);
  const answer = (await response.json()) as { token?: string; access_token?: string };
  return answer.token ?? answer.access_token;
}

const remedies: Readonly<Record<number, string>> = {
  401: "the login was not accepted: check the credentials and the permission ecr:GetAuthorizationToken",
  403: "check that the credentials may push to and pull from this repository",
  404: "check that the repository and the image exist",
  429: "the registry limits how often it is asked: wait a few minutes, then run the command again",
};

async function refusal(what: string, response: Response): Promise<ImageProblem> {
  const text = await response.text();
  return new ImageProblem(
    "RegistryRefused",
    `${what} answered ${response.status}${reason(text)}`,
    remedies[response.status] ?? "run the command again; if it stays, ask whoever runs the registry",
  );
}

/** The registry's own words, if it speaks as the specification says; a page of HTML tells nobody anything. */
function reason(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    return errors?.[0] ? `: ${errors[0].code ?? ""} ${errors[0].message ?? ""}`.trimEnd().slice(0, 500) : "";
  } catch {
    return "";
  }
}
