import type { Clock } from "./service.ts";

/** The machine's own clock. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    }),
};

/** A clock that moves only when told to. */
export interface TestClock extends Clock {
  /** Moves on by `ms` and wakes, in order, whoever slept until then. */
  advance(ms: number): void;
  /** How many sleep at the moment. */
  readonly sleepers: number;
}

/** Starts at `now`, milliseconds since 1970. */
export function testClock(now = Date.UTC(2026, 0, 1)): TestClock {
  const sleeping = new Set<{ until: number; wake(): void }>();
  return {
    now: () => now,
    get sleepers() {
      return sleeping.size;
    },
    advance(ms) {
      now += ms;
      const due = [...sleeping].filter((sleeper) => sleeper.until <= now).sort((a, b) => a.until - b.until);
      for (const sleeper of due) sleeper.wake();
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        if (ms <= 0) return resolve();
        const stop = () => {
          sleeping.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper = {
          until: now + ms,
          wake() {
            sleeping.delete(sleeper);
            signal?.removeEventListener("abort", stop);
            resolve();
          },
        };
        sleeping.add(sleeper);
        signal?.addEventListener("abort", stop, { once: true });
      }),
  };
}

/** How long waits last: a thousandth of AWS's time, or all of it. */
export type Waits = "short" | "aws";

/** What something that takes `ms` on AWS takes here, in milliseconds. */
export const lasting =
  (waits: Waits) =>
  (ms: number): number =>
    waits === "aws" ? ms : Math.max(0, ms / 1000);
