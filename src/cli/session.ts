import { type Aws, type Connection, connect, type Ended } from "../aws/clients.ts";
import { loadShop, type Shop } from "../config.ts";
import type { Scope } from "../engine/graph.ts";
import { type Survey, survey } from "../engine/survey.ts";
import { type Platform, platform } from "../platform.ts";
import { interruptible } from "./interrupt.ts";
import { forgetShell, LOCAL_CREDENTIALS, localEndpoint } from "./local.ts";
import type { Options } from "./options.ts";
import { identify } from "./preflight.ts";
import type { Terminal } from "./terminal.ts";
import { checkTogether } from "./usage.ts";

/** One command at work: the shop, the platform that it describes, and AWS. */
export interface Session {
  readonly shop: Shop;
  readonly platform: Platform;
  readonly connection: Connection;
  readonly signal: AbortSignal;
  /** Undefined: there is nothing to be asked, offline or because the AWS on this machine does not run. */
  readonly aws?: Aws;
  /** Where it goes, for a person: `account 123456789012 in us-east-1`. */
  readonly where: string;
}

/** Opens a session. `starts`: with `--local`, this command may start the AWS on this machine. Throws a Problem. */
export async function openSession(options: Options, terminal: Terminal, starts: boolean): Promise<Session> {
  checkTogether(options);
  const { local = false, offline = false } = options;
  const flags = { ...options, ...(options.deploy && { imageOwner: "us" as const }) };
  const shop = await loadShop({ cwd: process.cwd(), flags, env: process.env });
  const signal = interruptible(terminal);
  const common = { shop, platform: platform(shop), signal };
  const { region } = shop;
  const onAnswer = options.debug ? (ended: Ended) => terminal.tell(callLine(ended)) : undefined;

  if (offline) return { ...common, connection: { region }, where: "an empty account, offline" };
  if (local) {
    forgetShell(process.env);
    const endpoint = await localEndpoint(starts && !options.dryRun, options.port);
    if (endpoint === undefined)
      return { ...common, connection: { region }, where: "the AWS on this machine, which does not run" };
    const connection = { region, endpoint, credentials: LOCAL_CREDENTIALS, signal, onAnswer };
    return { ...common, connection, aws: connect(connection), where: `the AWS on this machine, ${endpoint}` };
  }

  const connection = { region, endpoint: options.endpointUrl, profile: options.profile, signal, onAnswer };
  const aws = connect(connection);
  const endpoint = options.endpointUrl ?? process.env.AWS_ENDPOINT_URL;
  const profile = options.profile !== undefined && { AWS_PROFILE: options.profile };
  const { account } = await identify(aws, endpoint || undefined, { ...process.env, ...profile });
  const at = endpoint ? ` at ${endpoint}` : "";
  return { ...common, connection, aws, where: `account ${account} in ${region}${at}` };
}

/** Reads what the scope describes; where nothing can be asked, nothing is there. Throws what is wrong with the credentials: it is wrong everywhere. */
export async function look({ aws }: Session, scope: Scope<Aws>): Promise<Survey> {
  const found: Survey = aws ? await survey(aws, scope) : new Map();
  const errors = [...found.values()].flatMap(({ error }) => error ?? []);
  if (errors.length === 0) return found;
  const { explain } = await import("./show/error.ts");
  const hopeless = errors.find((error) => explain(error).code.startsWith("credentials-"));
  if (hopeless) throw hopeless;
  return found;
}

const callLine = ({ service, operation, milliseconds, requestId, error }: Ended) =>
  [`  ${service} ${operation}`, `${Math.round(milliseconds)} ms`, requestId, error].filter(Boolean).join("  ");
