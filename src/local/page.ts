/** Cuts a list into pages; a token names the last item shown, so that a page stays right while things come and go. */
export function page<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  size: number,
  token: string | undefined,
  descending = false,
): { items: Item[]; next: string | undefined } {
  const after = token === undefined ? undefined : Buffer.from(token, "base64url").toString();
  const before = (a: string, b: string) => (descending ? a > b : a < b);
  const rest = items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (before(a.key, b.key) ? -1 : before(b.key, a.key) ? 1 : 0))
    .filter((entry) => after === undefined || before(after, entry.key));
  const shown = rest.slice(0, size);
  const last = shown.at(-1);
  return {
    items: shown.map((entry) => entry.item),
    next: rest.length > size && last !== undefined ? Buffer.from(last.key).toString("base64url") : undefined,
  };
}
