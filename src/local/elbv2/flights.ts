/** How many requests each target has at the moment, and word when it has none left. */
export class Flights {
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Counts one more; the answer counts it down again, once. */
  begin(key: string): () => void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left > 0) {
        this.#counts.set(key, left);
        return;
      }
      this.#counts.delete(key);
      for (const wake of this.#waiting.get(key) ?? []) wake();
      this.#waiting.delete(key);
    };
  }

  /** Resolves when there is none. */
  none(key: string): Promise<void> {
    if (!this.#counts.has(key)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), resolve]));
  }
}
