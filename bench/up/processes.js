import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The processes of a folder's local AWS: itself, and its tasks' containers. */
export function whoRuns(folder) {
  const { pid } = JSON.parse(readFileSync(join(folder, "endpoint.json"), "utf8"));
  const tasks = join(folder, "ecs/tasks");
  const containers = (existsSync(tasks) ? readdirSync(tasks) : []).flatMap((task) => {
    const file = join(tasks, task, "pids");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
  });
  const running = containers.map((pid) => ({ pid, name: serviceOf(pid) })).filter(({ name }) => name !== undefined);
  return [{ pid, name: "the local AWS" }, ...running];
}

/** What a process runs; undefined if it has ended. */
function serviceOf(pid) {
  const { status, stdout } = spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
  return status === 0 ? `a task: ${stdout.trim().split("/").slice(-2).join("/")} (${pid})` : undefined;
}

/** Memory that a process has resident, in MB; of a node that does nothing, if none is named. */
export function residentOf(pid) {
  if (pid === undefined) {
    const idle = spawn(process.execPath, ["-e", "setTimeout(() => {}, 10_000); console.log()"]);
    try {
      spawnSync(process.execPath, ["-e", "setTimeout(() => {}, 500)"]);
      return residentOf(idle.pid);
    } finally {
      idle.kill();
    }
  }
  const { stdout } = spawnSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Number(stdout.trim()) / 1024;
}
