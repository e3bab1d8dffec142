import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DamagedState } from "../store.ts";

/**
 * An append-only file of JSON lines. A line is with the kernel before `append` returns, so it outlives `kill -9`;
 * a line that a kill cut in two is the last one, and is left out.
 */
export class Journal<Line> {
  readonly #path: string;
  #file: number | undefined;
  /** Lines in the file. */
  length = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Everything that was appended, in order. Throws DamagedState. */
  read(): Line[] {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
      throw error;
    }
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const lines = whole.split("\n").slice(0, -1);
    return lines.map((line, index): Line => {
      try {
        return JSON.parse(line);
      } catch (error) {
        throw new DamagedState(this.#path, `line ${index + 1}: ${(error as Error).message}`);
      }
    });
  }

  append(lines: readonly Line[]): void {
    if (lines.length === 0) return;
    this.#file ??= this.#open();
    writeSync(this.#file, text(lines));
    this.length += lines.length;
  }

  /** Replaces the whole file at one stroke. */
  rewrite(lines: readonly Line[]): void {
    this.close();
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(`${this.#path}.tmp`, text(lines));
    renameSync(`${this.#path}.tmp`, this.#path);
    this.length = lines.length;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true });
    return openSync(this.#path, "a");
  }
}

const text = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");
