/** Lets at most `most` through at a time: `const leave = await enter(); … leave()`. Whoever waits is let in in order. */
export function gate(most: number): () => Promise<() => void> {
  let inside = 0;
  const waiting: (() => void)[] = [];
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else inside -= 1;
  };
  return async () => {
    if (inside < most) inside += 1;
    else await new Promise<void>((letIn) => waiting.push(letIn));
    return leave;
  };
}
