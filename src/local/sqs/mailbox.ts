import { randomBytes } from "node:crypto";
import type { Clock } from "../service.ts";
import { Journal } from "./journal.ts";
import type { Message } from "./message.ts";

/** What the journal says: a message came, went, or was received or hidden. */
type Line =
  | { readonly in: Message }
  | { readonly out: string }
  | { readonly seen: string; readonly visibleAt: number; readonly received: number; readonly firstReceivedAt?: number };

/** A message in the hands of a receiver. */
export interface Received {
  readonly message: Message;
  readonly receipt: string;
}

/** How many messages there are, by what can be done with them. */
export interface Counts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Of the oldest one, ms; 0 if there is none. */
  readonly oldest: number;
}

/** The messages of one queue: in memory to be quick, in a journal to stay. */
export class Mailbox {
  readonly #journal: Journal<Line>;
  readonly #clock: Clock;
  readonly #all = new Map<string, Message>();
  /** Can be received now, in the order in which they became so. */
  readonly #ready = new Map<string, Message>();
  /** Delayed or in flight. */
  readonly #hidden = new Map<string, Message>();
  /** No hidden message comes back before then. */
  #nextAt = Number.POSITIVE_INFINITY;
  /** No message was sent before then. */
  #oldestAt = Number.POSITIVE_INFINITY;
  readonly #waiters = new Set<() => void>();
  #closed = false;

