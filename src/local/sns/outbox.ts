import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Local } from "../service.ts";

/** Mail that AWS would have sent. */
export interface Mail {
  readonly protocol: string;
  readonly to: string;
  readonly topicArn?: string;
  readonly subject?: string;
  readonly text: string;
}

/** Nothing leaves this machine: mail and text messages are lines of `sns/outbox.jsonl`. */
export function mail(local: Local, letter: Mail): void {
  const folder = join(local.dir, "sns");
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, "outbox.jsonl"), `${JSON.stringify({ at: new Date(local.clock.now()), ...letter })}\n`);
}
