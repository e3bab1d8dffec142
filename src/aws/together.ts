/** Asks for many what is asked for one by one: ids wanted within the same turn of the event loop go out as one call, `most` at a time. */
export function together<Context extends object, Item>(
  most: number,
  fetch: (context: Context, ids: readonly string[]) => Promise<ReadonlyMap<string, Item>>,
): (context: Context, id: string) => Promise<Item | undefined> {
  const waiting = new WeakMap<Context, { ids: Set<string>; answer: Promise<ReadonlyMap<string, Item>> }>();
  return async (context, id) => {
    let batch = waiting.get(context);
    if (!batch) {
      const ids = new Set<string>();
      batch = { ids, answer: Promise.resolve(new Map()) };
      batch.answer = nextTurn().then(async () => {
        waiting.delete(context);
        const parts = await Promise.all(chunks([...ids], most).map((part) => fetch(context, part)));
        return new Map(parts.flatMap((part) => [...part]));
      });
      waiting.set(context, batch);
    }
    batch.ids.add(id);
    return (await batch.answer).get(id);
  };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const chunks = (ids: readonly string[], most: number) =>
  Array.from({ length: Math.ceil(ids.length / most) }, (_, n) => ids.slice(n * most, (n + 1) * most));