  constructor(path: string, clock: Clock) {
    this.#journal = new Journal(path);
    this.#clock = clock;
    for (const line of this.#journal.read()) this.#replay(line);
    for (const message of this.#all.values()) this.#place(message);
    this.#journal.length = Number.POSITIVE_INFINITY;
    this.#compact();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Returns when the messages are on disk. */
  put(messages: readonly Message[]): void {
    this.#journal.append(messages.map((message) => ({ in: message })));
    for (const message of messages) {
      this.#all.set(message.id, message);
      this.#place(message);
    }
    if (messages.length > 0) this.#wake();
  }

  /** Up to `max` visible messages, hidden from now on for `hideFor` ms; those that `giveUp` says are taken out. */
  take(max: number, hideFor: number, giveUp: (message: Message) => boolean): Received[] {
    this.#return();
    const lines: Line[] = [];
    const received: Received[] = [];
    const now = this.#clock.now();
    for (const message of this.#ready.values()) {
      if (received.length >= max) break;
      this.#ready.delete(message.id);
      if (giveUp(message)) {
        this.#all.delete(message.id);
        lines.push({ out: message.id });
        continue;
      }
      message.received++;
      message.firstReceivedAt ??= now;
      message.visibleAt = now + hideFor;
      lines.push(seen(message));
      received.push({ message, receipt: receiptOf(message) });
    }
    // Only now: hidden for no time at all, a message would be met again in the same round.
    for (const { message } of received) this.#place(message);
    this.#journal.append(lines);
    this.#compact();
    return received;
  }

  /** Resolves when a message may be there to take, at `until` at the latest, or when the signal or the queue ends. */
  async wait(until: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const end = (): void => over.abort();
    if (signal.aborted || this.#closed) return;
    signal.addEventListener("abort", end, { once: true });
    this.#waiters.add(end);
    // Not longer than a second: the clock may be set while we sleep, as by a laptop's lid.
    const ms = Math.min(1000, Math.max(0, Math.min(until, this.#nextAt) - this.#clock.now()));
    await this.#clock.sleep(ms, over.signal).catch(() => undefined);
    this.#waiters.delete(end);
    signal.removeEventListener("abort", end);
  }

  /** The message that a receipt is for: gone already, or received again since (`stale`), or still in that hand. */
  held(receipt: string): { message?: Message; stale: boolean } | "invalid" {
    this.#return();
    const [id, count] = Buffer.from(receipt, "base64").toString("latin1").split("#");
    if (!id || !count || !/^\d+$/.test(count)) return "invalid";
    const message = this.#all.get(id);
    return { message, stale: message?.received !== Number(count) };
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) this.#drop(id);
    this.#journal.append(ids.map((id) => ({ out: id })));
    this.#compact();
  }

  /** Hides a message for `ms` from now on; 0: it is there again at once. */
  hide(message: Message, ms: number): void {
    message.visibleAt = this.#clock.now() + ms;
    this.#journal.append([seen(message)]);
    this.#place(message);
    this.#wake();
  }

  inFlight(message: Message): boolean {
    return this.#hidden.has(message.id) && message.received > 0;
  }

  /** Forgets what is older than `retention` ms. */
  expire(retention: number): void {
    const limit = this.#clock.now() - retention;
    if (this.#oldestAt > limit) return;
    const old = [...this.#all.values()].filter((message) => message.sentAt <= limit).map((message) => message.id);
    this.remove(old);
    this.#oldestAt = [...this.#all.values()].reduce(
      (least, { sentAt }) => Math.min(least, sentAt),
      Number.POSITIVE_INFINITY,
    );
  }

  counts(): Counts {
    this.#return();
    let delayed = 0;
    for (const message of this.#hidden.values()) if (message.received === 0) delayed++;
    let first = Number.POSITIVE_INFINITY;
    for (const { sentAt } of this.#all.values()) first = Math.min(first, sentAt);
    const oldest = this.#all.size > 0 ? this.#clock.now() - first : 0;
    return { visible: this.#ready.size, inFlight: this.#hidden.size - delayed, delayed, oldest };
  }

  /** How many of the messages are in flight. */
  get flying(): number {
    return this.#hidden.size;
  }

  /** Takes out up to `max` visible messages for good, to be put elsewhere first by `move`. */
  drain(max: number, move: (messages: readonly Message[]) => void): number {
    this.#return();
    const some = [...this.#ready.values()].slice(0, max);
    move(some);
    this.remove(some.map((message) => message.id));
    return some.length;
  }

  purge(): void {
    for (const id of [...this.#all.keys()]) this.#drop(id);
    this.#journal.rewrite([]);
  }

  close(): void {
    this.#closed = true;
    this.#journal.close();
    this.#wake();
  }

  destroy(): void {
    this.close();
    this.#journal.remove();
  }

  #replay(line: Line): void {
    if ("in" in line) this.#all.set(line.in.id, line.in);
    else if ("out" in line) this.#all.delete(line.out);
    else {
      const message = this.#all.get(line.seen);
      const { visibleAt, received, firstReceivedAt } = line;
      if (message) Object.assign(message, { visibleAt, received, firstReceivedAt });
    }
  }

  #place(message: Message): void {
    this.#oldestAt = Math.min(this.#oldestAt, message.sentAt);
    const now = this.#clock.now();
    const [to, from] = message.visibleAt <= now ? [this.#ready, this.#hidden] : [this.#hidden, this.#ready];
    from.delete(message.id);
    to.set(message.id, message);
    if (to === this.#hidden) this.#nextAt = Math.min(this.#nextAt, message.visibleAt);
  }

  #drop(id: string): void {
    this.#all.delete(id);
    this.#ready.delete(id);
    this.#hidden.delete(id);
  }

  /** Brings back what was hidden long enough. */
  #return(): void {
    if (this.#clock.now() < this.#nextAt) return;
    this.#nextAt = Number.POSITIVE_INFINITY;
    for (const message of [...this.#hidden.values()]) this.#place(message);
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }

  /** A journal that is mostly past is written anew: once it holds twice the lines that matter, and a thousand more. */
  #compact(): void {
    if (this.#closed || this.#journal.length <= 2 * this.#all.size + 1000) return;
    this.#journal.rewrite([...this.#all.values()].map((message) => ({ in: message })));
  }
}

const seen = ({ id, visibleAt, received, firstReceivedAt }: Message): Line => ({
  seen: id,
  visibleAt,
  received,
  ...(firstReceivedAt !== undefined && { firstReceivedAt }),
});

/** Long and opaque, as AWS's are; it names the message and which of its receptions this is. */
const receiptOf = ({ id, received }: Message): string =>
  Buffer.from(`${id}#${received}#${randomBytes(24).toString("hex")}`).toString("base64");
