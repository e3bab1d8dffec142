import type { Difference } from "./compare.ts";
import type { Action } from "./plan.ts";

/** What happens to one resource, as it happens. */
export type Event =
  | {
      readonly event: "started";
      readonly id: string;
      readonly action: Action;
      readonly differences: readonly Difference[];
    }
  | { readonly event: "waiting"; readonly id: string; readonly why: string; readonly seconds?: number }
  | { readonly event: "finished"; readonly id: string; readonly action: Action; readonly milliseconds: number }
  | { readonly event: "differs"; readonly id: string; readonly differences: readonly Difference[] }
  | { readonly event: "failed"; readonly id: string; readonly action: Action; readonly error: Error }
  | { readonly event: "skipped"; readonly id: string; readonly action: Action; readonly because: string }
  | { readonly event: "left"; readonly id: string; readonly why: string };
