import { accessSync, constants, existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Image } from "./image.ts";
import { type ContainerSpec, TaskFailure } from "./runner.ts";

/** A command as this machine runs it. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

const isRunnable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/** An absolute path of the image, if it is there, as this machine knows it. */
export const inImage = (image: Image, word: string): string =>
  word.startsWith("/") && existsSync(join(image.root, word)) ? join(image.root, word) : word;

const imagePath = (image: Image): string[] =>
  (image.config.Env?.find((each) => each.startsWith("PATH="))?.slice(5) ?? "/usr/local/bin:/usr/bin:/bin").split(":");

/** The program that a first word means: this machine's node, or a file of the image. */
function program(image: Image, word: string, cwd: string): string | undefined {
  if (basename(word) === "node") return process.execPath;
  if (word.startsWith("/")) return isRunnable(join(image.root, word)) ? join(image.root, word) : undefined;
  if (word.includes("/")) return isRunnable(join(cwd, word)) ? join(cwd, word) : undefined;
  return imagePath(image)
    .map((folder) => join(image.root, folder, word))
    .find(isRunnable);
}

/** Words to be run inside an image: paths of the image become paths of this machine. Throws TaskFailure as ECS would. */
export function commandIn(image: Image, words: readonly string[], cwd: string): Command {
  const [first, ...rest] = words;
  if (first === undefined) throw new TaskFailure("CannotCreateContainerError: no command specified");
  const file = program(image, first, cwd);
  if (file === undefined)
    throw new TaskFailure(
      `CannotStartContainerError: failed to create task for container: exec: "${first}": executable file not found in $PATH`,
    );
  return { file, args: rest.map((word) => inImage(image, word)), cwd };
}

/** What a container runs: the image's words, unless its definition has others. */
export function commandOf(image: Image, container: ContainerSpec): Command {
  const { Entrypoint, Cmd, WorkingDir } = image.config;
  const overridden = (container.entryPoint?.length ?? 0) > 0;
  const entry = overridden ? (container.entryPoint ?? []) : (Entrypoint ?? []);
  const command = container.command?.length ? container.command : overridden ? [] : (Cmd ?? []);
  // the entry point of node's official images does nothing but run node, which is what happens here anyway
  const words = [...(entry[0]?.endsWith("docker-entrypoint.sh") ? entry.slice(1) : entry), ...command];
  const cwd = join(image.root, container.workingDirectory ?? WorkingDir ?? "/");
  return commandIn(image, words, existsSync(cwd) ? cwd : image.root);
}
