import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

/** A record of a file before it is checked: its first line, counted from 1, and its value or why there is none. */
export type Found = { line: number; value: unknown } | { line: number; error: string };

/** The records of a file with one JSON object a line; empty lines are passed over. */
export async function* ndjsonRecords(path: string): AsyncIterable<Found> {
  let line = 0;
  for await (const text of createInterface({
    input: createReadStream(path, "utf8"),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line++;
    const record = text.replace(/^\uFEFF/, "").trim();
    if (record !== "") yield parsed(line, record);
  }
}

/** The elements of a JSON array, each read on its own: one that cannot be read does not hide the others. */
export async function* arrayRecords(path: string): AsyncIterable<Found> {
  const text = await readFile(path, "utf8");
  const open = text.indexOf("[");
  let line = text.slice(0, open).split("\n").length;
  let depth = 0;
  let quoted = false;
  let start = -1;
  let startLine = line;
  for (let at = open + 1; at < text.length; at++) {
    const char = text[at];
    if (char === "\n") line++;
    if (quoted) {
      if (char === "\\") at++;
      else if (char === '"') quoted = false;
      continue;
    }
    const ends = depth === 0 && (char === "," || char === "]");
    if (ends) {
      if (start >= 0) yield parsed(startLine, text.slice(start, at));
      else if (char === ",") yield { line, error: "nothing before the comma" };
      start = -1;
      if (char === "]") return;
      continue;
    }
    if (start < 0 && char?.trim()) {
      start = at;
      startLine = line;
    }
    if (char === '"') quoted = true;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
  }
  yield { line: start < 0 ? line : startLine, error: "not JSON: the array is not closed" };
}

/** The records of a CSV file whose first row names the columns; `line` is where a record ends if it has line breaks. */
export async function* csvRecords(path: string): AsyncIterable<Found> {
  const { parse } = await import("csv-parse");
  const unreadable = new Map<number, string>();
  const parser = createReadStream(path).pipe(
    parse({
      bom: true,
      columns: (header: string[]) => header.map(columnName),
      info: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      trim: true,
      on_skip: (problem) => {
        if (problem) unreadable.set(Number(problem.lines), `not CSV: ${problem.message}`);
      },
    }),
  );
  /** The parser reads ahead: what it skipped is told in its place. */
  function* skippedBefore(end: number): Iterable<Found> {
    for (const [line, error] of unreadable) {
      if (line >= end) return;
      unreadable.delete(line);
      yield { line, error };
    }
  }
  for await (const { info, record } of parser as AsyncIterable<CsvRecord>) {
    yield* skippedBefore(info.lines);
    yield { line: info.lines, value: typed(record) };
  }
  yield* skippedBefore(Number.POSITIVE_INFINITY);
}

interface CsvRecord {
  info: { lines: number };
  record: Record<string, string>;
}

function parsed(line: number, text: string): Found {
  try {
    return { line, value: JSON.parse(text) };
  } catch (problem) {
    return { line, error: `not JSON: ${problem instanceof Error ? problem.message : String(problem)}` };
  }
}

const columns = ["productID", "name", "description", "category", "style", "price", "stock"];

/** Spreadsheets change the case of headings: `ProductId` means `productID`. */
function columnName(heading: string): string {
  return columns.find((column) => column.toLowerCase() === heading.trim().toLowerCase()) ?? heading.trim();
}

/** CSV knows only text: numbers become numbers where they are, and an empty cell is one left out. */
function typed(record: Record<string, string>): Record<string, unknown> {
  const numeric = (name: string, cell: string) =>
    (name === "price" || name === "stock") && /^-?\d+(\.\d+)?$/.test(cell);
  const cells = Object.entries(record).filter(([, cell]) => cell !== "");
  return Object.fromEntries(cells.map(([name, cell]) => [name, numeric(name, cell) ? Number(cell) : cell]));
}
