/** How many failed tasks make a deployment fail: half of the desired count, at least 3, at most 200 (AWS's rule). */
export const breakerThreshold = (desired: number): number => Math.min(200, Math.max(3, Math.ceil(desired * 0.5)));

const FIRST_WAIT = 10_000;
const LONGEST_WAIT = 900_000;

/** How long AWS waits before the next try after so many failures in a row, in milliseconds: up to fifteen minutes. */
export const backOff = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 2));
