import { posix } from "node:path";
import { ImageProblem } from "./problem.ts";

/** What a service's Dockerfile says, read by both builders: one description of the image. */
export interface Recipe {
  readonly base: string;
  /** Absolute path of the bundle in the image. */
  readonly bundleAt: string;
  readonly command: readonly string[];
  readonly user: string;
  readonly workdir: string;
  readonly env: readonly string[];
  readonly ports: readonly number[];
}

interface Draft {
  base?: string;
  bundleAt?: string;
  command?: readonly string[];
  user?: string;
  workdir: string;
  env: string[];
  ports: number[];
}

/** The only file an image adds to its base: the content tag covers it, and would not cover others. */
const bundle = "dist/server.mjs";

/**
 * Reads the few instructions our Dockerfiles use: FROM, ARG, ENV, USER, WORKDIR, COPY of the bundle, EXPOSE and CMD in
 * its JSON form. Throws `DockerfileRefused` with the line for anything else: a built-in builder runs no RUN.
 */
export function parseDockerfile(text: string, args: Readonly<Record<string, string>> = {}): Recipe {
  const values = new Map<string, string>();
  const draft: Draft = { workdir: "/", env: [], ports: [] };
  text.split(/\r?\n/).forEach((line, index) => {
    const said = line.trim();
    if (said === "" || said.startsWith("#")) return;
    const refuse = (why: string): never => refused(`line ${index + 1}, \`${said}\`: ${why}`);
    const [word = "", ...more] = said.split(/\s+/);
    const rest = said.slice(word.length).trim();
    const filled = () => rest.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) => values.get(braced ?? bare) ?? "");
    switch (word.toUpperCase()) {
      case "ARG": {
        const [name = "", ...preset] = rest.split("=");
        values.set(name, args[name] ?? preset.join("="));
        break;
      }
      case "FROM":
        if (draft.base !== undefined) refuse("one stage only");
        if (!/^\S+$/.test(filled())) refuse("FROM names one base image, perhaps by an ARG that was not given");
        draft.base = filled();
        break;
      case "ENV":
        for (const pair of filled().split(/\s+/)) {
          if (!/^\w+=[^"'\\]*$/.test(pair)) refuse("write ENV NAME=value, without quotes");
          draft.env.push(pair);
        }
        break;
      case "USER":
        draft.user = filled();
        break;
      case "WORKDIR":
        draft.workdir = posix.resolve(draft.workdir, filled());
        break;
      case "COPY": {
        const [from = "", to = ""] = more;
        if (more.length !== 2 || posix.normalize(from) !== bundle) refuse(`only ${bundle} is copied, to one place`);
        const folder = /(^|\/)\.?$/.test(to);
        draft.bundleAt = posix.resolve(draft.workdir, to, folder ? posix.basename(bundle) : "");
        break;
      }
      case "EXPOSE":
        for (const port of filled().split(/\s+/)) {
          if (!/^\d+(\/tcp)?$/.test(port)) refuse("EXPOSE takes TCP ports");
          draft.ports.push(Number.parseInt(port, 10));
        }
        break;
      case "CMD":
        draft.command = jsonWords(rest) ?? refuse('write CMD as JSON, such as ["node", "server.mjs"]');
        break;
      default:
        refuse("FROM, ARG, ENV, USER, WORKDIR, COPY, EXPOSE and CMD are understood, one line each");
    }
  });
  return complete(draft);
}

function complete({ base, bundleAt, command, user, ...rest }: Draft): Recipe {
  if (base === undefined) return refused("FROM is missing");
  if (bundleAt === undefined) return refused(`COPY ${bundle} is missing`);
  if (command === undefined) return refused("CMD is missing");
  if (user === undefined || /^(root|0)(:|$)/.test(user)) return refused("USER must name somebody other than root");
  return { base, bundleAt, command, user, ...rest };
}

function jsonWords(text: string): readonly string[] | undefined {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string")
      ? words
      : undefined;
  } catch {
    return undefined;
  }
}

function refused(why: string): never {
  throw new ImageProblem(
    "DockerfileRefused",
    `the Dockerfile cannot be built: ${why}`,
    "mend the service's Dockerfile",
  );
}
