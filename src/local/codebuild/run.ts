import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { BuildPhaseType, StatusType } from "@aws-sdk/client-codebuild";
import { endNoted, notePid } from "../ecs/orphans.ts";
import { assumable } from "../iam/authorize.ts";
import type { Local } from "../service.ts";
import { BadBuildspec, type Buildspec, PHASES, type PhaseName, readBuildspec } from "./buildspec.ts";
import { environmentOf, type Folders } from "./environment.ts";
import { type BuildLog, buildLog } from "./log.ts";
import { openShell, type Shell } from "./shell.ts";
import { type BuildRecord, codeBuildKeeper } from "./state.ts";
import { downloadSource, PhaseFailure, uploadArtifacts } from "./workspace.ts";

/** The folder of all builds; each has one of its own in it, while it runs. */
export const buildsFolder = (local: Local): string => resolve(local.dir, "codebuild");

const clearing = new WeakMap<Local, Set<Promise<void>>>();

/** Removes a folder while others go on: the packages that a build installed are many files. */
function clear(local: Local, folder: string): void {
  const all = clearing.get(local) ?? new Set();
  clearing.set(local, all);
  const work = rm(folder, { recursive: true, force: true, maxRetries: 3 })
    .catch((error) => local.warn(`codebuild: ${folder} is left: ${error.message}`))
    .finally(() => all.delete(work));
  all.add(work);
}

/** Resolves when the folders of builds that have ended are gone. */
export async function cleared(local: Local): Promise<void> {
  await Promise.all(clearing.get(local) ?? []);
}

/** Ends what builds of a former run left behind: processes at once, files while others go on. */
export async function endLeftBuilds(local: Local): Promise<void> {
  mkdirSync(buildsFolder(local), { recursive: true });
  for (const id of readdirSync(buildsFolder(local))) {
    const folder = join(buildsFolder(local), id);
    await endNoted(folder, "src");
    clear(local, folder);
  }
}

/** Why a build is cut short. */
export type Cut = "STOPPED" | "TIMED_OUT";

/** Runs a build that is on record to its end; it is then complete. `signal` ends it: its reason is a Cut, anything else leaves it as it is. */
export async function runBuild(local: Local, region: string, build: BuildRecord, signal: AbortSignal): Promise<void> {
  const run = new Run(local, region, build);
  const over = new AbortController();
  const cut = new Promise<void>((resolveCut) => {
    signal.addEventListener("abort", () => resolveCut(), { once: true });
    if (signal.aborted) resolveCut();
  });
  const minutes = build.timeoutInMinutes ?? 60;
  const late = local.clock.sleep(minutes * 60_000, over.signal).then(
    () => "TIMED_OUT" as const,
    () => undefined,
  );
  const how = await Promise.race([run.toEnd().then(() => undefined), cut.then(() => signal.reason as unknown), late]);
  over.abort();
  if (how === "STOPPED" || how === "TIMED_OUT") run.cutShort(how, minutes);
  run.close();
}

class Run {
  readonly #local: Local;
  readonly #region: string;
  readonly #build: BuildRecord;
  readonly #folders: Folders;
  readonly #log: BuildLog;
  #shell: Shell | undefined;
  #over = false;

  constructor(local: Local, region: string, build: BuildRecord) {
    this.#local = local;
    this.#region = region;
    this.#build = build;
    const home = join(buildsFolder(local), build.id.split(":")[1] ?? "");
    this.#folders = { home, source: join(home, "src") };
    this.#log = buildLog(local, region, build);
  }

