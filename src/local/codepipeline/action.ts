import type { Local } from "../service.ts";
import type { Role } from "./role.ts";
import type { Action, ActionRecord, ExecutionRecord, Place } from "./state.ts";

/** An action that nobody waits for any more: the local AWS stops, or its execution was abandoned. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted");
    this.name = "Interrupted";
  }
}

/** An action at work. */
export interface Work {
  readonly local: Local;
  readonly region: string;
  readonly execution: ExecutionRecord;
  readonly action: Action;
  readonly record: ActionRecord;
  /** The action's configuration, its variables filled in. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly role: Role;
  readonly inputs: readonly { readonly name: string; readonly place: Place }[];
  readonly outputs: readonly { readonly name: string; readonly place: Place }[];
  /** Aborted when nobody waits for the action any more. */
  readonly signal: AbortSignal;
  /** Keeps what the record now says. */
  save(): void;
}
