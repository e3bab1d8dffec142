import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import type { Local } from "../service.ts";
import { commandOf } from "./command.ts";
import { comesUp, watchContainer } from "./container-health.ts";
import { type ContainerProcess, startProcess } from "./container-process.ts";
import { type Image, Images } from "./image.ts";
import { logDriver } from "./log-driver.ts";
import { endOrphans, notePid } from "./orphans.ts";
import { preloadFile } from "./preload.ts";
import {
  type ContainerSpec,
  type RunningTask,
  type TaskEvents,
  TaskFailure,
  type TaskRunner,
  type TaskSpec,
} from "./runner.ts";
import { usageOf } from "./usage.ts";

/** Runs each container of a task as a process: its image unpacked, its command run with this machine's node. */
export function processRunner(local: Local): TaskRunner {
  const home = resolve(local.dir, "ecs");
  const images = new Images(local, join(home, "images"));
  const tasks = join(home, "tasks");
  mkdirSync(tasks, { recursive: true });
  return {
    recover: () => endOrphans(tasks),
    start: (task, events, signal) => startTask({ local, images, tasks, task, events, signal }),
  };
}

interface Start {
  readonly local: Local;
  readonly images: Images;
  readonly tasks: string;
  readonly task: TaskSpec;
  readonly events: TaskEvents;
  readonly signal: AbortSignal;
}

async function startTask(start: Start): Promise<RunningTask> {
  const { local, images, tasks, task, events, signal } = start;
  const pulled = new Map<string, Image>();
  for (const container of task.containers) {
    const image = await images.get(container.image, task.region, task.executionRole).catch((error) => {
      throw blame(error, container.name);
    });
    pulled.set(container.name, image);
    events.pulled(container.name, image.digest);
  }
  signal.throwIfAborted();
  const folder = join(tasks, task.id);
  mkdirSync(folder, { recursive: true });
  const ports = await freePorts(task.containers.flatMap((container) => container.ports));
  const preload = join(folder, "preload.cjs");
  writeFileSync(
    preload,
    preloadFile({ names: task.names, ports, endpoint: new URL(local.url).port, parent: process.pid }),
  );

  const processes: { readonly container: ContainerSpec; readonly process: ContainerProcess }[] = [];
  const watching = new AbortController();
  let started = true;
  const stop = async (most = Number.POSITIVE_INFINITY) => {
    watching.abort();
    await Promise.all(processes.map(({ container, process }) => process.stop(Math.min(most, container.stopTimeout))));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const up: Promise<void>[] = [];
    for (const container of task.containers) {
      const image = pulled.get(container.name);
      if (!image) throw new Error(`the image of ${container.name} is lost`);
      const command = commandOf(image, container);
      const env = environmentOf(image, container, preload);
      const log = logDriver(local, task, container.name, container.log);
      const running = await startProcess(command, env, log);
      notePid(folder, running.pid);
      processes.push({ container, process: running });
      void running.ended.then((code) => {
        if (started) events.exited(container.name, code);
      });
      const short = local.lasts(1000) < 1000;
      const { healthCheck } = container;
      if (healthCheck) {
        const watch = { image, cwd: command.cwd, env, short, signal: watching.signal };
        watchContainer(watch, healthCheck, (health) => events.health(container.name, health)).catch((error) =>
          local.warn(`ecs: the health check of ${container.name} cannot be run: ${error.message}`),
        );
      }
      const port = container.ports[0];
      if (container.essential)
        up.push(comesUp(port === undefined ? undefined : ports[String(port)], short, watching.signal));
    }
    void Promise.all(up).then(() => {
      if (!watching.signal.aborted) events.ready();
    });
    signal.throwIfAborted();
  } catch (error) {
    started = false;
    await stop();
    throw error instanceof TaskFailure ? blame(error, task.containers[processes.length]?.name) : error;
  }
  return { ports, stop, usage: () => usageOf(processes.map(({ process }) => process.pid)) };
}

/** Says which container a failure is about. */
const blame = (error: unknown, container: string | undefined): unknown =>
  error instanceof TaskFailure ? new TaskFailure(error.message, error.container ?? container) : error;

/** What the image says, what the definition says, this machine's PATH; nothing else of this machine. */
function environmentOf(image: Image, container: ContainerSpec, preload: string): Record<string, string> {
  const ofImage = (image.config.Env ?? []).map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  const env: Record<string, string> = { ...Object.fromEntries(ofImage), ...container.environment };
  const require = `--require "${preload.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return {
    ...env,
    PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    NODE_OPTIONS: [env.NODE_OPTIONS, require].filter(Boolean).join(" "),
  };
}

/** A free port of 127.0.0.1 for each container port. */
async function freePorts(wanted: readonly number[]): Promise<Record<string, number>> {
  const held = await Promise.all(
    wanted.map(async (port) => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", resolve);
      });
      return { port, server, actual: (server.address() as AddressInfo).port };
    }),
  );
  // all are held until all are known, so that no two are the same
  await Promise.all(held.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return Object.fromEntries(held.map(({ port, actual }) => [String(port), actual]));
}
