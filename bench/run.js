// Runs every benchmark of this folder, one after the other; `npm run bench -- start` runs those whose name begins so.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const wanted = process.argv.slice(2);
const all = readdirSync(here).filter((file) => file.endsWith(".js") && file !== "run.js");
const chosen = all.filter((file) => wanted.length === 0 || wanted.some((name) => file.startsWith(name)));

for (const file of chosen.sort()) {
  console.log(`\n${file}`);
  const { status } = spawnSync(process.execPath, [join(here, file)], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
