import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");

/** The local AWS with the shop's tables, filled from a file; says when it is done, and stops with its stdin. */
const awsProgram = `
  import { readFileSync } from "node:fs";
  import { startShop } from "./services/common/test/support/shop.ts";
  const products = JSON.parse(readFileSync(process.argv[2], "utf8"));
  const shop = await startShop();
  const parts = Array.from({ length: 8 }, (_, part) => products.filter((_, i) => i % 8 === part));
  await Promise.all(parts.map((part) => shop.seed(part)));
  console.log(JSON.stringify(shop.environment));
  process.stdin.resume().on("end", () => shop.stop());
`;

/** Runs inside the service: SIGUSR2 asks for the longest hold of its event loop, and its processor time, since the last time. */
const holdProgram = `
  import { monitorEventLoopDelay } from "node:perf_hooks";
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let before = process.cpuUsage();
  process.on("SIGUSR2", () => {
    const { user, system } = process.cpuUsage(before);
    process.stderr.write(JSON.stringify({ hold: delay.max / 1e6, cpu: (user + system) / 1000 }) + "\\n");
    delay.reset();
    before = process.cpuUsage();
  });
`;

const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** Bundles what is to run into a folder, which the caller removes. */
export async function bundles() {
  const dir = await mkdtemp(join(tmpdir(), "bench-search-"));
  const options = { bundle: true, platform: "node", format: "esm", mainFields: ["module", "main"], logLevel: "error" };
  const make = (outfile, entry) =>
    build({
      ...options,
      ...entry,
      outfile: join(dir, outfile),
      banner: { js: banner },
      external: ["classic-level", "dynalite"],
    });
  await make("service.mjs", { entryPoints: [join(root, "services/product-lookup/src/main.ts")] });
  await make("aws.mjs", { stdin: { contents: awsProgram, resolveDir: root, loader: "ts" } });
  await writeFile(join(dir, "hold.mjs"), holdProgram);
  // What cannot be bundled is found from here.
  await symlink(join(root, "node_modules"), join(dir, "node_modules"));
  return { dir };
}

/** Starts a process that does not outlive this one. */
function start(args, options) {
  const child = spawn(process.execPath, args, options);
  process.once("exit", () => child.kill("SIGKILL"));
  return child;
}

async function firstLine(child, test) {
  for await (const line of createInterface({ input: child.stdout })) if (test(line)) return line;
  throw new Error("ended before it was ready");
}

/** An AWS that has these products; `environment` is that of a service beside it. */
export async function startAws({ dir }, products) {
  const file = join(dir, "products.json");
  await writeFile(file, JSON.stringify(products));
  const child = start([join(dir, "aws.mjs"), file], { stdio: ["pipe", "pipe", "inherit"] });
  const environment = JSON.parse(await firstLine(child, (line) => line.startsWith("{")));
  return {
    environment,
    async stop() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}

/** product-lookup beside an AWS, from the moment it listens. */
export async function startService({ dir }, { environment }) {
  const child = start(["--import", join(dir, "hold.mjs"), join(dir, "service.mjs")], {
    env: { ...environment, LOG_LEVEL: "info" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { url } = JSON.parse(await firstLine(child, (line) => line.includes('"listening"')));
  child.stdout.resume();
  const errors = createInterface({ input: child.stderr });
  return {
    url,
    /** The longest hold of the event loop and the processor time used since it was last asked, in ms. */
    async effort() {
      child.kill("SIGUSR2");
      const [line] = await once(errors, "line");
      return JSON.parse(line);
    },
    /** The most memory it ever had resident, in MB. */
    rss: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024,
    async stop() {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
