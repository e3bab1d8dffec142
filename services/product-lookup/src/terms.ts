/**
 * The words of a text as the index knows them: lower case, without accents and apostrophes, plurals cut,
 * so that "Men's Boxes" and "mens box" meet.
 */
export function terms(text: string): string[] {
  const words = fold(text)
    .replace(/['’]/g, "")
    .match(/[\p{L}\p{N}]+/gu);
  return words === null ? [] : words.map(singular);
}

/** A text for comparing: lower case, accents taken off. */
export const fold = (text: string): string =>
  // Most texts are plain ASCII, for which normalize() does nothing but cost time.
  (/[^\0-\x7f]/.test(text) ? text.normalize("NFKD").replace(/\p{M}/gu, "") : text).toLowerCase();

function singular(word: string): string {
  if (word.length < 4 || !word.endsWith("s")) return word;
  if (/(?:s|x|z|ch|sh)es$/.test(word)) return word.slice(0, -2);
  if (word.length > 4 && word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  return word.endsWith("ss") ? word : word.slice(0, -1);
}
