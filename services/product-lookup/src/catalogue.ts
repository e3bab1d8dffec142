import { sortRange } from "./select.ts";
import { fold, terms } from "./terms.ts";
import { Vocabulary } from "./vocabulary.ts";

/** What the index knows of a product. What it says of price and interest only orders and filters: it is never shown. */
export interface Indexed {
  readonly productID: string;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly style?: string;
  readonly price: number;
  readonly interest: number;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

export const sorts = ["relevance", "price-asc", "price-desc", "name", "popular"] as const;
export type Sort = (typeof sorts)[number];

export interface Search {
  readonly q: string;
  readonly category?: string;
  readonly minPrice?: number;
  readonly maxPrice?: number;
  readonly sort: Sort;
  /** Counted from 1. */
  readonly page: number;
  readonly pageSize: number;
}

/** The ids of one page, how many products match in all, and how many in each category (its own filter left out). */
export interface Found {
  readonly productIDs: readonly string[];
  readonly total: number;
  readonly categories: { name: string; count: number }[];
}

/**
 * How much of a description is indexed, in characters. Here the line is drawn: 100,000 products with their first
 * 300 characters stay under 400 MB and 30 s (bench/search.js); longer texts say the rest on the product's page only.
 */
const described = 300;
/** The most words of a query that are looked up: a pasted page of text is not a search. */
const mostWords = 12;

/** An in-memory index over name, category, style and the beginning of the description: finds ids. */
export class Catalogue {
  #vocabulary = new Vocabulary();
  #slots = new Map<string, number>();
  #ids: string[] = [];
  #names: string[] = [];
  /** The categories there are, and of each product which one. */
  #categories: string[] = [];
  #category: number[] = [];
  #prices: number[] = [];
  #interest: number[] = [];
  #updatedAt: number[] = [];
  #nameKeys: number[] = [];
  #texts: number[] = [];
  #alive: boolean[] = [];
  /** Slots whose product is gone or has another text now, but whose words still stand in the vocabulary. */
  #dead: number[] = [];
  #free: number[] = [];

  get size(): number {
    return this.#slots.size;
  }

  /** Adds a product, or brings what is known of it up to date; what is older than that is ignored. */
  put(product: Indexed): void {
    const known = this.#slots.get(product.productID);
    const text = hash(`${product.name}\0${product.category}\0${product.style ?? ""}\0${product.description}`);
    if (known !== undefined) {
      if ((this.#updatedAt[known] ?? 0) > product.updatedAt) return;
      if (this.#texts[known] === text) {
        this.#set(known, product);
        return;
      }
      this.remove(product.productID);
    }
    const { productID, name, category, style = "", description } = product;
    const slot = this.#free.pop() ?? this.#ids.length;
    this.#slots.set(productID, slot);
    this.#ids[slot] = productID;
    this.#names[slot] = fold(name);
    this.#nameKeys[slot] = beginning(this.#names[slot]);
    this.#category[slot] = this.#categoryNumber(category);
    this.#texts[slot] = text;
    this.#alive[slot] = true;
    this.#set(slot, product);
    this.#vocabulary.add(slot, [name, category, style, description.slice(0, described)].map(terms));
  }

  #set(slot: number, { price, interest, updatedAt }: Indexed): void {
    this.#prices[slot] = price;
    this.#interest[slot] = interest;
    this.#updatedAt[slot] = updatedAt;
  }

  #categoryNumber(name: string): number {
    const known = this.#categories.indexOf(name);
    return known >= 0 ? known : this.#categories.push(name) - 1;
  }

  /** Forgets a product that is no longer in the table. */
  remove(productID: string): void {
    const slot = this.#slots.get(productID);
    if (slot === undefined) return;
    this.#alive[slot] = false;
    this.#dead.push(slot);
    this.#slots.delete(productID);
  }

  /** How many entries are only in the way: texts that changed, products that went. */
  get garbage(): number {
    return this.#dead.length;
  }

