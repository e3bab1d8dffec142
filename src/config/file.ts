import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Problem } from "../engine/problem.ts";

/** ecomctl.json, looked for in a folder and upwards. */
export function findFile(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, "ecomctl.json");
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

/** What a JSON file says. Throws a Problem with line and column when it is none. */
export function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem("config-unreadable", `${path} cannot be read`, why, "mend the file's permissions, or remove it");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const { line, column } = placeOf(text, firstFault(text));
    const why = error instanceof Error ? error.message.replace(/ in JSON at position .*/s, "") : String(error);
    throw new Problem(
      "config-not-json",
      `${path} is not JSON`,
      `line ${line}, column ${column}: ${why}`,
      "mend that line: JSON has no comments, no trailing commas, and double quotes only",
    );
  }
}

/** Where JSON goes wrong. Not every message of JSON.parse tells; the shortest beginning that no ending could save does. */
function firstFault(text: string): number {
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (couldGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const position = /at position (\d+)/.exec(message)?.[1];
    return message.includes("end of JSON input") || (position !== undefined && Number(position) >= beginning.length);
  }
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}
