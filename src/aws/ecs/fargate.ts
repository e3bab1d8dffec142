const GIB = 1024;
const range = (from: number, to: number, by: number) =>
  Array.from({ length: (to - from) / by + 1 }, (_, n) => from + n * by);

/** The sizes Fargate has: memory in MiB by CPU units (developer guide, "Task definition differences for Fargate"). */
const sizes: Readonly<Record<number, readonly number[]>> = {
  256: [512, GIB, 2 * GIB],
  512: range(GIB, 4 * GIB, GIB),
  1024: range(2 * GIB, 8 * GIB, GIB),
  2048: range(4 * GIB, 16 * GIB, GIB),
  4096: range(8 * GIB, 30 * GIB, GIB),
  8192: range(16 * GIB, 60 * GIB, 4 * GIB),
  16384: range(32 * GIB, 120 * GIB, 8 * GIB),
};

/** Why Fargate has no task of this size. */
export function sizeProblem(cpu: number, memory: number): string | undefined {
  const fitting = sizes[cpu];
  if (!fitting) return `Fargate has no ${cpu} CPU units: choose ${Object.keys(sizes).join(", ")}`;
  if (fitting.includes(memory)) return undefined;
  const choice =
    fitting.length > 4 ? `${fitting[0]} to ${fitting.at(-1)} by ${fitting[1]! - fitting[0]!}` : fitting.join(", ");
  return `Fargate has no ${memory} MiB with ${cpu} CPU units: choose ${choice}`;
}
