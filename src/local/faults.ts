import { like } from "./like.ts";
import type { Caller } from "./service.ts";

/** What happens to a call instead of, or beside, what it asks for. */
export type Effect =
  /** Refused; nothing is done. */
  | { readonly error: string; readonly message?: string; readonly status?: number }
  /** Refused in the service's own words for "too many requests". */
  | { readonly throttle: true }
  /** Begun later, milliseconds by the wall's clock. */
  | { readonly delay: number }
  /** The deed is done, the connection dropped. */
  | { readonly loseReply: true }
  /** The next `stale` reads of the service answer from before this write. */
  | { readonly stale: number }
  /** No reply until so many matching calls are in flight, or until the promise is settled. */
  | { readonly hold: number | Promise<unknown> };

/** A rule: which calls, from the which of them, how many. */
export interface Fault {
  /** `sqs:CreateQueue`; `*` stands for anything: `ecs:*`, `*:Describe*`. */
  readonly operation: string;
  /** The first matching call that is hit, counted from 1 (the default); `always`: every one. */
  readonly on?: number | "always";
  /** How many calls are hit, from `on`; 1 unless said. */
  readonly times?: number;
  readonly effect: Effect;
}

/** A call that was made, as tests want to know it. */
export interface RecordedCall {
  readonly service: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  /** Milliseconds since 1970, by the local AWS's clock. */
  readonly at: number;
}

/** Keeps the newest calls, `most` of them. */
export function record(calls: RecordedCall[], call: RecordedCall, most: number): void {
  calls.push(call);
  if (calls.length > most) calls.splice(0, calls.length - most);
}

interface Rule {
  readonly operation: string;
  readonly from: number;
  readonly until: number;
  readonly effect: Effect;
  readonly gate: Gate | undefined;
  seen: number;
}

/** Opens once `size` calls stand before it. */
class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => {};
  #inside = 0;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  enter(signal: AbortSignal): Promise<void> {
    this.#inside += 1;
    if (this.#inside >= this.#size) this.open();
    signal.addEventListener("abort", () => {
      this.#inside -= 1;
    });
    return this.opened;
  }
}

/** What the rules make of one call. */
export interface Verdict {
  readonly refusal?: Extract<Effect, { error: string } | { throttle: true }>;
  readonly delay: number;
  readonly loseReply: boolean;
  readonly stale: number;
  /** Resolves when the reply may go. */
  held(signal: AbortSignal): Promise<unknown>;
}

/** The rules in force. */
export class Faults {
  #rules: Rule[] = [];

  constructor(faults: readonly Fault[] = []) {
    for (const fault of faults) this.add(fault);
  }

  add(fault: Fault): void {
    const from = typeof fault.on === "number" ? fault.on : 1;
    const always =
      fault.on === "always" || ("hold" in fault.effect && fault.on === undefined && fault.times === undefined);
    this.#rules.push({
      operation: fault.operation,
      from,
      until: always ? Number.POSITIVE_INFINITY : from + (fault.times ?? 1),
      effect: fault.effect,
      gate: "hold" in fault.effect && typeof fault.effect.hold === "number" ? new Gate(fault.effect.hold) : undefined,
      seen: 0,
    });
  }

  /** Forgets all rules and lets go what they hold. */
  clear(): void {
    for (const rule of this.#rules) rule.gate?.open();
    this.#rules = [];
  }

  /** Counts a call and says what becomes of it. */
  judge(service: string, operation: string): Verdict {
    const hit: Rule[] = [];
    for (const rule of this.#rules) {
      if (!like(rule.operation, `${service}:${operation}`, "i")) continue;
      rule.seen += 1;
      if (rule.seen >= rule.from && rule.seen < rule.until) hit.push(rule);
    }
    const verdict = { delay: 0, loseReply: false, stale: 0, refusal: undefined as Verdict["refusal"] };
    for (const { effect } of hit) {
      if ("error" in effect || "throttle" in effect) verdict.refusal ??= effect;
      else if ("delay" in effect) verdict.delay += effect.delay;
      else if ("loseReply" in effect) verdict.loseReply = true;
      else if ("stale" in effect) verdict.stale = Math.max(verdict.stale, effect.stale);
    }
    const held = (signal: AbortSignal) =>
      Promise.all(hit.map(({ gate, effect }) => gate?.enter(signal) ?? ("hold" in effect ? effect.hold : undefined)));
    return { ...verdict, held };
  }
}

/** Rules from `ECOMCTL_LOCAL_FAULTS`: a JSON list of faults. Throws SyntaxError if it is none. */
export function faultsFrom(text: string | undefined): Fault[] {
  if (!text) return [];
  const faults: unknown = JSON.parse(text);
  if (!Array.isArray(faults)) throw new SyntaxError("ECOMCTL_LOCAL_FAULTS: a JSON list of faults was expected");
  for (const fault of faults) {
    if (typeof fault?.operation !== "string" || typeof fault?.effect !== "object") {
      throw new SyntaxError(`ECOMCTL_LOCAL_FAULTS: "operation" and "effect" are needed: ${JSON.stringify(fault)}`);
    }
  }
  return faults as Fault[];
}
