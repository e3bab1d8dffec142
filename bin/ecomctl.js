#!/usr/bin/env node
import { existsSync } from "node:fs";

const built = new URL("../dist/cli.js", import.meta.url);
if (existsSync(built)) {
  const { main } = await import(built.href);
  const code = await main(process.argv.slice(2));
  // Nothing may hold the process once the command has ended: neither an idle connection nor a question nobody answered.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
} else {
  console.error("Error: ecomctl is not built [not-built]\n  why:  dist/cli.js is missing\n  next: npm run build");
  process.exitCode = 1;
}
