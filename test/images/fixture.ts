import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Source } from "../../src/images/source.ts";

const files = {
  "package.json": "{}",
  "services/common/package.json": JSON.stringify({ name: "@ecomctl/common", dependencies: {} }),
  "services/common/src/greet.ts": 'export const greet = (name: string): string => ["hello", name].join(" ");\n',
  "services/web-server/package.json": JSON.stringify({ name: "@ecomctl/web-server", dependencies: { old: "1.0.0" } }),
  "services/web-server/src/main.ts":
    'import old from "old";\nimport { greet } from "../../common/src/greet.ts";\nconsole.log(greet(old.name));\n',
  "services/web-server/Dockerfile": [
    "# a comment",
    "ARG BASE_IMAGE",
    "FROM $BASE_IMAGE",
    "ENV NODE_ENV=production",
    "USER 1000",
    "WORKDIR /app",
    "COPY dist/server.mjs ./",
    "EXPOSE 8080",
    'CMD ["node", "server.mjs"]',
    "",
  ].join("\n"),
  "node_modules/old/package.json": JSON.stringify({ name: "old", version: "1.0.0", main: "index.js" }),
  "node_modules/old/index.js": 'exports.name = require("node:path").basename("/a/world");\n',
  "package-lock.json": lock({}),
};

/** A lock file with one package the service uses and one that only developers do. */
export function lock(versions: { old?: string; tool?: string }): string {
  return JSON.stringify({
    lockfileVersion: 3,
    packages: {
      "services/web-server": { dependencies: { old: "1.0.0" } },
      "services/common": {},
      "node_modules/old": { version: versions.old ?? "1.0.0", integrity: "sha512-a" },
      "node_modules/tool": { version: versions.tool ?? "1.0.0", integrity: "sha512-b", dev: true },
      "node_modules/esbuild": { version: "0.28.2", dev: true },
    },
  });
}

/** A package with one small service, in a folder of its own, gone when the test is. */
export async function service(changes: Readonly<Record<string, string | undefined>> = {}): Promise<Source> {
  const root = await mkdtemp(join(tmpdir(), "ecomctl-images-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries({ ...files, ...changes })) {
    if (text !== undefined) await put({ root, service: "web-server" }, path, text);
  }
  return { root, service: "web-server" };
}

/** Writes a file of the package. */
export async function put(source: Source, path: string, text: string): Promise<void> {
  const file = join(source.root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
