import { existsSync } from "node:fs";
import { connect } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Aws, Identity } from "../aws/clients.ts";
import { Problem } from "../engine/problem.ts";

/** Milliseconds: an endpoint that refuses is told within two seconds, no credentials within three. */
const CONNECTS_WITHIN = 1800;
const NO_CREDENTIALS_WITHIN = 2500;
/** A custom endpoint that takes the connection, and says nothing. */
const ANSWERS_WITHIN = 15_000;

/** Who calls. Throws a Problem, soon, when nobody can: an endpoint that does not answer, no credentials. */
export async function identify(aws: Aws, endpoint: string | undefined, env: NodeJS.ProcessEnv): Promise<Identity> {
  if (endpoint !== undefined) await reach(endpoint);
  const identity = aws.identity();
  if (endpoint !== undefined)
    return within(ANSWERS_WITHIN, identity, () => unreachable(endpoint, "it takes connections, and does not answer"));
  if (mayHaveCredentials(env)) return identity;
  // Only a machine in AWS has some now, and there they come in milliseconds.
  return within(
    NO_CREDENTIALS_WITHIN,
    identity,
    () =>
      new Problem(
        "credentials-missing",
        "no credentials",
        "neither the environment nor a profile, and no service of this machine has any",
        "run `aws configure` or `aws sso login`, or try it on this machine with --local",
      ),
  );
}

function mayHaveCredentials(env: NodeJS.ProcessEnv): boolean {
  const said = [
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  ].some((name) => env[name]);
  const files = [
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), ".aws", "credentials"),
    env.AWS_CONFIG_FILE ?? join(homedir(), ".aws", "config"),
  ];
  return said || files.some((file) => existsSync(file));
}

/** Asks for a connection and no more: the SDK would try again and again. */
function reach(endpoint: string): Promise<void> {
  const { hostname, port, protocol } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || (protocol === "https:" ? 443 : 80)),
      timeout: CONNECTS_WITHIN,
    });
    const end = (error?: Problem) => {
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    socket.once("connect", () => end());
    socket.once("timeout", () => end(unreachable(endpoint, "it does not take connections")));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end(unreachable(endpoint, error.code === "ECONNREFUSED" ? "it refuses connections" : error.message)),
    );
  });
}

const unreachable = (endpoint: string, why: string) =>
  new Problem(
    "endpoint-unreachable",
    `the endpoint ${endpoint} cannot be reached`,
    why,
    "start it, or check --endpoint-url and AWS_ENDPOINT_URL",
  );

async function within<Value>(milliseconds: number, promise: Promise<Value>, late: () => Problem): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const alarm = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([promise, alarm]);
  } finally {
    clearTimeout(timer);
  }
}
