import type { Shape } from "./smithy.ts";

/** Throws a SyntaxError, in the words of AWS's own parser, if an input is not of its operation's types: the codecs pass through what they find. */
export function checkTypes(shape: Shape, value: unknown): void {
  if (value === undefined || value === null || shape.isDocumentSchema() || shape.isUnitSchema()) return;
  if (shape.isStructSchema()) {
    const members = recordOf(value, "Expected structure or null");
    for (const [name, member] of shape.structIterator()) checkTypes(member, members[name]);
  } else if (shape.isListSchema()) {
    if (!Array.isArray(value)) throw new SyntaxError("Expected list or null");
    for (const item of value) checkTypes(shape.getValueSchema(), item);
  } else if (shape.isMapSchema()) {
    for (const item of Object.values(recordOf(value, "Expected map or null"))) checkTypes(shape.getValueSchema(), item);
  } else checkScalar(shape, value);
}

function recordOf(value: unknown, otherwise: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SyntaxError(otherwise);
  return value as Record<string, unknown>;
}

function checkScalar(shape: Shape, value: unknown): void {
  if (shape.isStringSchema()) expectType(value, "string", "String");
  else if (shape.isBooleanSchema()) expectType(value, "boolean", "Boolean");
  else if (shape.isTimestampSchema()) {
    if (!(value instanceof Date) || Number.isNaN(value.getTime()))
      throw new SyntaxError(`${foundIn(value)} can not be converted to a Date`);
  } else if (shape.isNumericSchema()) {
    expectType(value, "number", "Number");
    if (Number.isNaN(value)) throw new SyntaxError("STRING_VALUE can not be converted to a Number");
  }
}

function expectType(value: unknown, type: "string" | "boolean" | "number", name: string): void {
  if (typeof value === type) return;
  if (typeof value !== "object") throw new SyntaxError(`${foundIn(value)} can not be converted to a ${name}`);
  throw new SyntaxError(`Start of ${Array.isArray(value) ? "list" : "structure or map"} found where not expected.`);
}

function foundIn(value: unknown): string {
  if (typeof value === "boolean") return value ? "TRUE_VALUE" : "FALSE_VALUE";
  return typeof value === "number" ? "NUMBER_VALUE" : "STRING_VALUE";
}
