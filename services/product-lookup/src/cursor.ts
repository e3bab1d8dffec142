/** How late a change may show, in milliseconds. */
export interface Late {
  readonly usual: number;
  /** Longer than usual. */
  readonly sometimes: number;
}

/**
 * How far the changes have been read. A change may show late (the index lags, its writer's clock is slow), so what is
 * asked for is not "newer than the newest seen", but "newer than the newest that had been seen some time ago".
 */
export class Cursor {
  readonly #now: () => number;
  readonly #late: Late;
  /** When the newest change seen became which, oldest first; never empty. */
  readonly #seen: { at: number; newest: number }[];

  /** Begins with everything read up to a change, but for what may show later than usual. */
  constructor(begin: number, late: Late, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#late = late;
    this.#seen = [
      { at: Number.NEGATIVE_INFINITY, newest: begin - late.sometimes },
      { at: now() - late.usual, newest: begin },
    ];
  }

  /** A change was read that was made then, in ms since 1970. */
  saw(updatedAt: number): void {
    const last = this.#seen.at(-1);
    if (last !== undefined && updatedAt > last.newest) this.#seen.push({ at: this.#now(), newest: updatedAt });
    while (this.#seen.length > 1 && (this.#seen[1]?.at ?? 0) <= this.#now() - this.#late.sometimes) this.#seen.shift();
  }

  /** What to ask for: changes newer than this, in ms since 1970. */
  since(late: keyof Late): number {
    const before = this.#now() - this.#late[late];
    return this.#seen.findLast(({ at }) => at <= before)?.newest ?? 0;
  }
}
