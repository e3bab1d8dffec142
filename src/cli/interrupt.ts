import type { Terminal } from "./terminal.ts";

/** A signal that the first Ctrl-C gives: no call begins afterwards, those in flight finish. The second leaves at once. */
export function interruptible({ tell }: Pick<Terminal, "tell">): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    tell("Interrupted: nothing new begins, what is under way ends. Once more leaves at once.");
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}