  /** Takes the garbage out, in slices; between them the catalogue may be searched, but not added to. */
  *purge(): Generator<void> {
    const gone = new Set(this.#dead);
    this.#dead = [];
    yield* this.#vocabulary.purge(gone);
    this.#free.push(...gone);
  }

  /** Finds the products in which the most of the query's words stand; an empty query finds all. */
  search({ q, category, minPrice = 0, maxPrice = Number.POSITIVE_INFINITY, sort, page, pageSize }: Search): Found {
    const words = [...new Set(terms(q))].slice(0, mostWords);
    if (words.length === 0 && q.trim() !== "") return { productIDs: [], total: 0, categories: [] };
    const { scores, hits, most } = this.#score(words);
    const wanted = this.#categories.map((name) => category === undefined || fold(name) === fold(category));
    const counts = this.#categories.map(() => 0);
    const matches = new Int32Array(this.#ids.length);
    let total = 0;
    for (let slot = 0; slot < this.#ids.length; slot += 1) {
      const price = this.#prices[slot] as number;
      if (hits[slot] !== most || this.#alive[slot] === false || price < minPrice || price > maxPrice) continue;
      const its = this.#category[slot] as number;
      counts[its] = (counts[its] as number) + 1;
      if (wanted[its] === false) continue;
      // Interest lifts, but what was searched for comes first: a thousand views are worth twice the score.
      scores[slot] = (scores[slot] as number) * (1 + Math.log2(1 + (this.#interest[slot] as number)) / 10);
      matches[total] = slot;
      total += 1;
    }
    const from = (page - 1) * pageSize;
    sortRange(matches, total, from, from + pageSize, this.#order(sort, scores));
    const slots = matches.subarray(Math.min(from, total), Math.min(from + pageSize, total));
    const categories = this.#categories.map((name, its) => ({ name, count: counts[its] as number }));
    return {
      productIDs: Array.from(slots, (slot) => this.#ids[slot] as string),
      total,
      categories: categories
        .filter(({ count }) => count > 0)
        .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)),
    };
  }

  /** For each product how many of the words stand in it, and its score: of each word, where it stands best. */
  #score(words: readonly string[]): { scores: Float32Array; hits: Uint8Array; most: number } {
    const scores = new Float32Array(this.#ids.length);
    const hits = new Uint8Array(this.#ids.length);
    const best = new Float32Array(words.length === 0 ? 0 : this.#ids.length);
    let most = 0;
    for (const word of words) {
      best.fill(0);
      this.#vocabulary.find(word, word === words.at(-1), this.size, (slot, score) => {
        if (score > (best[slot] as number)) best[slot] = score;
      });
      for (let slot = 0; slot < best.length; slot += 1) {
        const score = best[slot] as number;
        if (score === 0 || this.#alive[slot] === false) continue;
        scores[slot] = (scores[slot] as number) + score;
        hits[slot] = (hits[slot] as number) + 1;
        if ((hits[slot] as number) > most) most = hits[slot] as number;
      }
    }
    // No word of the query is known: nothing matches, not everything.
    if (words.length > 0 && most === 0) most = 255;
    return { scores, hits, most };
  }

  #order(sort: Sort, scores: Float32Array): (a: number, b: number) => number {
    const at = (list: { readonly [index: number]: number }, slot: number) => list[slot] as number;
    const byName = (a: number, b: number) => {
      const apart = at(this.#nameKeys, a) - at(this.#nameKeys, b);
      if (apart !== 0) return apart;
      const [one, other] = [this.#names[a] as string, this.#names[b] as string];
      if (one !== other) return one < other ? -1 : 1;
      return (this.#ids[a] as string) < (this.#ids[b] as string) ? -1 : a === b ? 0 : 1;
    };
    const popular = (a: number, b: number) => at(this.#interest, b) - at(this.#interest, a) || byName(a, b);
    switch (sort) {
      case "relevance":
        return (a, b) => at(scores, b) - at(scores, a) || popular(a, b);
      case "price-asc":
        return (a, b) => at(this.#prices, a) - at(this.#prices, b) || byName(a, b);
      case "price-desc":
        return (a, b) => at(this.#prices, b) - at(this.#prices, a) || byName(a, b);
      case "popular":
        return popular;
      case "name":
        return byName;
    }
  }
}

/** The first ten letters and digits of a name as a number: most names are told apart without looking at their text. */
function beginning(name: string): number {
  let key = 0;
  for (let i = 0; i < 10; i += 1) {
    const code = name.charCodeAt(i);
    // Digits become 1 to 10, letters 11 to 36, everything else and the end 0: 37 to the power of 10 fits a double.
    key = key * 37 + (code >= 97 && code <= 122 ? code - 86 : code >= 48 && code <= 57 ? code - 47 : 0);
  }
  return key;
}

/** FNV-1a, 32 bits: tells whether a text changed without keeping it. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return sum;
}
