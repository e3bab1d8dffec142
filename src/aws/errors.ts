/** The names under which an AWS error may be known: SDK name and wire code, with and without `Exception`. */
export function namesOf(error: unknown): Set<string> {
  const names = new Set<string>();
  for (const name of [
    field(error, "name"),
    field(error, "Code"),
    field(error, "code"),
    field(field(error, "Error"), "Code"),
  ]) {
    if (typeof name !== "string" || name === "") continue;
    names.add(name).add(name.replace(/Exception$/, ""));
  }
  return names;
}

/** The HTTP status of an AWS error, if it came by HTTP. */
export function statusOf(error: unknown): number | undefined {
  const status = field(field(error, "$metadata"), "httpStatusCode");
  return typeof status === "number" ? status : undefined;
}

/** AWS's id of the request that failed. */
export function requestIdOf(error: unknown): string | undefined {
  const id = field(field(error, "$metadata"), "requestId");
  return typeof id === "string" ? id : undefined;
}

/** Whether an error bears one of these names. */
export function isError(error: unknown, ...wanted: string[]): boolean {
  const names = namesOf(error);
  return wanted.some((name) => names.has(name) || names.has(name.replace(/Exception$/, "")));
}

/** Turns "AWS has no such thing" into undefined; every other error stays an error. */
export async function unlessAbsent<T>(call: Promise<T>, ...names: string[]): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isError(error, ...names)) return undefined;
    throw error;
  }
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
