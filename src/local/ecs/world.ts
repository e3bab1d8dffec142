import type { Local } from "../service.ts";
import type { EcsState } from "./state.ts";

/** What the scheduler sees in one pass: one region at one moment. */
export interface World {
  readonly local: Local;
  readonly region: string;
  readonly state: EcsState;
  readonly now: number;
}
