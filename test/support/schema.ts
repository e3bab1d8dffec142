import { NormalizedSchema } from "@smithy/core/schema";
import type { Begun } from "../../src/aws/clients.ts";

/** Throws on a member that the operation's schema does not know: the client would drop it without a word. */
export function checkInput({ service, operation, input, command }: Begun): void {
  const schema = "schema" in command ? command.schema : undefined;
  if (!Array.isArray(schema)) throw new TypeError(`${service}:${operation} has no schema`);
  const unknown = [...misspelt(NormalizedSchema.of(schema[4]), input, "")];
  if (unknown.length > 0) throw new TypeError(`${service}:${operation} knows no ${unknown.join(", ")}`);
}

function* misspelt(schema: NormalizedSchema, value: unknown, path: string): Generator<string> {
  if (value === null || typeof value !== "object") return;
  if (schema.isListSchema() && Array.isArray(value)) {
    for (const [n, item] of value.entries()) yield* misspelt(schema.getValueSchema(), item, `${path}[${n}]`);
  } else if (schema.isMapSchema()) {
    for (const [key, item] of Object.entries(value)) yield* misspelt(schema.getValueSchema(), item, `${path}.${key}`);
  } else if (schema.isStructSchema()) {
    const members = new Map(schema.structIterator());
    for (const [key, item] of Object.entries(value)) {
      const member = members.get(key);
      if (!member) yield `${path}.${key}`;
      else yield* misspelt(member, item, `${path}.${key}`);
    }
  }
}
