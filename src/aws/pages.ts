/** Reads all pages of a list: `fetch(token)` gives a page's items and the token of the next. A page may be empty and still have a next one. */
export async function allPages<Item>(
  fetch: (token: string | undefined) => Promise<{ items: readonly Item[] | undefined; next: string | undefined }>,
): Promise<Item[]> {
  const all: Item[] = [];
  for (let token: string | undefined; ; ) {
    const { items, next } = await fetch(token);
    all.push(...(items ?? []));
    if (!next || next === token) return all;
    token = next;
  }
}
