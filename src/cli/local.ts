import { Problem } from "../engine/problem.ts";
import { connectLocal, findLocal, LocalTrouble, PortTaken, startLocalProcess, stopLocal } from "../local/control.ts";
import { DamagedState } from "../local/store.ts";
import { packageFile } from "./package.ts";

/** The keys of the AWS on this machine: it takes any. */
export const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/** The endpoint of the AWS on this machine; started if need be, or undefined if it does not run. Throws a Problem. */
export async function localEndpoint(starts: boolean, port?: number): Promise<string | undefined> {
  const folder = findLocal(process.cwd());
  return inWords(async () => {
    if (!starts) return connectLocal(folder);
    const main = process.env.ECOMCTL_LOCAL_MAIN ?? packageFile("dist/local.js");
    return startLocalProcess(folder, { port, main });
  });
}

/** Stops the AWS on this machine: no process and no port is left. */
export const stopLocalAws = (): Promise<boolean> => inWords(() => stopLocal(findLocal(process.cwd())));

/** Nothing of this shell reaches the AWS on this machine: no profile, no key, no endpoint of a single service. */
export function forgetShell(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) if (name.startsWith("AWS_")) delete env[name];
  env.AWS_CONFIG_FILE = "/dev/null";
  env.AWS_SHARED_CREDENTIALS_FILE = "/dev/null";
  env.AWS_EC2_METADATA_DISABLED = "true";
}

/** The line that sets endpoint, region and keys for other tools, in a shell's words. */
export const environmentLine = (endpoint: string, region: string): string =>
  `export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region} AWS_DEFAULT_REGION=${region} AWS_ACCESS_KEY_ID=${LOCAL_CREDENTIALS.accessKeyId} AWS_SECRET_ACCESS_KEY=${LOCAL_CREDENTIALS.secretAccessKey}`;

async function inWords<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PortTaken)
      throw new Problem(
        "port-taken",
        `port ${error.port} is taken`,
        "another program listens on it",
        "choose another with --port, or leave --port out: the next free one is taken",
        error,
      );
    if (error instanceof DamagedState)
      throw new Problem(
        "local-damaged",
        `${error.file} is damaged`,
        error.reason,
        "put back a copy of it, or remove it: the local AWS then starts without what it held",
        error,
      );
    if (error instanceof LocalTrouble)
      throw new Problem(
        "local-trouble",
        "the AWS on this machine does not do its part",
        error.message.replace(/ \(see .*\)$/, ""),
        `its log says more: ${error.log}`,
        error,
      );
    throw error;
  }
}
