/** Cuts a list into pages; a token names the last item shown, so that a page stays right while things come and go. */
export function page<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  size: number,
  token: string | undefined,
): { items: Item[]; next: string | undefined } {
  const after = token === undefined ? undefined : Buffer.from(token, "base64url").toString();
  const rest = items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .filter((entry) => after === undefined || entry.key > after);
  const shown = rest.slice(0, size);
  const last = shown.at(-1);
  return {
    items: shown.map((entry) => entry.item),
    next: rest.length > size && last !== undefined ? Buffer.from(last.key).toString("base64url") : undefined,
  };
}
