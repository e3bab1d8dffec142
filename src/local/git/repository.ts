import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Local } from "../service.ts";

const run = promisify(execFile);

/** The most that an archive of a repository may weigh, in bytes. */
const LARGEST = 1024 ** 3;

/**
 * The folder that stands for a repository of a Git host: `.ecomctl/github/OWNER/NAME`, a bare repository that people
 * push to (`git clone --bare . .ecomctl/github/OWNER/NAME` makes it), or a link to a working copy.
 */
export const repositoryFolder = (local: Local, fullName: string): string => resolve(local.dir, "github", fullName);

/** A commit as a Git host tells of it. */
export interface Commit {
  readonly id: string;
  readonly message: string;
  readonly author: string;
  readonly email: string;
  /** ISO 8601 */
  readonly date: string;
}

/** A branch's newest commit; undefined if there is no such repository or branch. Reads files only: it is asked every second. */
export function headOf(folder: string, branch: string): string | undefined {
  const git = gitFolder(folder);
  if (git === undefined || !isInside(branch)) return undefined;
  const loose = join(git, "refs", "heads", branch);
  if (statSync(loose, { throwIfNoEntry: false })?.isFile()) return idIn(readFileSync(loose, "utf8"));
  return packed(git)[branch];
}

/** All branches with their newest commits. */
export function headsOf(folder: string): Record<string, string> {
  const git = gitFolder(folder);
  if (git === undefined) return {};
  const loose = branchesBelow(join(git, "refs", "heads")).flatMap((branch) => {
    const id = idIn(readFileSync(join(git, "refs", "heads", branch), "utf8"));
    return id === undefined ? [] : [[branch, id] as const];
  });
  return { ...packed(git), ...Object.fromEntries(loose) };
}

/** What is known of a commit. Throws if it is not there. */
export async function commitOf(folder: string, id: string): Promise<Commit> {
  const told = await git(folder, ["log", "-1", "--format=%H%x00%an%x00%ae%x00%aI%x00%B", id]);
  const [hash = id, author = "", email = "", date = "", message = ""] = told.toString().split("\0");
  return { id: hash, author, email, date, message: message.trimEnd() };
}

/** The files of a commit as a ZIP archive. */
export const archiveOf = (folder: string, id: string): Promise<Buffer> =>
  git(folder, ["archive", "--format=zip", "-6", id]);

/** Paths that differ between two commits; all of the second one's if the first is not known. */
export async function changedPaths(folder: string, from: string | undefined, to: string): Promise<string[]> {
  const words =
    from === undefined ? ["ls-tree", "-r", "--name-only", "-z", to] : ["diff", "--name-only", "-z", from, to];
  return (await git(folder, words)).toString().split("\0").filter(Boolean);
}

async function git(folder: string, words: readonly string[]): Promise<Buffer> {
  // Whoever works in a repository of their own must not steer this one by git's variables.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" };
  const { stdout } = await run("git", ["-C", folder, ...words], { encoding: "buffer", maxBuffer: LARGEST, env });
  return stdout;
}

const idIn = (text: string): string | undefined => /^[0-9a-f]{40,64}/.exec(text)?.[0];
const isInside = (branch: string): boolean => !branch.split("/").includes("..");

/** Where git keeps its own files: the folder itself if it is bare. */
function gitFolder(folder: string): string | undefined {
  return [join(folder, ".git"), folder].find(
    (each) => existsSync(join(each, "HEAD")) && existsSync(join(each, "refs")),
  );
}

function packed(git: string): Record<string, string> {
  const file = join(git, "packed-refs");
  if (!existsSync(file)) return {};
  const lines = readFileSync(file, "utf8").matchAll(/^([0-9a-f]{40,64}) refs\/heads\/(.+)$/gm);
  return Object.fromEntries([...lines].map(([, id = "", branch = ""]) => [branch, id]));
}

function branchesBelow(folder: string, inside = ""): string[] {
  if (!existsSync(join(folder, inside))) return [];
  return readdirSync(join(folder, inside), { withFileTypes: true }).flatMap((entry) => {
    const name = inside === "" ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) return branchesBelow(folder, name);
    return name.endsWith(".lock") ? [] : [name];
  });
}
