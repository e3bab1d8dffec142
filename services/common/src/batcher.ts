/**
 * Collects what is added and flushes it together: when `size` have come, or `milliseconds` after the first.
 * What `add` returns settles with the flush that the item went into.
 */
export function createBatcher<T>(
  size: number,
  milliseconds: number,
  flush: (items: readonly T[]) => Promise<void>,
): (item: T) => Promise<void> {
  let open: { items: T[]; close: () => void; done: Promise<void> } | undefined;

  const begin = () => {
    const items: T[] = [];
    let close = () => {};
    const closed = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      close = () => {
        clearTimeout(timer);
        resolve();
      };
    }).then(() => {
      if (open?.items === items) open = undefined;
    });
    return { items, close, done: closed.then(() => flush(items)) };
  };

  return (item) => {
    open ??= begin();
    const { items, close, done } = open;
    items.push(item);
    if (items.length === size) {
      open = undefined;
      close();
    }
    return done;
  };
}
