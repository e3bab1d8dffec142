import { BadYaml, parseYaml, type Yaml } from "./yaml.ts";

/** The phases that a buildspec describes, in their order. */
export const PHASES = ["install", "pre_build", "build", "post_build"] as const;
export type PhaseName = (typeof PHASES)[number];

export interface PhaseSpec {
  readonly commands: readonly string[];
  /** Run whether the commands succeed or not. */
  readonly finally: readonly string[];
  /** Whether the build goes on to the next phase although a command failed. */
  readonly goesOn: boolean;
}

export interface Buildspec {
  readonly shell: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly exported: readonly string[];
  readonly phases: Partial<Record<PhaseName, PhaseSpec>>;
  readonly artifacts?: {
    readonly files: readonly string[];
    readonly excluded: readonly string[];
    readonly discardPaths: boolean;
    readonly baseDirectory: string;
  };
}

/** A buildspec that CodeBuild would not run, in its words where it has some. */
export class BadBuildspec extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadBuildspec";
  }
}

type Mapping = { readonly [key: string]: Yaml };

/** Reads a buildspec. Throws BadBuildspec. */
export function readBuildspec(source: string): Buildspec {
  const whole = mapping(parsed(source), "the buildspec");
  known(whole, "", ["version", "env", "phases", "artifacts", "run-as", "proxy", "batch", "reports", "cache"]);
  const version = text(whole.version, "version");
  if (version !== "0.2" && version !== "0.1") throw new BadBuildspec(`unsupported version: ${version || "none"}`);
  for (const word of ["batch", "run-as"]) {
    if (whole[word] !== undefined) throw new BadBuildspec(`"${word}" is not available on this machine`);
  }
  const env = mapping(whole.env, "env");
  known(env, "env", [
    "shell",
    "variables",
    "exported-variables",
    "git-credential-helper",
    "parameter-store",
    "secrets-manager",
  ]);
  for (const word of ["parameter-store", "secrets-manager"]) {
    if (env[word] !== undefined) throw new BadBuildspec(`"env/${word}" is not available on this machine`);
  }
  const shell = text(env.shell, "env/shell") || "sh";
  if (shell !== "sh" && shell !== "bash" && shell !== "/bin/sh") throw new BadBuildspec(`unsupported shell: ${shell}`);
  const variables = Object.entries(mapping(env.variables, "env/variables"));
  return {
    shell: shell === "bash" ? "bash" : "/bin/sh",
    variables: Object.fromEntries(variables.map(([name, value]) => [name, text(value, `env/variables/${name}`)])),
    exported: list(env["exported-variables"], "env/exported-variables"),
    phases: phasesOf(mapping(whole.phases, "phases")),
    artifacts: whole.artifacts === undefined ? undefined : artifactsOf(mapping(whole.artifacts, "artifacts")),
  };
}

function parsed(source: string): Yaml {
  try {
    return parseYaml(source);
  } catch (error) {
    if (error instanceof BadYaml) throw new BadBuildspec(error.message);
    throw error;
  }
}

function phasesOf(phases: Mapping): Buildspec["phases"] {
  known(phases, "phases", PHASES);
  if (Object.keys(phases).length === 0) throw new BadBuildspec("at least one phase is required");
  return Object.fromEntries(
    Object.entries(phases).map(([name, value]): [string, PhaseSpec] => {
      const phase = mapping(value, `phases/${name}`);
      known(phase, `phases/${name}`, ["commands", "finally", "on-failure", "runtime-versions", "run-as"]);
      return [
        name,
        {
          commands: list(phase.commands, `phases/${name}/commands`),
          finally: list(phase.finally, `phases/${name}/finally`),
          goesOn: text(phase["on-failure"], `phases/${name}/on-failure`) === "CONTINUE",
        },
      ];
    }),
  );
}

function artifactsOf(artifacts: Mapping): Buildspec["artifacts"] {
  known(artifacts, "artifacts", [
    "files",
    "name",
    "discard-paths",
    "base-directory",
    "exclude-paths",
    "enable-symlinks",
    "s3-prefix",
    "secondary-artifacts",
  ]);
  if (artifacts["secondary-artifacts"] !== undefined)
    throw new BadBuildspec('"artifacts/secondary-artifacts" is not available on this machine');
  return {
    files: list(artifacts.files, "artifacts/files"),
    excluded: list(artifacts["exclude-paths"], "artifacts/exclude-paths"),
    discardPaths: ["yes", "true"].includes(text(artifacts["discard-paths"], "artifacts/discard-paths")),
    baseDirectory: text(artifacts["base-directory"], "artifacts/base-directory"),
  };
}

function known(found: Mapping, where: string, names: readonly string[]): void {
  const stranger = Object.keys(found).find((name) => !names.includes(name));
  if (stranger !== undefined) throw new BadBuildspec(`unknown key "${[where, stranger].filter(Boolean).join("/")}"`);
}

function mapping(value: Yaml | undefined, where: string): Mapping {
  if (value === undefined || value === null) return {};
  if (typeof value === "string" || isList(value)) throw new BadBuildspec(`${where} should be a map`);
  return value;
}

function list(value: Yaml | undefined, where: string): string[] {
  if (value === undefined || value === null) return [];
  const items = isList(value) ? value : [value];
  return items.map((item, index) => text(item, `${where}[${index}]`));
}

function text(value: Yaml | undefined, where: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw new BadBuildspec(`${where} should be a string`);
  return value;
}

const isList = (value: Yaml): value is readonly Yaml[] => Array.isArray(value);
