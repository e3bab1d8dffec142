import { cpSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Repository, repository } from "../local/pipeline-room.ts";

/** A fork of this project on this machine's GitHub: its services, and a build that is quick. */
export interface Fork extends Repository {
  /** Commits another claim, the sentence below the shop's name. */
  claim(words: string, more?: Readonly<Record<string, string>>): string;
}

const BRAND = "services/web-server/src/brand.ts";

/**
 * The build of `templates/buildspec.yml` with a command line and packages that are there already, in place of `npm ci`.
 * A file `fails` stands for a test that does.
 */
const buildspec = (cli: string) => `version: 0.2
phases:
  build:
    commands:
      - ln -s ${resolve("node_modules")} node_modules
      - test ! -e fails
      - node ${cli}/bin/ecomctl.js step 4 --build-only --image-definitions
artifacts:
  files:
    - "imagedefinitions-*.json"
`;

/** Makes the fork in the folder that stands for its repository; `cli` is the folder of a built command line. */
export function fork(folder: string, cli: string): Fork {
  const it = repository(folder);
  const brand = readFileSync(BRAND, "utf8");
  cpSync("services", join(folder, "services"), {
    recursive: true,
    filter: (path) => !/\/(dist|test|node_modules)$/.test(path),
  });
  for (const file of ["package.json", "package-lock.json"]) cpSync(file, join(folder, file));
  it.commit("a fork", { "buildspec.yml": buildspec(cli) });
  const claim: Fork["claim"] = (words, more = {}) =>
    it.commit(words, { [BRAND]: brand.replace(/claim = ".*"/, `claim = ${JSON.stringify(words)}`), ...more });
  return { ...it, claim };
}
