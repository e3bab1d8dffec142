import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { authorize } from "../iam/authorize.ts";
import { readObject, writeObject } from "../s3/index.ts";
import { type Local, Refusal } from "../service.ts";
import { unzip, type ZipEntry, zip } from "../zip.ts";
import type { Buildspec } from "./buildspec.ts";
import type { BuildRecord, Place } from "./state.ts";

/** A phase that does not come to its end: its context as the API shows it. */
export class PhaseFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "PhaseFailure";
    this.code = code;
  }
}

/** Puts a build's source into a folder. Throws PhaseFailure. */
export async function downloadSource(local: Local, build: BuildRecord, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const type = build.source?.type ?? "NO_SOURCE";
  if (type === "NO_SOURCE") return;
  const place = build.from ?? (type === "S3" ? placeIn(build.source?.location) : undefined);
  if (!place) throw new PhaseFailure("CLIENT_ERROR", `sources of type ${type} are not available on this machine`);
  const archive = await withRole(local, build, "s3:GetObject", place, () => readObject(local, place.bucket, place.key));
  try {
    for (const entry of unzip(archive)) await unpack(entry, folder);
  } catch (error) {
    throw new PhaseFailure("CLIENT_ERROR", `error decompressing archive: ${(error as Error).message}`);
  }
}

async function unpack({ path, bytes, mode, link }: ZipEntry, folder: string): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  if (link) await symlink(bytes.toString(), file);
  else await writeFile(file, bytes, { mode: mode ?? 0o644 });
}

function placeIn(location = ""): Place | undefined {
  const [bucket, ...key] = location.replace(/^arn:aws:s3:::/, "").split("/");
  return bucket && key.length > 0 ? { bucket, key: key.join("/") } : undefined;
}

/** Puts what a buildspec calls artifacts where the pipeline looks for them. Throws PhaseFailure. */
export async function uploadArtifacts(
  local: Local,
  build: BuildRecord,
  wanted: Buildspec["artifacts"],
  folder: string,
): Promise<void> {
  const { to } = build;
  if (!to || !wanted) return;
  const base = join(folder, wanted.baseDirectory);
  const all = filesBelow(base, depthOf(wanted.files));
  const fits = (patterns: readonly string[], path: string) => patterns.some((pattern) => globbed(pattern).test(path));
  const found = all.filter((path) => fits(wanted.files, path) && !fits(wanted.excluded, path));
  if (found.length === 0) throw new PhaseFailure("CLIENT_ERROR", "no matching artifact paths found");
  const archive = zip(found.map((path) => entryOf(join(base, path), wanted.discardPaths ? basename(path) : path)));
  await withRole(local, build, "s3:PutObject", to, () =>
    writeObject(local, to.bucket, to.key, archive, "application/zip"),
  );
}

/** What S3 lets the build's role do. */
async function withRole<Result>(
  local: Local,
  build: BuildRecord,
  action: string,
  { bucket, key }: Place,
  work: () => Promise<Result>,
): Promise<Result> {
  const resource = `arn:aws:s3:::${bucket}/${key}`;
  const role = build.serviceRole.split("/").at(-1) ?? "";
  const decision = authorize(local, role, [{ action, resource }]);
  const denied = (why: string, status: number) =>
    new PhaseFailure(
      "CLIENT_ERROR",
      `${why} for primary source and source version ${build.sourceVersion}: status code: ${status}`,
    );
  if (!decision.allowed)
    throw denied(
      `AccessDenied: User: arn:aws:sts::${local.account}:assumed-role/${role}/AWSCodeBuild is not authorized to perform: ${action} on resource: "${resource}" ${decision.why}`,
      403,
    );
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) throw denied(`${error.name}: ${error.message}`, error.status ?? 400);
    throw error;
  }
}

/** How many folders deep patterns reach; without end where one holds `**`. */
const depthOf = (patterns: readonly string[]): number =>
  Math.max(...patterns.map((each) => (each.includes("**") ? Number.POSITIVE_INFINITY : each.split("/").length)));

/** Files below a folder, links that lead somewhere among them, with `/` between the parts of their paths. */
function filesBelow(folder: string, depth: number, inside = ""): string[] {
  if (depth <= 0) return [];
  const at = join(folder, inside);
  return readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
    const path = inside === "" ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === ".git" ? [] : filesBelow(folder, depth - 1, path);
    return statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() ? [path] : [];
  });
}

function entryOf(file: string, path: string): ZipEntry {
  const { mode } = lstatSync(file);
  const link = (mode & 0o170000) === 0o120000;
  return link
    ? { path, bytes: Buffer.from(readlinkSync(file)), mode: 0o777, link }
    : { path, bytes: readFileSync(file), mode: mode & 0o777 };
}

/** A buildspec's pattern: `**` is any number of folders, `*` and `?` stay within one name. */
function globbed(pattern: string): RegExp {
  const source = pattern
    .replace(/^\.\//, "")
    .split("/")
    .map((part) =>
      part === "**"
        ? "**"
        : part
            .replace(/[.+^${}()|[\]\\]/g, "\\$&")
            .replace(/\*/g, "[^/]*")
            .replace(/\?/g, "[^/]"),
    )
    .join("/")
    .replace(/^\*\*\//, "(?:.*/)?")
    .replace(/\/\*\*\//g, "/(?:.*/)?")
    .replace(/\/?\*\*$/, "/.*")
    .replace(/^\/\.\*$/, ".*");
  return new RegExp(`^${source}$`, "s");
}
