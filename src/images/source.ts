import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ImageProblem } from "./problem.ts";

/** A service's source: `services/<service>` below `root`, together with `services/common`. */
export interface Source {
  readonly root: string;
  readonly service: string;
}

/** What all services share; part of every service's source. */
export const common = "common";

/** The folder that holds `services/`: the checkout, or the installed package. Looked for upwards from this module. */
export function packageRoot(from: string = import.meta.url): string {
  let folder = dirname(fileURLToPath(from));
  while (!existsSync(join(folder, "services")) || !existsSync(join(folder, "package.json"))) {
    const above = dirname(folder);
    if (above === folder) {
      throw new ImageProblem(
        "SourceMissing",
        "the services' sources are not beside this program",
        "install ecomctl again",
      );
    }
    folder = above;
  }
  return folder;
}

/** The service's own folder, relative to the root; with slashes on every system. */
export const folderOf = (source: Source): string => `services/${source.service}`;

/** Every file below a folder, sorted by code unit, relative to `root` and with slashes; dot files are nobody's source. */
export function filesBelow(root: string, folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (entry.name.startsWith(".")) continue;
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...filesBelow(root, path));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}

/** The files a service's bundle is made from. Throws `SourceMissing` where there is no such service. */
export function sourceFiles(source: Source): string[] {
  const services = [source.service, common].map((name) => `services/${name}`);
  if (!existsSync(join(source.root, folderOf(source), "src"))) {
    throw new ImageProblem(
      "SourceMissing",
      `there is no source of a service "${source.service}" in ${join(source.root, folderOf(source), "src")}`,
      "install ecomctl again, or check the name of the service",
    );
  }
  return services
    .filter((folder) => existsSync(join(source.root, folder)))
    .flatMap((folder) => [`${folder}/package.json`, ...filesBelow(source.root, `${folder}/src`)]);
}

/** Reads a file of the source as bytes. Throws `SourceMissing`. */
export function readSource(source: Source, path: string): Buffer {
  const file = join(source.root, path);
  if (!existsSync(file)) {
    throw new ImageProblem("SourceMissing", `${file} is missing`, "install ecomctl again, or put the file back");
  }
  return readFileSync(file);
}

/** The base image of all services, which is named in one place: `services/base-image`. */
export const baseImage = (root: string): string => readFileSync(join(root, "services/base-image"), "utf8").trim();
