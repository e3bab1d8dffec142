/** How many failed tasks make a deployment fail: half of the desired count, at least 3, at most 200 (AWS's rule). */
export const breakerThreshold = (desired: number): number => Math.min(200, Math.max(3, Math.ceil(desired * 0.5)));

const FIRST_WAIT = 10_000;
const LONGEST_WAIT = 900_000;

/** How long AWS waits before the next try after so many failures in a row, in milliseconds: up to fifteen minutes. */
const backOff = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 2));

/** A machine that has better to do: where waits are short, more failures than these wait this long; milliseconds. */
const MANY = 5;
const AT_LEAST = 5_000;

/** How long is really waited here; `lasts` says how long AWS's time is on this machine. */
export const pauseAfter = (failures: number, lasts: (ms: number) => number): number =>
  Math.max(lasts(backOff(failures)), failures > MANY ? AT_LEAST : 0);

/** How long a task must have been well for the failures before it to be forgotten. */
export const wellAfter = (lasts: (ms: number) => number): number => Math.max(lasts(60_000), AT_LEAST);
