/** What the parser makes of a document: no numbers, no dates; who reads it knows what it wants. */
export type Yaml = string | null | readonly Yaml[] | { readonly [key: string]: Yaml };

/** A document that is no YAML, or uses of it what buildspecs do not: anchors, tags, several documents. */
export class BadYaml extends Error {
  readonly line: number;

  constructor(line: number, why: string) {
    super(`${why}, at line ${line}`);
    this.name = "BadYaml";
    this.line = line;
  }
}

interface Line {
  readonly number: number;
  readonly indent: number;
  /** Without indent and comment. */
  readonly text: string;
}

/** Parses the YAML that buildspecs are written in: mappings, lists, text plain, quoted, `|` and `>`, flow lists. Throws BadYaml. */
export const parseYaml = (source: string): Yaml => new Parser(source).document();

const key = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s"'[\]{},#&*!|>%@`-][^#]*?|-[^\s#][^#]*?))\s*:(?:\s+(.*))?$/;

class Parser {
  readonly #raw: readonly string[];
  readonly #lines: Line[] = [];
  #at = 0;

  constructor(source: string) {
    this.#raw = source.replace(/^\uFEFF/, "").split(/\r?\n/);
    for (const [index, raw] of this.#raw.entries()) {
      const text = withoutComment(raw).trimEnd();
      if (text.trim() === "" || (text === "---" && this.#lines.length === 0)) continue;
      const indent = text.search(/\S/);
      this.#lines.push({ number: index + 1, indent, text: text.slice(indent) });
    }
  }

  document(): Yaml {
    const first = this.#lines[0];
    if (!first) return null;
    const value = this.#block(first.indent);
    const left = this.#lines[this.#at];
    if (left) throw new BadYaml(left.number, "this line is indented like none of those it could belong to");
    return value;
  }

  #block(indent: number): Yaml {
    const line = this.#lines[this.#at];
    if (!line) return null;
    tabless(this.#raw[line.number - 1] ?? "", line.number);
    if (isItem(line.text)) return this.#list(indent);
    if (key.test(line.text)) return this.#mapping(indent);
    this.#at++;
    return this.#scalar(line, line.text, line.indent - 1);
  }

  #list(indent: number): Yaml[] {
    const items: Yaml[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      if (!isItem(line.text)) break;
      const rest = line.text.slice(1).trimStart();
      if (rest === "") {
        this.#at++;
        items.push(this.#below(indent));
      } else if (isItem(rest) || key.test(rest)) {
        // What stands behind the hyphen begins a block of its own.
        const inner = { ...line, indent: indent + line.text.length - rest.length, text: rest };
        this.#lines[this.#at] = inner;
        items.push(this.#block(inner.indent));
      } else {
        this.#at++;
        items.push(this.#scalar(line, rest, indent));
      }
    }
    return items;
  }

  #mapping(indent: number): { [key: string]: Yaml } {
    const found: { [key: string]: Yaml } = {};
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const parts = key.exec(line.text);
      if (!parts) throw new BadYaml(line.number, `"${line.text}" is neither "key: value" nor "- item"`);
      const name = parts[1] !== undefined ? unescaped(parts[1], line) : (parts[2]?.replaceAll("''", "'") ?? parts[3]);
      if (name === undefined || Object.hasOwn(found, name)) throw new BadYaml(line.number, `${name} stands here twice`);
      this.#at++;
      const value = parts[4]?.trim() ?? "";
      // A list may stand as far left as the key that it belongs to.
      const next = this.#lines[this.#at];
      const listHere = value === "" && next?.indent === indent && isItem(next.text);
      found[name] = listHere
        ? this.#list(indent)
        : value === ""
          ? this.#below(indent)
          : this.#scalar(line, value, indent);
    }
    return found;
  }

  #below(indent: number): Yaml {
    const next = this.#lines[this.#at];
    return next && next.indent > indent ? this.#block(next.indent) : null;
  }

  #scalar(line: Line, text: string, indent: number): Yaml {
    const block = /^([|>])([+-]?)(\d?)([+-]?)$/.exec(text);
    if (block) return this.#text(line, indent, block[1] === ">", block[2] || block[4] || "");
    if (/^[&*!%@`]/.test(text)) throw new BadYaml(line.number, `"${text}" is more YAML than is understood here`);
    if (/^["']/.test(text)) return quoted(line, text);
    if (text.startsWith("[")) return flowList(line, text);
    if (text === "{}") return {};
    if (text.startsWith("{")) throw new BadYaml(line.number, "mappings in braces are not understood here");
    if (text === "~" || text === "null") return null;
    if (/:(\s|$)/.test(text)) throw new BadYaml(line.number, `"${text}" has a ": " in it: put it between quotes`);
    // Plain text goes on in the lines that are indented more.
    let whole = text;
    for (let next = this.#lines[this.#at]; next && next.indent > indent; next = this.#lines[this.#at]) {
      whole += ` ${next.text}`;
      this.#at++;
    }
    return whole;
  }

  /** The lines of a `|` or `>` text: everything, comments too, that is indented more than its key. */
  #text(line: Line, indent: number, folded: boolean, chomp: string): string {
    const lines: string[] = [];
    let number = line.number;
    for (; number < this.#raw.length; number++) {
      const raw = this.#raw[number] ?? "";
      if (raw.trim() !== "" && raw.search(/\S/) <= indent) break;
      lines.push(raw);
    }
    while (this.#lines[this.#at] && (this.#lines[this.#at]?.number ?? 0) <= number) this.#at++;
    const margin = Math.min(...lines.filter((each) => each.trim() !== "").map((each) => each.search(/\S/)), 1000);
    const cut = lines.map((each) => each.slice(margin));
    const end = chomp === "+" ? (/\n*$/.exec(cut.join("\n"))?.[0] ?? "") : "";
    while (cut.at(-1)?.trim() === "") cut.pop();
    const body = folded ? cut.join("\n").replace(/(\S)\n(?=\S)/g, "$1 ") : cut.join("\n");
    return chomp === "-" ? body : `${body}\n${end}`;
  }
}

const isItem = (text: string): boolean => text === "-" || /^-\s/.test(text);

function tabless(raw: string, number: number): void {
  if (/^\s*\t/.test(raw)) throw new BadYaml(number, "a tab cannot indent a line");
}

/** A `#` begins a comment at the beginning, or behind a space and outside quotes. */
function withoutComment(raw: string): string {
  let quote: string | undefined;
  for (let i = 0; i < raw.length; i++) {
    const sign = raw[i] ?? "";
    const before = raw[i - 1] ?? " ";
    if (quote === undefined && sign === "#" && /\s/.test(before)) return raw.slice(0, i);
    if (quote === '"' && sign === "\\") i++;
    else if (sign === quote) quote = undefined;
    else if (quote === undefined && (sign === '"' || sign === "'") && /[\s[{,]/.test(before)) quote = sign;
  }
  return raw;
}

function quoted(line: Line, text: string): string {
  const single = /^'((?:[^']|'')*)'$/.exec(text)?.[1];
  if (single !== undefined) return single.replaceAll("''", "'");
  const double = /^"((?:[^"\\]|\\.)*)"$/.exec(text)?.[1];
  if (double !== undefined) return unescaped(double, line);
  throw new BadYaml(line.number, `the quotes of ${text} do not close, or something stands behind them`);
}

function unescaped(text: string, line: Line): string {
  const known: Readonly<Record<string, string>> = {
    n: "\n",
    t: "\t",
    r: "\r",
    "0": "\0",
    '"': '"',
    "\\": "\\",
    "/": "/",
    " ": " ",
  };
  return text.replace(/\\(.)/g, (_, sign: string) => {
    const value = known[sign];
    if (value === undefined) throw new BadYaml(line.number, `\\${sign} is not understood here`);
    return value;
  });
}

function flowList(line: Line, text: string): Yaml[] {
  const inside = /^\[(.*)\]$/s.exec(text)?.[1]?.trim();
  if (inside === undefined)
    throw new BadYaml(line.number, "a list in brackets must end in the line in which it begins");
  if (inside === "") return [];
  const items = inside.match(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,[\]{}"']+|,/g) ?? [];
  if (items.join("").length !== inside.length)
    throw new BadYaml(line.number, `${text} is more YAML than is understood here`);
  return items
    .map((item) => item.trim())
    .filter((item) => item !== "," && item !== "")
    .map((item) => (/^["']/.test(item) ? quoted(line, item) : item));
}
