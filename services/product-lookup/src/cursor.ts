/**
 * How far the changes have been read. A change may show late (the index lags, its writer's clock is slow), so what is
 * asked for is not "newer than the newest seen", but "newer than the newest that had been seen some time ago".
 */
export class Cursor {
  readonly #now: () => number;
  readonly #longest: number;
  /** When the newest change seen became which, oldest first; never empty. */
  readonly #seen: { at: number; newest: number }[];

  /** Begins at a change; `longest` is the most that `since` will be asked to go back, in ms. */
  constructor(begin: number, longest: number, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#longest = longest;
    this.#seen = [{ at: now(), newest: begin }];
  }

  /** A change was read that was made then, in ms since 1970. */
  saw(updatedAt: number): void {
    const last = this.#seen.at(-1);
    if (last !== undefined && updatedAt > last.newest) this.#seen.push({ at: this.#now(), newest: updatedAt });
    while (this.#seen.length > 1 && (this.#seen[1]?.at ?? 0) <= this.#now() - this.#longest) this.#seen.shift();
  }

  /** The newest change that had been seen so many ms ago. */
  since(ago: number): number {
    const before = this.#now() - ago;
    return (this.#seen.findLast(({ at }) => at <= before) ?? this.#seen[0])?.newest ?? 0;
  }
}
