import type { Action } from "./plan.ts";
import { Interrupted } from "./problem.ts";

/** What an error asks for: to wait for `what`, `atMost` milliseconds in all, before looking and deciding again. */
export interface Wait {
  readonly what: string;
  readonly atMost: number;
}
/** Which errors pass by themselves. Undefined: this one does not. */
export type Patience = (error: Error, action: Action) => Wait | undefined;

/** Resolves after `milliseconds`; rejects with Interrupted as soon as the signal is given. */
export const sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new Interrupted());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
