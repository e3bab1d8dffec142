import type { Build, BuildPhase, Project } from "@aws-sdk/client-codebuild";
import { type Keeper, type Local, Refusal } from "../service.ts";

/** As the API shows it, but with its dates as milliseconds since 1970, and without what all of them have in common. */
export type ProjectRecord = Omit<Project, "created" | "lastModified"> & {
  name: string;
  arn: string;
  serviceRole: string;
  created: number;
  lastModified: number;
};

export type PhaseRecord = Omit<BuildPhase, "startTime" | "endTime"> & { startTime: number; endTime?: number };

/** Where a pipeline's build finds its source, and leaves its artifacts. */
export interface Place {
  bucket: string;
  key: string;
}

export type BuildRecord = Omit<Build, "startTime" | "endTime" | "phases"> & {
  id: string;
  arn: string;
  projectName: string;
  serviceRole: string;
  startTime: number;
  endTime?: number;
  phases: PhaseRecord[];
  from?: Place;
  to?: Place;
  /** StartBuild's own: the same one means the same build. */
  token?: string;
  /** `NAME=value` pairs that the buildspec exports, as they were in the end. */
  exported?: Record<string, string>;
};

/** Projects by name; builds by id, oldest first; numbers never start anew. */
export interface CodeBuildState {
  projects: Record<string, ProjectRecord>;
  builds: Record<string, BuildRecord>;
  numbers: Record<string, number>;
}

/** Where the state of CodeBuild is kept. */
export const codeBuildKeeper: Keeper<CodeBuildState> = {
  id: "codebuild",
  initial: () => ({ projects: {}, builds: {}, numbers: {} }),
};

/** The state of a region. */
export const codeBuildState = (local: Local, region: string): CodeBuildState => local.state(codeBuildKeeper, region);

export const invalid = (message: string): Refusal => new Refusal("InvalidInputException", message);

/** By name or ARN, as most operations take it. @throws ResourceNotFoundException */
export function projectNamed(state: CodeBuildState, nameOrArn: string | undefined): ProjectRecord {
  const found = state.projects[bare(nameOrArn)];
  if (!found) throw new Refusal("ResourceNotFoundException", `Project cannot be found: ${nameOrArn}`);
  return found;
}

/** @throws ResourceNotFoundException */
export function buildNamed(state: CodeBuildState, id: string | undefined): BuildRecord {
  const found = state.builds[bare(id)];
  if (!found) throw new Refusal("ResourceNotFoundException", `Build ${id} does not exist`);
  return found;
}

/** The last part of an ARN, `project/NAME` or `build/PROJECT:ID`; a name is its own. */
export const bare = (nameOrArn = ""): string => nameOrArn.replace(/^arn:[^/]*\//, "");

const date = (at: number | undefined): Date | undefined => (at === undefined ? undefined : new Date(at));

export const shownProject = (record: ProjectRecord): Project => ({
  ...record,
  created: date(record.created),
  lastModified: date(record.lastModified),
});

export function shownBuild({ from: _from, to: _to, token: _token, exported, ...record }: BuildRecord): Build {
  return {
    ...record,
    startTime: date(record.startTime),
    endTime: date(record.endTime),
    phases: record.phases.map((phase) => ({
      ...phase,
      startTime: date(phase.startTime),
      endTime: date(phase.endTime),
      durationInSeconds: phase.endTime === undefined ? undefined : Math.round((phase.endTime - phase.startTime) / 1000),
    })),
    exportedEnvironmentVariables: Object.entries(exported ?? {}).map(([name, value]) => ({ name, value })),
  };
}
