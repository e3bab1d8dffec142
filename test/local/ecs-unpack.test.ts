import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commandOf } from "../../src/local/ecs/command.ts";
import { imageParts } from "../../src/local/ecs/image.ts";
import { readTar } from "../../src/local/ecs/tar.ts";
import { unpackLayer } from "../../src/local/ecs/unpack.ts";

let parent: string;
let root: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "ecomctl-unpack-"));
  root = join(parent, "root");
  mkdirSync(root);
});
afterEach(() => rmSync(parent, { recursive: true }));

interface Entry {
  readonly name: string;
  readonly type?: string;
  readonly target?: string;
  readonly data?: string;
  readonly mode?: number;
}

function block({ name, type = "0", target = "", data = "", mode = 0o644 }: Entry): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(mode.toString(8).padStart(7, "0"), 100);
  header.write(data.length.toString(8).padStart(11, "0"), 124);
  header.write(type, 156);
  header.write(target, 157);
  header.write("ustar\x0000", 257);
  return Buffer.concat([header, Buffer.from(data), Buffer.alloc((512 - (data.length % 512)) % 512)]);
}
const archive = (...entries: Entry[]) => Buffer.concat([...entries.map(block), Buffer.alloc(1024)]);
const unpackInto = (...entries: Entry[]) => unpackLayer(archive(...entries), root);
const pax = (key: string, value: string): string => {
  const line = ` ${key}=${value}\n`;
  return `${line.length + String(line.length + 2).length}${line}`;
};

test("long names come from pax headers, and a cut archive is refused", () => {
  const long = `${"deep/".repeat(40)}file.js`;
  const bytes = archive({ name: "pax", type: "x", data: pax("path", long) }, { name: "short", data: "hello" });
  expect([...readTar(bytes)].map(({ path, data }) => [path, data.toString()])).toEqual([[long, "hello"]]);
  expect(() => [...readTar(bytes.subarray(0, 1100))]).toThrow();
});

test("layers lie over one another: files are replaced, whiteouts remove", () => {
  unpackInto(
    { name: "app/", type: "5", mode: 0o755 },
    { name: "app/old.js", data: "old" },
    { name: "app/run.sh", data: "#!/bin/sh", mode: 0o755 },
    { name: "lib/a", data: "a" },
    { name: "lib/b", data: "b" },
  );
  unpackInto(
    { name: "app/.wh.old.js" },
    { name: "app/new.js", data: "new" },
    { name: "lib/.wh..wh..opq" },
    { name: "lib/c", data: "c" },
    { name: "app/link", type: "2", target: "/lib/c" },
    { name: "app/hard", type: "1", target: "lib/c" },
  );
  expect(existsSync(join(root, "app/old.js"))).toBe(false);
  expect(readFileSync(join(root, "app/new.js"), "utf8")).toBe("new");
  expect([existsSync(join(root, "lib/a")), existsSync(join(root, "lib/c"))]).toEqual([false, true]);
  expect(readlinkSync(join(root, "app/link"))).toBe(join(root, "lib/c"));
  expect(readFileSync(join(root, "app/hard"), "utf8")).toBe("c");
  expect(statSync(join(root, "app/run.sh")).mode & 0o111).toBe(0o111);
});

test.each([
  [[{ name: "../outside", data: "x" }]],
  [[{ name: "a/../../outside", data: "x" }]],
  [[{ name: "hard", type: "1", target: "../secret" }]],
])("a layer cannot leave its root: %j", (entries) => {
  writeFileSync(join(parent, "secret"), "mine");
  expect(() => unpackInto(...entries)).toThrow("leaves its root");
  expect(existsSync(join(parent, "outside"))).toBe(false);
});

test("a symlink out of the root leads to the root instead", () => {
  unpackInto({ name: "way", type: "2", target: "../.." }, { name: "way/file", data: "x" });
  expect(existsSync(join(parent, "..", "file"))).toBe(false);
  expect(readFileSync(join(root, "file"), "utf8")).toBe("x");
});

test("image references are taken apart", () => {
  expect(imageParts("127.0.0.1:4566/web-server:one")).toEqual({
    host: "127.0.0.1:4566",
    name: "web-server",
    version: "one",
  });
  expect(imageParts("000000000000.dkr.ecr.us-east-1.amazonaws.com/shop/web@sha256:ab")).toEqual({
    host: "000000000000.dkr.ecr.us-east-1.amazonaws.com",
    name: "shop/web",
    version: "sha256:ab",
  });
  expect(imageParts("node")).toEqual({ host: "docker.io", name: "node", version: "latest" });
});

test("commands run with this machine's node, and paths of the image are found in it", () => {
  unpackInto({ name: "app/server.js", data: "" });
  const image = {
    digest: "",
    root,
    config: { Entrypoint: ["docker-entrypoint.sh"], Cmd: ["node", "/app/server.js"], WorkingDir: "/app" },
  };
  const container = { name: "app", image: "", essential: true, environment: {}, stopTimeout: 1, ports: [] };
  expect(commandOf(image, container)).toEqual({
    file: process.execPath,
    args: [join(root, "app/server.js")],
    cwd: join(root, "app"),
  });
  const other = commandOf(image, { ...container, command: ["/usr/local/bin/node", "-e", "1", "/none"] });
  expect(other.args).toEqual(["-e", "1", "/none"]);
  expect(() => commandOf(image, { ...container, entryPoint: ["/bin/none"] })).toThrow("executable file not found");
});
