import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { constants } from "node:os";
import type { Command } from "./command.ts";
import type { LogDriver } from "./log-driver.ts";
import { TaskFailure } from "./runner.ts";

/** A container that is a process of this machine. */
export interface ContainerProcess {
  readonly pid: number;
  /** Resolves with its exit code; 128 and the signal's number if a signal ended it. */
  readonly ended: Promise<number>;
  /** SIGTERM, and after `seconds` SIGKILL; resolves when it is gone. Said again, the shorter time counts. */
  stop(seconds: number): Promise<void>;
}

export type Environment = Readonly<Record<string, string>>;

const exitCode = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal ? (constants.signals[signal] ?? 0) : 0);

/** Ends a process with everything that it started; gone already is done (a group of zombies is EPERM to some systems). */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

/** Starts a command with this environment and nothing else; throws TaskFailure if the system cannot. */
export async function startProcess(command: Command, env: Environment, log: LogDriver): Promise<ContainerProcess> {
  // a group of its own: a Ctrl-C in the terminal is not meant for the tasks, and a kill reaches all of a task
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number>((resolve) => {
    child.once("close", (code, signal) => {
      log.flush();
      resolve(exitCode(code, signal));
    });
  });
  child.stdout.on("data", (chunk: Buffer) => log.write(chunk));
  child.stderr.on("data", (chunk: Buffer) => log.write(chunk));
  const pid = await spawned(child, command.file);
  // what a dead container leaves running would keep its output open
  child.once("exit", () => killGroup(pid, "SIGKILL"));
  let told = false;
  return {
    pid,
    ended,
    async stop(seconds) {
      if (!told && child.exitCode === null && child.signalCode === null) killGroup(pid, "SIGTERM");
      told = true;
      const timer = setTimeout(() => killGroup(pid, "SIGKILL"), seconds * 1000);
      await ended;
      clearTimeout(timer);
    },
  };
}

function spawned(child: ChildProcess, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve(child.pid ?? 0));
    child.once("error", (error) =>
      reject(new TaskFailure(`CannotStartContainerError: failed to start container: exec ${file}: ${error.message}`)),
    );
  });
}

/** Runs a command to its end, in `ms` at most; tells whether it ended well. */
export function runOnce(command: Command, env: Environment, ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const child = spawn(command.file, command.args, { cwd: command.cwd, env, detached: true, stdio: "ignore" });
    const end = () => {
      if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    const finish = (good: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve(good);
    };
    child.once("error", () => finish(false));
    child.once("close", (code) => finish(code === 0));
  });
}

/** Whether something listens on a port of 127.0.0.1. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: 1000 });
    const answer = (good: boolean) => {
      socket.destroy();
      resolve(good);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
    socket.once("timeout", () => answer(false));
  });
}
