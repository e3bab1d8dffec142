import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import { createInterface } from "node:readline/promises";
import pkg from "../../../package.json" with { type: "json" };
import { findRegion } from "../../config/region.ts";
import { isRegion } from "../../config/schema.ts";
import { loadShop } from "../../config.ts";
import { Interrupted, Problem } from "../../engine/problem.ts";
import { packageRoot } from "../../images/source.ts";
import type { Options } from "../options.ts";
import { findRepository } from "../repository.ts";
import { scaffold } from "../scaffold.ts";
import type { Terminal } from "../terminal.ts";

/** `ecomctl init`: what a repository needs for pipeline and pull requests. Asks only what it cannot find out, and without a terminal nothing. */
export async function init(options: Options, terminal: Terminal): Promise<number> {
  const tool = packageRoot();
  // Anywhere in a checkout, the checkout is meant.
  const folder = `${process.cwd()}${sep}`.startsWith(`${tool}${sep}`) ? tool : process.cwd();
  const asks = terminal.asks && !options.yes && !options.json;
  const found = await findRepository(folder);
  const said = await saidIn(folder);
  const region = said.region ?? (await knownRegion(options)) ?? (asks ? await ask("AWS region", isRegion) : undefined);
  const repository =
    said.repository ??
    found.repository ??
    (asks ? await ask("GitHub repository, owner/name", (word) => /^[\w.-]+\/[\w.-]+$/.test(word)) : undefined) ??
    null;
  const about = { region, repository, branch: found.branch ?? "main" };
  const { written, left } = scaffold({
    folder,
    tool,
    version: pkg.version,
    bundler: pkg.devDependencies.esbuild,
    ...about,
  });

  if (options.json) {
    terminal.out(JSON.stringify({ written, left, region: region ?? null, repository, branch: about.branch }));
    return 0;
  }
  for (const path of written) terminal.out(`written: ${path}`);
  for (const path of left) terminal.out(`left as it is: ${path}`);
  if (left.includes("ecomctl.json") && repository !== null && said.repository === undefined)
    terminal.tell(`For a pipeline, ecomctl.json says: "pipeline": { "repository": "${repository}" }`);
  if (left.includes("package.json"))
    terminal.tell(
      'For the services to be built, package.json says: "workspaces": ["services/*"], and has esbuild among its devDependencies',
    );
  if (region === undefined) terminal.tell("No region is known: say one in ecomctl.json, or with --region");
  if (repository === null)
    terminal.tell("No GitHub repository is known: pipeline.repository in ecomctl.json turns the pipeline on");
  const install = written.includes("package.json") ? "npm install, then " : "";
  terminal.tell(`Next: ${install}commit and push these files, and run \`ecomctl up\``);
  return 0;
}

/** What an ecomctl.json that is there already says. Throws a Problem for one that is wrong. */
async function saidIn(folder: string): Promise<{ region?: string; repository?: string }> {
  if (!existsSync(join(folder, "ecomctl.json"))) return {};
  const { region, pipeline } = await loadShop({ cwd: folder, flags: { offline: true }, env: {} });
  return {
    ...(isRegion(region) && { region }),
    ...(pipeline.repository !== null && { repository: pipeline.repository }),
  };
}

async function knownRegion({ region, profile }: Options): Promise<string | undefined> {
  if (region !== undefined && !isRegion(region))
    throw new Problem(
      "region-invalid",
      `"${region}" cannot be a region`,
      "a region is named like us-east-1",
      "say --region with one that the account may use",
    );
  try {
    return await findRegion({ flag: region, profile, env: process.env });
  } catch (error) {
    if (error instanceof Problem && error.code === "region-missing") return undefined;
    throw error;
  }
}

/** Asks until the answer has the right form; an empty one leaves it open. */
async function ask(question: string, right: (word: string) => boolean): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<never>((_, reject) => {
    lines.once("SIGINT", () => reject(new Interrupted()));
    lines.once("close", () => reject(new Interrupted()));
  });
  closed.catch(() => {});
  try {
    for (;;) {
      const answer = (await Promise.race([lines.question(`${question} (empty: decide later): `), closed])).trim();
      if (answer === "") return undefined;
      if (right(answer)) return answer;
    }
  } finally {
    lines.close();
  }
}
