import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** Which rooms each room may import from, its own aside; the first that fits a path is its room. */
const rooms: readonly (readonly [room: string, mayImport: readonly string[]])[] = [
  ["src/engine/", []],
  ["src/images/", []],
  ["src/local/", []],
  ["src/seed/", ["src/aws/"]],
  // What has to do with building images, and only that, may build them.
  ["src/aws/ecr/", ["src/aws/", "src/engine/", "src/images/"]],
  ["src/aws/", ["src/engine/"]],
  ["src/steps/", ["src/aws/", "src/engine/", "src/config.ts"]],
  ["src/platform.ts", ["src/steps/", "src/aws/", "src/engine/", "src/config.ts"]],
  ["src/config", ["src/config", "src/engine/problem.ts"]],
  [
    "src/cli/",
    [
      "src/engine/",
      "src/platform.ts",
      "src/config",
      "src/local/control",
      "src/local/store.ts",
      "src/steps/",
      "package.json",
      "src/aws/",
      "src/seed/",
      "src/images/",
    ],
  ],
  ["services/common/", []],
  ["services/", ["services/common/"]],
];

const files = ["src", "services"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((path) => `${folder}/${path}`)
    .filter((path) => path.endsWith(".ts") && !/node_modules|\/dist\/|\/test\//.test(path)),
);
const roomOf = (path: string) => rooms.find(([room]) => path.startsWith(room));

/** What a file imports of ours, as paths from the root. */
function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g)].map(
    ([, specifier]) => specifier!,
  );
  return specifiers.map((specifier) => relative(root, resolve(root, dirname(path), specifier)));
}

describe("imports point one way", () => {
  it.each(files)("%s", (path) => {
    const room = roomOf(path);
    expect(room, "it lies in no room").toBeDefined();
    const [own, allowed] = room!;
    const home = own === "services/" ? path.split("/").slice(0, 2).join("/") : own;
    const strays = importsOf(path).filter(
      (it) => !it.startsWith(home) && !allowed.some((other) => it.startsWith(other)),
    );
    expect(strays).toEqual([]);
  });
});

describe("what is forbidden", () => {
  it.each(files)("%s prints only if it is the command line, and asks no local-only question below it", (path) => {
    const text = readFileSync(join(root, path), "utf8")
      .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")
      .replace(/"[^"\n]*"|`[^`]*`/g, "");
    expect(text.match(/: any\b|\bas any\b|@ts-ignore|@ts-nocheck/)).toBeNull();
    if (!/^src\/(cli|local)\/|^services\/|bundle-cli/.test(path))
      expect(text.match(/console\.|process\.(stdout|stderr|exit)/)).toBeNull();
  });
});
