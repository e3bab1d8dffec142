import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { readTar, type TarEntry } from "./tar.ts";

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** The place of an entry below `root`; throws when it would lie outside, by `..` or through a symlink. */
function placeOf(root: string, path: string): string {
  const place = resolve(root, path.replace(/^\/+/, ""));
  if (place !== root && !place.startsWith(root + sep)) throw new Error(`the layer leaves its root: ${path}`);
  let parent = dirname(place);
  while (!isThere(parent)) parent = dirname(parent);
  const real = realpathSync(parent);
  if (place !== root && real !== root && !real.startsWith(root + sep))
    throw new Error(`the layer leaves its root through a link: ${path}`);
  return place;
}

/** Lays a layer over what lower layers left: whiteouts remove, everything else replaces. */
export function unpackLayer(archive: Buffer, folder: string): void {
  const root = realpathSync(folder);
  for (const entry of readTar(archive)) put(root, entry);
}

function put(root: string, entry: TarEntry): void {
  const place = placeOf(root, entry.path);
  const name = place.slice(place.lastIndexOf(sep) + 1);
  if (name === ".wh..wh..opq") {
    if (isThere(dirname(place))) for (const each of readdirSync(dirname(place))) remove(join(dirname(place), each));
    return;
  }
  if (name.startsWith(".wh.")) {
    remove(join(dirname(place), name.slice(4)));
    return;
  }
  mkdirSync(dirname(place), { recursive: true });
  if (entry.type === "directory") {
    if (isThere(place) && !lstatSync(place).isDirectory()) remove(place);
    mkdirSync(place, { recursive: true });
    return;
  }
  if (place === root) return;
  remove(place);
  if (entry.type === "file") {
    writeFileSync(place, entry.data);
    // readable by its owner whatever the layer says, and never more than the layer says to others
    chmodSync(place, (entry.mode & 0o777) | 0o600);
  } else if (entry.type === "symlink") symlinkSync(inside(root, place, entry.target), place);
  else if (entry.type === "link") linkSync(placeOf(root, entry.target), place);
}

/** An absolute link means the image's root, not the machine's. */
const inside = (root: string, place: string, target: string): string =>
  target.startsWith("/") ? join(root, target) : resolve(dirname(place), target).startsWith(root) ? target : root;

const remove = (path: string): void => rmSync(path, { recursive: true, force: true });
