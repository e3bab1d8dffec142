import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isAlive } from "../../src/local/lock.ts";
import { type Built, type Ended, ended } from "../cli/built.ts";

/** A folder in which the command line is used, with an AWS of its own. */
export interface Place {
  readonly folder: string;
  /** A command with `--local --yes`. */
  run(...args: string[]): Promise<Ended>;
  /** The local AWS's process and port, as it notes them. */
  endpoint(): { pid: number; port: number };
  /** All processes of tasks that the local ECS knows. */
  pids(): number[];
  /** Ends all that runs, however it stands, and removes the folder. */
  close(): Promise<void>;
}

/** A new folder; `ownServices`: with the services' sources in it, to be changed. */
export function openPlace(cli: Built, { ownServices = false } = {}): Place {
  const folder = mkdtempSync(join(tmpdir(), "ecomctl-place-"));
  if (ownServices) copyServices(folder);
  const tasks = join(folder, ".ecomctl", "ecs", "tasks");
  const children = new Set<ReturnType<Built["start"]>>();
  const place: Place = {
    folder,
    async run(...args) {
      const child = cli.start(folder, [...args, "--local", "--yes"]);
      children.add(child);
      return ended(child).finally(() => children.delete(child));
    },
    endpoint: () => JSON.parse(readFileSync(join(folder, ".ecomctl", "endpoint.json"), "utf8")),
    pids: () =>
      readdirSync(tasks).flatMap((task) =>
        readFileSync(join(tasks, task, "pids"), "utf8")
          .trim()
          .split("\n")
          .map(Number),
      ),
    async close() {
      for (const child of children) child.kill("SIGKILL");
      await place.run("down", "--delete-data");
      const left = attempt(() => place.endpoint().pid);
      if (left !== undefined && isAlive(left)) process.kill(left, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return place;
}

function attempt<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

/** The services as a repository has them that is made from ours. */
function copyServices(folder: string): void {
  const root = resolve(".");
  mkdirSync(join(folder, "services"));
  for (const name of ["package.json", "package-lock.json", "services/base-image"])
    cpSync(join(root, name), join(folder, name));
  for (const name of ["common", "web-server", "product-lookup", "order-processing"])
    for (const part of ["package.json", "Dockerfile", "src"])
      if (existsSync(join(root, "services", name, part)))
        cpSync(join(root, "services", name, part), join(folder, "services", name, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}

/** Puts another program in the place of a service's; answers how to put it back. */
export function replaceProgram({ folder }: Place, service: string, program: string): () => void {
  const file = join(folder, "services", service, "src", "main.ts");
  const before = readFileSync(file);
  writeFileSync(file, program);
  return () => writeFileSync(file, before);
}

/** Whether somebody listens on a port of this machine. */
export const isTaken = (port: number): Promise<boolean> =>
  new Promise((answer) => {
    const socket = connect({ host: "127.0.0.1", port });
    const say = (taken: boolean) => {
      socket.destroy();
      answer(taken);
    };
    socket.once("connect", () => say(true)).once("error", () => say(false));
  });

/** The shop's address, from what `up` said. */
export function urlIn({ stdout, stderr }: Ended): string {
  const [, url] = /The shop: (http:\/\/\S+)/.exec(stdout + stderr) ?? [];
  if (url === undefined) throw new Error(`up said no address:\n${stdout}\n${stderr}`);
  return url;
}
