/** Input as the SDK decodes it → as the wire has it: binary is base64 again. A copy: dynalite writes into its input. */
export function toWire(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) if (member !== undefined) copy[key] = toWire(member);
  return copy;
}

/**
 * Output as the wire has it → as the SDK has it. A lone `B` holding a string is always an attribute value:
 * an attribute that happens to be called B holds an object.
 */
export function fromWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromWire);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) copy[key] = fromWire(member);
  if (typeof copy.B === "string") copy.B = Buffer.from(copy.B, "base64");
  else if (isStrings(copy.BS)) copy.BS = copy.BS.map((text) => Buffer.from(text, "base64"));
  return copy;
}

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === "string");
