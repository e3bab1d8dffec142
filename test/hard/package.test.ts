import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("what is published holds all that a shop is made from, and nothing for our own use", async () => {
  const pack = await promisify(execFile)("npm", [
    "pack",
    "--dry-run",
    "--json",
    "--ignore-scripts",
    "--loglevel=error",
  ]);
  const said: unknown = JSON.parse(pack.stdout);
  const [packed] = (Array.isArray(said) ? said : Object.values(said as object)) as { files: { path: string }[] }[];
  const paths = packed?.files.map(({ path }) => path) ?? [];
  for (const service of ["product-lookup", "order-processing", "web-server"])
    for (const file of ["src/main.ts", "package.json", "Dockerfile"])
      expect(paths).toContain(`services/${service}/${file}`);
  expect(paths).toContain("services/common/src/events.ts");
  expect(paths).toContain("services/base-image");
  expect(paths).toContain("bin/ecomctl.js");
  expect(paths).toContain("templates/ecomctl.schema.json");
  expect(paths.filter((path) => /(^|\/)(test|node_modules|bench|\.ecomctl|\.ci)\//.test(path))).toEqual([]);
}, 60_000);
