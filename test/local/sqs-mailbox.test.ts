import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testClock } from "../../src/local/clock.ts";
import { Mailbox } from "../../src/local/sqs/mailbox.ts";
import { messageOf } from "../../src/local/sqs/message.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-mailbox-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const clock = testClock();
const letter = (body: string) => messageOf({ body, sender: "me" }, clock.now(), 0, 1024);
const never = () => false;

test("a journal that is mostly past is written anew", () => {
  const path = join(dir, "q.jsonl");
  const mailbox = new Mailbox(path, clock);
  for (let round = 0; round < 50; round++) {
    mailbox.put(Array.from({ length: 100 }, (_, index) => letter(`${round} ${index}`)));
    const taken = mailbox.take(100, 30_000, never);
    mailbox.remove(taken.map(({ message }) => message.id));
  }
  mailbox.put([letter("the last")]);
  expect(statSync(path).size).toBeLessThan(300_000);
  mailbox.close();
  const again = new Mailbox(path, clock);
  expect(again.take(10, 0, never).map(({ message }) => message.body)).toEqual(["the last"]);
  again.close();
});

test("messages are taken in the order in which they came", () => {
  const mailbox = new Mailbox(join(dir, "q.jsonl"), clock);
  mailbox.put(["a", "b", "c"].map(letter));
  const bodies = () => mailbox.take(2, 1000, never).map(({ message }) => message.body);
  expect([bodies(), bodies(), bodies()]).toEqual([["a", "b"], ["c"], []]);
  mailbox.close();
});

test("whoever waits is woken by the end of the queue", async () => {
  const mailbox = new Mailbox(join(dir, "q.jsonl"), clock);
  const waiting = mailbox.wait(clock.now() + 20_000, new AbortController().signal);
  mailbox.destroy();
  await waiting;
  expect(mailbox.closed).toBe(true);
});
