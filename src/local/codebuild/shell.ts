import { type ChildProcess, spawn } from "node:child_process";
import { killGroup } from "../ecs/container-process.ts";

/** A shell in which commands run one after the other: what one exports or where it goes, the next ones find. */
export interface Shell {
  /** Runs a command; resolves with its exit status. */
  run(command: string): Promise<number>;
  /** The value of a variable. */
  read(variable: string): Promise<string>;
  /** Ends it with everything that it started. */
  kill(): void;
}

export interface ShellOptions {
  /** `/bin/sh` */
  readonly program: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  write(chunk: Buffer): void;
  /** Called with the number of each process group that begins. */
  began(pid: number): void;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A build's shell. A command that ends the shell itself (`exit 1`) ends with that status; the next one gets a new shell. */
export function openShell(options: ShellOptions): Shell {
  let process: Running | undefined;
  let killed = false;
  const current = () => {
    if (process?.ended) {
      // What an ended shell left running belongs to no command any more.
      process.kill();
      process = undefined;
    }
    process ??= begin(options);
    return process;
  };
  return {
    run: async (command) => {
      if (killed) return 137;
      const status = await current().ask(`eval ${quoted(command)} </dev/null; printf '%s\\0' "$?" >&3`);
      return Number(status);
    },
    read: async (variable) => (killed ? "" : current().ask(`printf '%s\\0' "\${${variable}-}" >&3`)),
    kill() {
      killed = true;
      process?.kill();
    },
  };
}

interface Running {
  readonly ended: boolean;
  ask(script: string): Promise<string>;
  kill(): void;
}

function begin({ program, cwd, env, write, began }: ShellOptions): Running {
  const child: ChildProcess = spawn(program, [], { cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const [stdin, stdout, stderr, answers] = child.stdio;
  if (child.pid !== undefined) began(child.pid);
  stdout?.on("data", write);
  stderr?.on("data", write);
  let ended = false;
  let told = "";
  let waiting: ((text: string) => void) | undefined;
  const answer = (text: string) => {
    waiting?.(text);
    waiting = undefined;
  };
  if (answers && "on" in answers)
    answers.on("data", (chunk: Buffer) => {
      told += chunk.toString();
      const end = told.indexOf("\0");
      if (end < 0) return;
      const text = told.slice(0, end);
      told = told.slice(end + 1);
      // What the command printed comes through other pipes, and before its end.
      setImmediate(() => answer(text));
    });
  const over = (status: number) => {
    ended = true;
    answer(String(status));
  };
  child.once("exit", (code, signal) => over(code ?? (signal ? 137 : 1)));
  child.once("error", () => over(127));
  // A shell that is gone takes no more words.
  stdin?.on("error", () => undefined);
  return {
    get ended() {
      return ended;
    },
    ask: (script) =>
      new Promise((resolve) => {
        waiting = resolve;
        stdin?.write(`${script}\n`);
      }),
    kill() {
      if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
    },
  };
}
