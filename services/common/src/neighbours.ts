import { requestHeaders } from "./log.ts";

/** Resolves if the neighbour's name answered; rejects with the reason why not. */
export type Neighbour = (signal: AbortSignal) => Promise<unknown>;

/** How long a neighbour may take to answer, in milliseconds. */
const patience = 2000;

/** Asks all neighbours at once: "ok", or the reason in words. */
export async function ask(neighbours: Readonly<Record<string, Neighbour>>): Promise<Record<string, string>> {
  const answers = Object.entries(neighbours).map(async ([name, neighbour]) => {
    const signal = AbortSignal.timeout(patience);
    try {
      await neighbour(signal);
      return [name, "ok"] as const;
    } catch (error) {
      return [name, signal.aborted ? `no answer within ${patience} ms` : reason(error)] as const;
    }
  });
  return Object.fromEntries(await Promise.all(answers));
}

/** Another service of the shop, by the URL that it is known under: its /healthz is asked. */
export const service =
  (url: string): Neighbour =>
  async (signal) => {
    const response = await fetch(`${url}/healthz`, { signal, headers: requestHeaders() });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`answered ${response.status}`);
  };

/** Something of AWS, by a call on it. A refusal for lack of permission is an answer: the name is there. */
export const aws =
  (call: Neighbour): Neighbour =>
  async (signal) => {
    try {
      await call(signal);
    } catch (error) {
      if (error instanceof Error && /^(AccessDenied|AuthorizationError|KMSAccessDenied)/.test(error.name)) return;
      throw error;
    }
  };

/** `fetch failed` says nothing; what it was caused by does. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause ?? error;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
}
