/** An error for a person: what went wrong, why, and what to do next. Printed as three lines, without a stack trace. */
export class Problem extends Error {
  /** Stable, for scripts and searches: `config-unknown-key`. */
  readonly code: string;
  readonly why: string;
  /** The next command or the next thing to do. */
  readonly next: string;

  constructor(code: string, what: string, why: string, next: string, cause?: unknown) {
    super(what, cause === undefined ? undefined : { cause });
    this.name = "Problem";
    this.code = code;
    this.why = why;
    this.next = next;
  }
}

/** The run was interrupted: no call begins any more. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted");
    this.name = "Interrupted";
  }
}

/** Whatever was thrown, as an Error. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
