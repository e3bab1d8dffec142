// How long `ecomctl --version` and `--help` take beside a node that does nothing: whole processes, medians, interleaved
// so that a busy moment of the machine meets all three alike. `npm run build` goes before it.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const rounds = 20;
const bin = fileURLToPath(new URL("../bin/ecomctl.js", import.meta.url));
const commands = {
  "node -e 0": ["-e", "0"],
  "ecomctl --version": [bin, "--version"],
  "ecomctl --help": [bin, "--help"],
};

const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
for (let round = -1; round < rounds; round++) {
  for (const [name, args] of Object.entries(commands)) {
    const began = performance.now();
    const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
    if (status !== 0) throw new Error(`${name} ended with ${status}`);
    // The first round warms the disk's cache.
    if (round >= 0) times[name].push(performance.now() - began);
  }
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const base = median(times["node -e 0"]);
for (const [name, list] of Object.entries(times)) {
  const time = median(list);
  console.log(`${name.padEnd(18)} ${time.toFixed(0).padStart(5)} ms  ${(time / base).toFixed(2)} × node -e 0`);
}
