import { styleText } from "node:util";
import { withoutSecrets } from "./secrets.ts";

/** The styles a text may have; colour is never the only sign of anything. */
export type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";
export type Paint = (style: Style, text: string) => string;
/** For files and pipes. */
export const plain: Paint = (_, text) => text;

/** Where words come from and go to: data to `out`, progress and questions to `tell`. Nothing secret passes. */
export interface Terminal {
  out(text: string): void;
  tell(text: string): void;
  /** Somebody can be asked. */
  readonly asks: boolean;
  /** Progress may move; elsewhere it is one plain line per change. */
  readonly moves: boolean;
  readonly paintOut: Paint;
  readonly paint: Paint;
}

/** The terminal of a process; NO_COLOR, CI and pipes are honoured. */
export function terminalOf({ stdin, stdout, stderr, env }: NodeJS.Process): Terminal {
  // Whoever reads has gone (`| head`): there is nobody left to tell.
  for (const stream of [stdout, stderr]) stream.on("error", () => process.exit(1));
  const colour = !env.NO_COLOR && !env.CI && env.TERM !== "dumb";
  return {
    out: (text) => void stdout.write(`${withoutSecrets(text, env)}\n`),
    tell: (text) => void stderr.write(`${withoutSecrets(text, env)}\n`),
    asks: Boolean(stdin.isTTY && stderr.isTTY),
    // A terminal without a width, as some programs make it, has no line that could move.
    moves: Boolean(stderr.isTTY && stderr.columns) && !env.CI && env.TERM !== "dumb",
    paintOut: stdout.isTTY && colour ? styleText : plain,
    paint: stderr.isTTY && colour ? styleText : plain,
  };
}
