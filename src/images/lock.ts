import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { common, folderOf, type Source } from "./source.ts";

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
type Packages = Readonly<Record<string, LockedPackage>>;

/** What the root lock file says about a service: a hash of all it depends on, and the bundler's version. */
export interface Locked {
  readonly dependencies: string;
  readonly bundler: string;
}

/** Node's own lookup: the nearest `node_modules` that holds the package, from the inside out. */
function resolve(packages: Packages, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf("/"), 0))) {
    const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const found = packages[path];
    if (found) return found.link && found.resolved ? found.resolved : path;
    if (folder === "") return undefined;
  }
}

/**
 * Reads what of the lock file matters to one service: a tool that only developers use changes no image.
 * Undefined where there is no lock file, as in an installed package.
 */
export function lockedFor(source: Source): Locked | undefined {
  const file = join(source.root, "package-lock.json");
  if (!existsSync(file)) return undefined;
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as { packages: Packages };
  const reached = new Set<string>();
  const waiting = [folderOf(source), `services/${common}`];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const { dependencies, optionalDependencies, peerDependencies } = packages[path] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const next = resolve(packages, path, name);
      if (next !== undefined) waiting.push(next);
    }
  }
  const lines = [...reached]
    .filter((path) => path.includes("node_modules/"))
    .sort()
    .map((path) => `${path} ${packages[path]?.version} ${packages[path]?.integrity}\n`);
  return {
    dependencies: createHash("sha256").update(lines.join("")).digest("hex"),
    bundler: `esbuild ${packages["node_modules/esbuild"]?.version}`,
  };
}
