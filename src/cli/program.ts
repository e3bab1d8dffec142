import { Command, Option } from "commander";
import pkg from "../../package.json" with { type: "json" };
import { build, change, type Options, place } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** A command: words in, words out, and the exit code. */
export type Run<Args extends unknown[]> = (...args: [...Args, options: Options, terminal: Terminal]) => Promise<number>;

const steps = [
  "tables",
  "topic",
  "queues",
  "images",
  "cluster",
  "roles",
  "services",
  "Service Connect",
  "pipeline",
  "monitoring",
];

const codes = `
Exit codes: 0 done · 1 failed, or refused · 2 changes pending (--dry-run --detailed-exitcode) ·
3 done, but a person must act · 130 interrupted`;

/** All commands and their flags. What a command needs is loaded when it is called, so that asking for help costs nothing. */
export function programFor(terminal: Terminal, end: (code: number) => void): Command {
  const program = new Command("ecomctl")
    .description("Takes an AWS account, or no account at all, to a running e-commerce platform, and back.")
    .version(pkg.version, "-v, --version")
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText(
      "after",
      `
Examples:
  ecomctl up --local                the whole platform on this machine: no account, no Docker
  ecomctl up --dry-run              what up would do, field by field; changes nothing
  ecomctl up --dry-run --offline    the same against an empty account, without credentials
  ecomctl status                    health of every resource and of the shop as a whole
  ecomctl down                      back to nothing; tables are kept unless --delete-data
${codes}`,
    );
  const add = (name: string, summary: string, examples: string) =>
    program.command(name).description(summary).addHelpText("after", `\nExamples:\n${examples}`);

  build(
    add(
      "up",
      "all steps, in dependency order, in parallel where nothing forbids it",
      "  ecomctl up --local --yes\n  ecomctl up --dry-run --detailed-exitcode\n  ecomctl up --stage dev --region eu-west-1",
    ),
  )
    .option("--no-seed", "with --local: leave an empty shop empty")
    .action(async (options: Options) => end(await (await import("./commands/up.ts")).up(options, terminal)));

  build(
    add(
      "step",
      "one step of the guide again",
      `  ecomctl step 3 --local\n  ecomctl step 7 --dry-run\n\nSteps:\n${steps.map((title, at) => `  ${String(at + 1).padStart(2)}  ${title}`).join("\n")}`,
    ).argument("<number>", "1 to 10"),
  )
    .addOption(
      new Option(
        "--deploy",
        "with step 4: put the images onto the services, also where a pipeline owns them",
      ).conflicts("buildOnly"),
    )
    .option("--build-only", "with step 4: build and push the images that are missing, and nothing else")
    .option("--image-definitions", "with --build-only: write imagedefinitions-CONTAINER.json for a pipeline")
    .action(async (number: string, options: Options) =>
      end(await (await import("./commands/step.ts")).step(number, options, terminal)),
    );

  place(
    add(
      "status",
      "health of every resource and of the shop as a whole",
      "  ecomctl status\n  ecomctl status --local --json",
    ),
  ).action(async (options: Options) => end(await (await import("./commands/status.ts")).status(options, terminal)));

  change(
    add(
      "down",
      "back to nothing; tables are kept",
      "  ecomctl down --local --yes --delete-data\n  ecomctl down --dry-run",
    ),
  )
    .option("--delete-data", "tables, too")
    .option("--delete-adopted", "what was there before ecomctl took it over, too")
    .action(async (options: Options) => end(await (await import("./commands/down.ts")).down(options, terminal)));

  add(
    "init",
    "ecomctl.json, buildspec.yml and a workflow for pull requests into a repository; nothing is overwritten",
    "  ecomctl init\n  ecomctl init --region eu-west-1 --yes",
  )
    .option("--region <region>", "the AWS region; else AWS_REGION, AWS_DEFAULT_REGION, the profile")
    .option("--profile <name>", "a profile of the AWS configuration")
    .option("-y, --yes", "do not ask")
    .option("--json", "JSON on stdout, and nothing else")
    .action(async (options: Options) => end(await (await import("./commands/init.ts")).init(options, terminal)));

  place(
    add(
      "seed",
      "products into the shop, from JSON, NDJSON or CSV; only what differs is written",
      "  ecomctl seed --local\n  ecomctl seed catalogue.csv --reset-stock",
    ),
  )
    .argument("[file]", "the catalogue; the sample catalogue unless given")
    .option("--reset-stock", "set the stock of products that are there already, too")
    .action(async (file: string | undefined, options: Options) =>
      end(await (await import("./commands/seed.ts")).seedShop(file, options, terminal)),
    );
  return program;
}
