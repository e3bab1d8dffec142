import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What git knows of a folder; undefined: nothing. */
export interface Repository {
  /** `owner/name` on GitHub. */
  readonly repository: string | undefined;
  readonly branch: string | undefined;
}

/** Asks git where a folder comes from: its remote `origin`, and the branch that others branch from. */
export async function findRepository(cwd: string): Promise<Repository> {
  const [url, head, current] = await Promise.all([
    git(cwd, "remote", "get-url", "origin"),
    git(cwd, "symbolic-ref", "--short", "refs/remotes/origin/HEAD"),
    git(cwd, "branch", "--show-current"),
  ]);
  return { repository: url && githubName(url), branch: head?.replace(/^origin\//, "") || current || undefined };
}

/** `owner/name` in the URL of a repository on GitHub, in any of the forms that git takes. */
export function githubName(url: string): string | undefined {
  const [, owner, name] =
    /^(?:https?:\/\/(?:[^@/]+@)?|ssh:\/\/git@|git@)github\.com[/:]([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(url) ?? [];
  return owner && name ? `${owner}/${name}` : undefined;
}

async function git(cwd: string, ...args: string[]): Promise<string | undefined> {
  try {
    return (await promisify(execFile)("git", args, { cwd })).stdout.trim() || undefined;
  } catch {
    // No repository, no remote, or no git: nothing is known.
    return undefined;
  }
}
