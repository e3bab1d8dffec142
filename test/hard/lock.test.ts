import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { isAlive } from "../../src/local/lock.ts";

test("a process that has ended is not alive, though nobody waited for it", async () => {
  const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  const [said] = await once(parent.stdout, "data");
  const pid = Number(String(said));
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 10_000);
  expect(isAlive(parent.pid ?? 0)).toBe(true);
  parent.kill("SIGKILL");
});
