/** Lets one writer at a time at each key. Whoever needs several keys queues for all of them at once: no deadlock. */
export class Locks {
  readonly #tails = new Map<string, Promise<void>>();

  async hold<Result>(keys: readonly string[], run: () => Promise<Result>): Promise<Result> {
    const before = keys.map((key) => this.#tails.get(key));
    let release = (): void => {};
    const done = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (const key of keys) this.#tails.set(key, done);
    try {
      await Promise.all(before);
      return await run();
    } finally {
      release();
      for (const key of keys) if (this.#tails.get(key) === done) this.#tails.delete(key);
    }
  }
}
