import type { Event } from "../engine/event.ts";
import { eventLine } from "./show/json.ts";
import { lastingLine, UnderWay, waitingLine } from "./show/progress.ts";
import type { Terminal } from "./terminal.ts";

/** Tells what happens while it happens. */
export interface Reporter {
  report(event: Event): void;
  stop(): void;
}

/** JSON a line; or a spinner with lines above it; or, where nothing can move, one plain line per change. */
export async function reporterFor(terminal: Terminal, json = false): Promise<Reporter> {
  if (json) return { report: (event) => terminal.out(eventLine(event)), stop: () => {} };
  if (!terminal.moves) return plainReporter(terminal);
  const { default: ora } = await import("ora");
  // A question later on, and Ctrl-C now, need the keyboard.
  const spinner = ora({ text: "working", discardStdin: false }).start();
  const underWay = new UnderWay();
  return {
    report(event) {
      const line = lastingLine(event, terminal.paint);
      if (line !== undefined) {
        spinner.clear();
        terminal.tell(line);
      }
      spinner.text = underWay.after(event);
    },
    stop: () => void spinner.stop(),
  };
}

function plainReporter(terminal: Terminal): Reporter {
  const waited = new Set<string>();
  return {
    report(event) {
      const waiting = waitingLine(event);
      const line = waiting !== undefined && !waited.has(waiting) ? waiting : lastingLine(event, terminal.paint);
      if (waiting !== undefined) waited.add(waiting);
      if (line !== undefined) terminal.tell(line);
    },
    stop: () => {},
  };
}
