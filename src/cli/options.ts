import { type Command, InvalidArgumentError, Option } from "commander";

/** What the command line says, with the names that commander gives its flags. */
export interface Options {
  readonly stage?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  readonly local?: boolean;
  readonly port?: number;
  readonly json?: boolean;
  readonly debug?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly detailedExitcode?: boolean;
  readonly offline?: boolean;
  readonly adopt?: boolean;
  readonly deleteData?: boolean;
  readonly deleteAdopted?: boolean;
  /** False: `--no-seed`. */
  readonly seed?: boolean;
  readonly resetStock?: boolean;
  readonly format?: "text" | "markdown";
  readonly wait?: boolean;
  readonly buildOnly?: boolean;
  readonly imageDefinitions?: boolean;
  readonly deploy?: boolean;
}

/** Flags that every command has: which shop, and where. */
export const place = (command: Command): Command =>
  command
    .addOption(
      new Option("--stage <name>", "a second copy of everything, with -NAME appended to every name").env(
        "ECOMCTL_STAGE",
      ),
    )
    .addOption(
      new Option("--local", "on this machine: an AWS that ecomctl starts, no account needed").conflicts([
        "region",
        "profile",
        "endpointUrl",
        "offline",
      ]),
    )
    .option("--port <number>", "with --local: the port of the AWS on this machine", port)
    .addOption(
      new Option(
        "--region <region>",
        "the AWS region; else ecomctl.json, AWS_REGION, AWS_DEFAULT_REGION, the profile",
      ).env("ECOMCTL_REGION"),
    )
    .option("--profile <name>", "a profile of the AWS configuration")
    .option("--endpoint-url <url>", "any other endpoint that speaks AWS's protocols; else AWS_ENDPOINT_URL", url)
    .option("--json", "JSON on stdout, and nothing else")
    .option("--debug", "also tell each call, and where an error came from");

/** Flags of the commands that change something. */
export const change = (command: Command): Command =>
  place(command)
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only tell what would be done")
    .addOption(
      new Option("--format <format>", "with --dry-run: how it is told").choices(["text", "markdown"]).conflicts("json"),
    );

/** Flags of the commands that build. */
export const build = (command: Command): Command =>
  change(command)
    .option("--detailed-exitcode", "with --dry-run: 2 when changes are pending, 1 when anything is refused, else 0")
    .option("--offline", "with --dry-run: against an empty account, without credentials, region or network")
    .option("--adopt", "take over what bears our names and is not ours")
    .option("--wait", "wait for the handshake with GitHub, and go on by itself");

/** What flags cannot say without one another: `[flag, needs]`. */
export const needs: readonly (readonly [keyof Options, keyof Options])[] = [
  ["port", "local"],
  ["detailedExitcode", "dryRun"],
  ["offline", "dryRun"],
  ["format", "dryRun"],
  ["imageDefinitions", "buildOnly"],
];

/** `dryRun` as it is typed: `--dry-run`. */
export const flag = (name: keyof Options): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** A command with the flags that say which shop and where, to be typed again: `ecomctl down --local --stage dev`. */
export function typed(command: string, options: Options): string {
  const { stage, local, region, profile, endpointUrl } = options;
  const flags = { stage, local, region, profile, endpointUrl };
  const words = Object.entries(flags).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return value === true ? [flag(name as keyof Options)] : [flag(name as keyof Options), String(value)];
  });
  return ["ecomctl", command, ...words].join(" ");
}

function port(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0 && number < 65536) return number;
  throw new InvalidArgumentError("A port is a number from 1 to 65535.");
}

function url(value: string): string {
  if (/^https?:$/.test(URL.canParse(value) ? new URL(value).protocol : "")) return value;
  throw new InvalidArgumentError("An endpoint begins with http:// or https://.");
}
