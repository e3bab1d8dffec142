/**
 * How quick product-lookup is: `node bench/search.js [catalogue.ndjson]`. Without a file the catalogue is generated.
 * The service runs as its image has it, bundled and in a process of its own, against the local AWS in another.
 */
import { spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { catalogue, queries } from "./search/catalogue.js";
import { bundles, startAws, startService } from "./search/processes.js";

const goals = { p99: 20, ready: 30_000, healthz: 100, rss: 400, hold: 50 };
const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** One line of the result. The goal is a number in the measure's own unit. */
function report(what, value, goal, show = ms) {
  console.log(`${what.padEnd(58)} ${show(value).padStart(10)}   goal ${show(goal)}${value <= goal ? "" : "   MISSED"}`);
}

/** Times `node -e 0`, the measure of this machine at this moment, in ms. */
function nodeAlone() {
  const times = Array.from({ length: 7 }, () => {
    const begun = performance.now();
    spawnSync(process.execPath, ["-e", "0"]);
    return performance.now() - begun;
  });
  return times.sort((a, b) => a - b)[3];
}

/** The value below which the given part of the values lies. */
const quantile = (values, part) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];

/** Time to the whole answer, in ms; throws if it is not 200. */
async function timed(url) {
  const begun = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
  return performance.now() - begun;
}

/** Asks at a steady rate, whether answers have come or not; resolves to all their times. */
async function steadily(perSecond, count, ask) {
  const begun = performance.now();
  const asked = [];
  for (let i = 0; i < count; i += 1) {
    const wait = begun + (i * 1000) / perSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    asked.push(ask(i));
  }
  return Promise.all(asked);
}

/** Starts the service and asks for its health until it is ready: how long that took, and the slowest answer meanwhile. */
async function untilReady(files, aws) {
  const begun = performance.now();
  const service = await startService(files, aws);
  let healthz = 0;
  for (;;) {
    healthz = Math.max(healthz, await timed(`${service.url}/healthz`));
    const { status } = await fetch(`${service.url}/products?q=&pageSize=1`);
    if (status === 200) return { service, ready: performance.now() - begun, healthz };
    if (performance.now() - begun > 4 * goals.ready) throw new Error("not ready for two minutes");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function few(files, source) {
  const products = await catalogue(1500, source);
  const aws = await startAws(files, products);
  const { service } = await untilReady(files, aws);
  const asked = queries(products, 1000);
  const search = (i) => timed(`${service.url}/products?q=${encodeURIComponent(asked[i % asked.length])}`);
  await steadily(50, 250, search);
  await service.effort();
  // Beside it requests that do nothing: what they take is the machine's doing.
  const [times, idle] = await Promise.all([
    steadily(50, 1000, search),
    steadily(10, 200, () => timed(`${service.url}/healthz`)),
  ]);
  report("1,500 products, 50 searches/s: p50", quantile(times, 0.5), goals.p99);
  report("1,500 products, 50 searches/s: p99", quantile(times, 0.99), goals.p99);
  console.log(`  /healthz at the same time: p50 ${ms(quantile(idle, 0.5))}, p99 ${ms(quantile(idle, 0.99))}`);
  // On a machine with other work this is what the service itself has to answer for: below 20 ms a search it keeps up.
  const { cpu } = await service.effort();
  console.log(`  processor time of the service a search: ${ms(cpu / times.length)}`);
  await service.stop();
  await aws.stop();
}

async function many(files, source) {
  const products = await catalogue(100_000, source);
  const aws = await startAws(files, products);
  const { service, ready, healthz } = await untilReady(files, aws);
  report("100,000 products: from start to ready", ready, goals.ready);
  report("100,000 products: slowest /healthz meanwhile", healthz, goals.healthz);
  const held = [];
  const letters = ["", "a", "s", "the", "a b c d e f g h i j k l"];
  for (const q of [...queries(products, 60), ...letters]) {
    for (const sort of ["relevance", "price-asc", "name"]) {
      await service.effort();
      await timed(`${service.url}/products?q=${encodeURIComponent(q)}&sort=${sort}`);
      held.push({ q, sort, ...(await service.effort()) });
    }
  }
  const worst = held.reduce((a, b) => (b.hold > a.hold ? b : a));
  report(`100,000 products: longest hold by a search ("${worst.q}", ${worst.sort})`, worst.hold, goals.hold);
  const most = (of) => Math.max(...held.map(of));
  report(
    "  median hold by a search",
    quantile(
      held.map(({ hold }) => hold),
      0.5,
    ),
    goals.hold,
  );
  // On a machine with other work a process is held by others too; the processor time is its own.
  report(
    "  most processor time that a whole request took",
    most(({ cpu }) => cpu),
    goals.hold,
  );
  report("100,000 products: most memory resident", service.rss(), goals.rss, (value) => `${Math.round(value)} MB`);
  await service.stop();
  await aws.stop();
}

/** Runs the benchmark; prints beside the goals what it measured. `source` names a catalogue in NDJSON. */
export async function run(source) {
  console.log(`search over ${source ?? "a generated catalogue"}; node -e 0 takes ${ms(nodeAlone())}`);
  const files = await bundles();
  try {
    await few(files, source);
    await many(files, source);
  } finally {
    await rm(files.dir, { recursive: true, force: true });
  }
  console.log(`node -e 0 takes ${ms(nodeAlone())} at the end`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await run(process.argv[2]);
