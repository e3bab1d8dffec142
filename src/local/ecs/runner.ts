import type { HealthCheck, LogConfiguration } from "@aws-sdk/client-ecs";
import type { Health } from "./task-record.ts";

/** One container that a runner is to run. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly essential: boolean;
  readonly entryPoint?: readonly string[];
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly healthCheck?: HealthCheck;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly stopTimeout: number;
  readonly ports: readonly number[];
  readonly log?: LogConfiguration;
}

/** A task that a runner is to run: everything it may know. */
export interface TaskSpec {
  readonly id: string;
  readonly arn: string;
  readonly region: string;
  /** `family:revision` */
  readonly definition: string;
  /** Name of the role that pulls images. */
  readonly executionRole?: string;
  readonly containers: readonly ContainerSpec[];
  /** What Service Connect's names lead to: `name:port` → port on 127.0.0.1. */
  readonly names: Readonly<Record<string, number>>;
}

/** What a runner tells of a task. */
export interface TaskEvents {
  pulled(container: string, digest: string): void;
  /** The processes listen, or have lived for a while. Told once. */
  ready(): void;
  health(container: string, health: Health): void;
  exited(container: string, code: number | undefined, reason?: string): void;
}

/** What a task has used: processor time in all, and memory at this moment. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** A task whose containers have been started. */
export interface RunningTask {
  /** Where each container port really listens on 127.0.0.1. */
  readonly ports: Readonly<Record<string, number>>;
  /** SIGTERM, and after the stop timeout, or after `most` seconds, SIGKILL; resolves when all containers are gone. Said again, the shorter time counts. */
  stop(most?: number): Promise<void>;
  /** Undefined where it cannot be known. */
  usage(): Usage | undefined;
}

/** Runs tasks: as processes of this machine, or as mere records. */
export interface TaskRunner {
  /** Throws TaskFailure if the task cannot be started. */
  start(task: TaskSpec, events: TaskEvents, signal: AbortSignal): Promise<RunningTask>;
  /** Ends what a former run of the local AWS left behind. */
  recover(): Promise<void>;
}

/** A task could not be started: `message` is its stoppedReason in ECS's words. */
export class TaskFailure extends Error {
  /** The container at fault, and what DescribeTasks says of it. */
  readonly container: string | undefined;

  constructor(message: string, container?: string) {
    super(message);
    this.name = "TaskFailure";
    this.container = container;
  }
}
