import type { IncomingMessage, ServerResponse } from "node:http";

/** A method of an aggregated SDK client, e.g. `SQS["createQueue"]`: its last overload names input and output. */
type Method<Input, Output> = (input: Input, options: never, callback: (error: never, data?: Output) => void) => void;

/** The operations of a service, by AWS's own name, typed by its aggregated SDK client (`SQS`, `IAM`, …). */
export type Handlers<Client, State> = {
  [M in keyof Client as Client[M] extends Method<never, never> ? Capitalize<M & string> : never]?: Client[M] extends (
    input: infer Input,
    options: never,
    callback: (error: never, data?: infer Output) => void,
  ) => void
    ? (input: Input, call: Call<State>) => Answer<Output> | Promise<Answer<Output>>
    : never;
};
/** `$metadata` is the client's own addition; an operation without output answers nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without output just ends
export type Answer<Output> = Omit<Output, "$metadata"> | void;

/** Who calls. The operator may do everything; a task's role only what its policies allow. */
export interface Caller {
  readonly arn: string;
  readonly accessKeyId: string;
  /** Set for the credentials of a task: the name of its role. */
  readonly role?: string;
}

/** What a handler is given beside its input. */
export interface Call<State> {
  readonly state: State;
  readonly operation: string;
  readonly region: string;
  readonly account: string;
  readonly caller: Caller;
  readonly requestId: string;
  /** Aborted when the client hangs up: a long poll ends then. */
  readonly signal: AbortSignal;
  readonly local: Local;
}

/** A permission that a call needs: `sqs:SendMessage` on an ARN, or on `*`. */
export interface Need {
  readonly action: string;
  readonly resource: string;
  /** What conditions of policies may ask of the call: `ecs:cluster`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** What a service keeps. `State` is plain JSON: it is kept in a file and read back at the next start. */
export interface Keeper<State> {
  /** The service's name in a signature's credential scope: `sqs`, `iam`, `elasticloadbalancing`. */
  readonly id: string;
  /** One state for all regions (IAM, STS, S3 buckets). */
  readonly global?: boolean;
  initial(): State;
}

/** One AWS service as this machine has it. */
export interface Emulated<Client, State> extends Keeper<State> {
  /** Loads the client package, whose schemas describe the wire. Called at the service's first request. */
  load(): Promise<object>;
  readonly handlers: Handlers<Client, State>;
  /** What the caller must be allowed to do; left out: `id:Operation` on `*`. */
  needs?(operation: string, input: Record<string, unknown>, call: Omit<Call<State>, "state">): readonly Need[];
  /** Resumes what ran before a restart, and begins background work. */
  start?(local: Local): void | Promise<void>;
  stop?(local: Local): void | Promise<void>;
  /** What the service answers beside its API: every path that begins with `prefix`, before any API. */
  readonly http?: {
    readonly prefix: string;
    handle(request: IncomingMessage, response: ServerResponse, local: Local): void | Promise<void>;
  };
  /** Answers for all services whether the policies of a role allow something (IAM does). */
  allows?(role: string, need: Need, local: Local): boolean;
}

/** A service whose client and state do not matter to who holds it. */
export interface AnyService extends Keeper<unknown> {
  load(): Promise<object>;
  readonly handlers: object;
  needs?(operation: string, input: Record<string, unknown>, call: Omit<Call<unknown>, "state">): readonly Need[];
  start?(local: Local): void | Promise<void>;
  stop?(local: Local): void | Promise<void>;
  readonly http?: Emulated<unknown, unknown>["http"];
  allows?(role: string, need: Need, local: Local): boolean;
}

/** A clock that tests may hold and advance. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves when the clock has moved on by `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The local AWS as its services see it. */
export interface Local {
  /** Where state is kept; exists. Each service may use its own folder below it. */
  readonly dir: string;
  /** `http://127.0.0.1:PORT`, without a slash at the end. Known once the server listens, before any `start`. */
  readonly url: string;
  readonly account: string;
  readonly clock: Clock;
  /** How long something that takes `ms` on AWS takes here: short by default, AWS's own length on request. */
  lasts(ms: number): number;
  /** The state of a service, its own or another's, to read and to change. */
  state<State>(service: Keeper<State>, region: string): State;
  /** Every region in which the service has been used. */
  regions(service: Keeper<unknown>): readonly string[];
  /** Keeps a change made outside a handler; handlers that are not reads are kept before they are answered. */
  changed(service: Keeper<unknown>, region: string): void;
  /** Credentials of a role, as a task gets them; `callers` knows whose they are. */
  credentialsFor(role: string, session: string): { accessKeyId: string; secretAccessKey: string; sessionToken: string };
  /** Reports what went wrong in background work; never throws. */
  warn(message: string): void;
}

/** A refusal in AWS's words. The HTTP status is the operation's schema's, or the one given. */
export class Refusal extends Error {
  readonly status: number | undefined;
  /** Further members of the error, e.g. `NamespaceId`. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(name: string, message: string, more: { status?: number; data?: Record<string, unknown> } = {}) {
    super(message);
    this.name = name;
    this.status = more.status;
    this.data = more.data ?? {};
  }
}

/** Declares a service; does nothing but tie handlers to the client's types. */
export const emulate = <Client, State>(service: Emulated<Client, State>): Emulated<Client, State> => service;
