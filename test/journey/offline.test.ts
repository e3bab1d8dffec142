import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { buildCli } from "../cli/built.ts";

const missing =
  "the shop without a network needs network namespaces: run as root on Linux, with util-linux and iproute2";
/** Namespaces of its own; when its first process ends, all others in it do. */
const apart = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

if (mayUnshare()) {
  it("where there is nothing but the loopback, and the environment is full of traps, the shop sells", async () => {
    const cli = await buildCli();
    const folder = mkdtempSync(join(tmpdir(), "ecomctl-offline-"));
    try {
      const script = [resolve("test/journey/offline.sh"), join(cli.root, "bin", "ecomctl.js")];
      const options = { cwd: folder, timeout: 110_000, killSignal: "SIGKILL" } as const;
      const { stdout } = await promisify(execFile)("unshare", [...apart, ...script], options);
      expect(stdout).toContain('"status":"CONFIRMED"\n');
      expect(stdout).toContain("The AWS on this machine is empty, and stopped\n");
      expect(stdout).toContain("processes left: 0\n");
    } finally {
      cli.remove();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
} else {
  it("there are network namespaces, or none are demanded", () => {
    console.warn(missing);
    expect(process.env.CI, missing).toBeUndefined();
  });
}

function mayUnshare(): boolean {
  try {
    execFileSync("unshare", [...apart, "ip", "link", "set", "lo", "up"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
