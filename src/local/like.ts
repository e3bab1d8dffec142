/** Whether a text fits a pattern in which `*` stands for anything and `?` for one character. */
export function like(pattern: string, text: string, flags = "s"): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, flags).test(text);
}
