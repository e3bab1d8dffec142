/**
 * How long `ecomctl up --local` takes: on fresh ground to the shop's first page, again with nothing to do, and the
 * commands that only look. Then what the whole of it holds in memory, and how many pages a second it serves.
 * `npm run build && npm run bundle` goes before it. It works in a folder of its own, and takes down what it set up.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareServer, pagesPerSecond } from "./up/pages.js";
import { residentOf, whoRuns } from "./up/processes.js";

const bin = join(import.meta.dirname, "../bin/ecomctl.js");
const folder = mkdtempSync(join(tmpdir(), "bench-up-"));
const goals = { fresh: 10_000, again: 2000 };
const fresh = 3;
const rounds = 7;
const secondsEach = 2;

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

/** Runs node in the folder; its time in ms. Throws if it ends with another code than it should. */
function timed(args, codes = [0]) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
  });
  if (!codes.includes(status)) throw new Error(`node ${args.join(" ")} ended with ${status}\n${stderr}`);
  return { ms: performance.now() - began, stdout };
}

const node = () => timed(["-e", "0"]).ms;
const ecomctl = (...args) => timed([bin, ...args, "--local"]);
const down = () => ecomctl("down", "--yes", "--delete-data");

/** One line of the result, beside what node alone took in the same rounds, in ms. */
function report(what, times, alone, goal) {
  const [time, base] = [median(times), median(alone)];
  const told = goal === undefined ? "" : `   goal ${goal / 1000} s${time <= goal ? "" : "   MISSED"}`;
  console.log(
    `${what.padEnd(44)} ${time.toFixed(0).padStart(6)} ms ${(time / base).toFixed(1).padStart(6)} × node -e 0${told}`,
  );
}

/** Sets the shop up and opens its first page; the time of both, and the shop's address. */
async function toTheFirstPage() {
  const began = performance.now();
  const { stdout } = ecomctl("up", "--yes");
  const url = /The shop: (\S+)/.exec(stdout)?.[1] ?? "";
  const page = await fetch(url);
  if (page.status !== 200 || !(await page.text()).includes("</html>")) throw new Error(`${url}: ${page.status}`);
  return { ms: performance.now() - began, url };
}

async function times() {
  const alone = [];
  const firsts = [];
  let url = "";
  for (let round = 0; round < fresh; round++) {
    if (round > 0) down();
    rmSync(join(folder, ".ecomctl"), { recursive: true, force: true });
    alone.push(node(), node(), node());
    const first = await toTheFirstPage();
    firsts.push(first.ms);
    url = first.url;
  }
  console.log(`node -e 0 takes ${median(alone).toFixed(0)} ms`);
  report("up --local on fresh ground, to the first page", firsts, alone, goals.fresh);

  const commands = {
    "up --local again, nothing to do": ["up", "--yes"],
    "status --local": ["status"],
    "up --local --dry-run": ["up", "--dry-run"],
  };
  const taken = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  const besides = [];
  for (let round = 0; round < rounds; round++) {
    besides.push(node());
    for (const [name, args] of Object.entries(commands)) taken[name].push(ecomctl(...args).ms);
  }
  for (const [name, list] of Object.entries(taken))
    report(name, list, besides, name.includes("again") ? goals.again : undefined);
  return url;
}

function memory() {
  const running = whoRuns(join(folder, ".ecomctl"));
  const sizes = running.map(({ pid }) => residentOf(pid));
  const total = sizes.reduce((a, b) => a + b, 0);
  const alone = residentOf();
  console.log(
    `memory resident: ${total.toFixed(0)} MB, ${(total / alone).toFixed(1)} × a node that waits (${alone.toFixed(0)} MB)`,
  );
  for (const [i, { name }] of running.entries())
    console.log(`  ${name.padEnd(42)} ${sizes[i].toFixed(0).padStart(6)} MB`);
}

async function traffic(url) {
  const product = "kitchen-cast-iron-skillet-26";
  const pages = { home: "/", search: "/search?q=skilet", product: `/products/${product}` };
  const bare = await bareServer();
  try {
    for (const connections of [1, 8]) {
      const base = await pagesPerSecond(bare.url, connections, secondsEach);
      console.log(
        `${connections} connection${connections > 1 ? "s" : ""}: a bare node server ${base.toFixed(0)} pages/s`,
      );
      for (const [name, path] of Object.entries(pages)) {
        const rate = await pagesPerSecond(url + path, connections, secondsEach);
        console.log(`  ${name.padEnd(42)} ${rate.toFixed(0).padStart(6)} pages/s   1/${(base / rate).toFixed(1)}`);
      }
    }
  } finally {
    bare.stop();
  }
}

try {
  const url = await times();
  memory();
  await traffic(url);
} finally {
  down();
  rmSync(folder, { recursive: true, force: true });
}
