import SearchableMap from "minisearch/SearchableMap";

/** Where a word stands, in the order of how much it says about a product. */
export const fields = ["name", "category", "style", "description"] as const;
/** How much a word counts by the field it stands in. */
const weights = [4, 2, 2, 1] as const;

/** The products that a searched word leads to: calls back with each one's slot and score. */
export type Visit = (slot: number, score: number) => void;

/** The most words of the vocabulary that one searched word may stand for: more say nothing, and would take long. */
const mostExpansions = 4000;

/**
 * Every word of the catalogue, with where it stands. Prefixes and typos are found by the radix tree of MiniSearch.
 * MiniSearch's own search() is not used: it makes an object of every match, which held the event loop for 465 ms
 * where a letter matched 100,000 products, and for 54 ms where a word matched 6,250.
 */
export class Vocabulary {
  /** Postings of each word: slot * 4 + index of the field. */
  #postings = new Map<string, number[]>();
  /** The same by the letters of the word; asked only for what a Map cannot find, for it is much slower. */
  #words = new SearchableMap<number[]>();

  get size(): number {
    return this.#postings.size;
  }

  /** Adds a product's words; a word in several fields counts where it says most. `texts` in the order of `fields`. */
  add(slot: number, texts: readonly (readonly string[])[]): void {
    const seen = new Set<string>();
    texts.forEach((words, field) => {
      for (const word of words) {
        if (seen.has(word)) continue;
        seen.add(word);
        const posting = slot * fields.length + field;
        const postings = this.#postings.get(word);
        if (postings !== undefined) postings.push(posting);
        else this.#learn(word, [posting]);
      }
    });
  }

  #learn(word: string, postings: number[]): void {
    this.#postings.set(word, postings);
    this.#words.set(word, postings);
  }

  /**
   * Visits every product that the word, one that begins with it or, if there is none, one like it leads to.
   * `last`: the word may still be being typed, so that even a single letter is taken for a beginning.
   */
  find(word: string, last: boolean, products: number, visit: Visit): void {
    for (const [postings, likeness] of this.#expand(word, last)) {
      if (postings.length === 0) continue;
      const rarity = Math.log(1 + products / postings.length) * likeness;
      for (const posting of postings) visit(posting >> 2, rarity * (weights[posting & 3] ?? 0));
    }
  }

  /** Takes slots out of all postings; hands control back after every thousand words. Nothing may be added meanwhile. */
  *purge(gone: ReadonlySet<number>): Generator<void> {
    const empty: string[] = [];
    let count = 0;
    for (const [word, postings] of this.#postings) {
      const kept = postings.filter((posting) => !gone.has(posting >> 2));
      postings.length = 0;
      for (const posting of kept) postings.push(posting);
      if (kept.length === 0) empty.push(word);
      count += 1;
      if (count % 1000 === 0) yield;
    }
    for (const word of empty) {
      this.#postings.delete(word);
      this.#words.delete(word);
      count += 1;
      if (count % 1000 === 0) yield;
    }
  }

  #expand(word: string, last: boolean): readonly (readonly [number[], number])[] {
    const found: [number[], number][] = [];
    const exact = this.#postings.get(word);
    if (exact !== undefined) found.push([exact, 1]);
    if (word.length === 1 && !last) return found;
    for (const [longer, postings] of this.#words.atPrefix(word).entries()) {
      if (longer !== word) found.push([postings, (0.8 * word.length) / longer.length]);
      if (found.length === mostExpansions) break;
    }
    // A number that is nearly another number is not a typo, and a short word is near to everything.
    if (found.length > 0 || word.length < 4 || /\p{N}/u.test(word)) return found;
    return this.#like(word);
  }

  #like(word: string): [number[], number][] {
    const found: [number[], number][] = [];
    for (let i = 1; i < word.length; i += 1) {
      // Two letters in the wrong order are one slip of the fingers, but two steps for Levenshtein.
      const swapped = `${word.slice(0, i - 1)}${word[i]}${word[i - 1]}${word.slice(i + 1)}`;
      for (const [, postings] of this.#words.atPrefix(swapped).entries()) {
        found.push([postings, 0.6]);
        if (found.length === mostExpansions) return found;
      }
    }
    for (const [, [postings, distance]] of this.#words.fuzzyGet(word, word.length < 8 ? 1 : 2)) {
      found.push([postings, 0.6 / distance]);
    }
    return found;
  }
}