  async toEnd(): Promise<void> {
    mkdirSync(this.#folders.home, { recursive: true });
    this.#enter("SUBMITTED");
    this.#leave("SUCCEEDED");
    this.#enter("QUEUED");
    this.#leave("SUCCEEDED");
    const failed = (await this.#phase("PROVISIONING", () => this.#provision())) ?? (await this.#commands());
    this.#enter("FINALIZING");
    this.#leave("SUCCEEDED");
    this.#end(failed ? "FAILED" : "SUCCEEDED");
  }

  /** Ends whatever still runs, and removes the build's folder. */
  close(): void {
    this.#over = true;
    this.#shell?.kill();
    this.#log.flush();
    clear(this.#local, this.#folders.home);
  }

  cutShort(how: Cut, minutes: number): void {
    const message = how === "TIMED_OUT" ? `Build has timed out after ${minutes} minutes.` : "";
    this.#leave(how, how === "TIMED_OUT" ? { statusCode: "BUILD_TIMED_OUT", message } : undefined);
    this.#end(how);
  }

  #provision(): void {
    const role = this.#build.serviceRole;
    const project = this.#build.arn.replace(/:build\/.*$/, `:project/${this.#build.projectName}`);
    const context = { "aws:SourceArn": project };
    if (!assumable(this.#local, role.split("/").at(-1) ?? "", "codebuild.amazonaws.com", context).allowed)
      throw new PhaseFailure("ACCESS_DENIED", `CodeBuild is not authorized to perform: sts:AssumeRole on ${role}`);
  }

  /** Source, the buildspec's phases, artifacts: what failed, if anything. */
  async #commands(): Promise<PhaseFailure | undefined> {
    let spec: Buildspec | undefined;
    const ahead = await this.#phase("DOWNLOAD_SOURCE", async () => {
      await downloadSource(this.#local, this.#build, this.#folders.source);
      spec = this.#buildspec();
    });
    if (ahead || !spec) return ahead;
    const shell = this.#open(spec);
    let failed: PhaseFailure | undefined;
    for (const name of PHASES) {
      const phase = spec.phases[name];
      const failure = await this.#phase(upper(name), () => this.#run(shell, name, phase?.commands, phase?.finally));
      if (failure && !phase?.goesOn) failed ??= failure;
      // Only what comes after `build` is run although that failed.
      if (failed && name !== "build" && name !== "post_build") return failed;
      await shell.run(`export CODEBUILD_BUILD_SUCCEEDING=${failed ? 0 : 1}`);
    }
    const { artifacts, exported } = spec;
    this.#build.exported = {};
    for (const name of exported) this.#build.exported[name] = await shell.read(name);
    const upload = () => uploadArtifacts(this.#local, this.#build, artifacts, this.#folders.source);
    return failed ?? (await this.#phase("UPLOAD_ARTIFACTS", upload));
  }

  #open(spec: Buildspec): Shell {
    this.#shell = openShell({
      program: spec.shell,
      cwd: this.#folders.source,
      env: environmentOf(this.#local, this.#region, this.#build, spec, this.#folders),
      write: (chunk) => this.#log.write(chunk),
      began: (pid) => notePid(this.#folders.home, pid),
    });
    return this.#shell;
  }

  async #run(shell: Shell, name: PhaseName, commands: readonly string[] = [], always: readonly string[] = []) {
    if (commands.length > 0) this.#log.say(`Entering phase ${name.toUpperCase()}`);
    let failure: PhaseFailure | undefined;
    for (const command of commands) {
      failure = await this.#command(shell, command);
      if (failure) break;
    }
    for (const command of always) failure = (await this.#command(shell, command)) ?? failure;
    if (failure) throw failure;
  }

  async #command(shell: Shell, command: string): Promise<PhaseFailure | undefined> {
    this.#log.say(`Running command ${command}`);
    const status = await shell.run(command);
    if (status === 0) return undefined;
    this.#log.say(`Command did not exit successfully ${command} exit status ${status}`);
    const message = `Error while executing command: ${command}. Reason: exit status ${status}`;
    return new PhaseFailure("COMMAND_EXECUTION_ERROR", message);
  }

  #buildspec(): Buildspec {
    const inline = this.#build.source?.buildspec ?? "";
    const path = join(this.#folders.source, inline.includes("\n") ? "" : inline || "buildspec.yml");
    if (!inline.includes("\n") && !existsSync(path))
      throw new PhaseFailure("YAML_FILE_ERROR", "YAML file does not exist");
    try {
      return readBuildspec(inline.includes("\n") ? inline : readFileSync(path, "utf8"));
    } catch (error) {
      if (error instanceof BadBuildspec) throw new PhaseFailure("YAML_FILE_ERROR", error.message);
      throw error;
    }
  }

  async #phase(type: BuildPhaseType, work: () => void | Promise<void>): Promise<PhaseFailure | undefined> {
    this.#enter(type);
    let failure: PhaseFailure | undefined;
    try {
      await work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failure = error instanceof PhaseFailure ? error : new PhaseFailure("INTERNAL_SERVICE_ERROR", message);
    }
    if (this.#over) return failure;
    const context = { statusCode: failure?.code ?? "", message: failure?.message ?? "" };
    this.#leave(failure ? "FAILED" : "SUCCEEDED", context);
    this.#log.say(`Phase complete: ${type} State: ${failure ? "FAILED" : "SUCCEEDED"}`);
    this.#log.say(`Phase context status code: ${context.statusCode} Message: ${context.message}`);
    return failure;
  }

  #enter(phaseType: BuildPhaseType): void {
    if (this.#over) return;
    this.#build.currentPhase = phaseType;
    this.#build.phases.push({ phaseType, startTime: this.#local.clock.now() });
    this.#local.changed(codeBuildKeeper, this.#region);
  }

  #leave(phaseStatus: StatusType, context?: { statusCode: string; message: string }): void {
    const phase = this.#build.phases.at(-1);
    if (this.#over || !phase || phase.phaseStatus) return;
    Object.assign(phase, { phaseStatus, endTime: this.#local.clock.now(), contexts: context ? [context] : undefined });
  }

  #end(status: StatusType): void {
    if (this.#over) return;
    const now = this.#local.clock.now();
    this.#build.phases.push({ phaseType: "COMPLETED", startTime: now });
    Object.assign(this.#build, { currentPhase: "COMPLETED", buildStatus: status, buildComplete: true, endTime: now });
    this.#local.changed(codeBuildKeeper, this.#region);
  }
}

const upper = (name: PhaseName): BuildPhaseType =>
  ({ install: "INSTALL", pre_build: "PRE_BUILD", build: "BUILD", post_build: "POST_BUILD" })[name] as BuildPhaseType;
