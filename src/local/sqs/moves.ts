import { randomUUID } from "node:crypto";
import { type Call, type Local, Refusal } from "../service.ts";
import { invalid, type Message } from "./message.ts";
import { mailboxOf, type Queue, queueWithArn, type SqsState, sqsKeeper, untilStop } from "./queues.ts";
import { sourcesOf } from "./redrive.ts";

/** A task that moves messages out of a dead-letter queue. */
export interface MoveTask {
  readonly id: string;
  readonly source: string;
  /** Left out: each message goes back to the queue it came from. */
  readonly destination?: string;
  /** Messages a second. */
  readonly rate: number;
  readonly startedAt: number;
  readonly toMove: number;
  moved: number;
  status: "RUNNING" | "CANCELLING" | "COMPLETED" | "CANCELLED" | "FAILED";
  failure?: string;
}

/** The most a task moves a second (API reference, StartMessageMoveTask). */
const FASTEST = 500;

/** Begins to move messages. Throws ResourceNotFoundException, InvalidParameterValue. */
export function startMove(
  input: { SourceArn?: string; DestinationArn?: string; MaxNumberOfMessagesPerSecond?: number },
  { state, region, account, local }: Call<SqsState>,
): MoveTask {
  const { SourceArn: source = "", DestinationArn: destination, MaxNumberOfMessagesPerSecond: rate = FASTEST } = input;
  const from = queueWithArn(state, source, region, account);
  const missing = !from || (destination !== undefined && !queueWithArn(state, destination, region, account));
  if (!from || missing)
    throw new Refusal(
      "ResourceNotFoundException",
      "The resource that you specified for the SourceArn or DestinationArn parameter doesn't exist.",
    );
  if (sourcesOf(state, source).length === 0) throw invalid("Source queue must be configured as a Dead Letter Queue.");
  if (rate < 1 || rate > FASTEST)
    throw invalid(
      `Value ${rate} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and ${FASTEST}.`,
    );
  if (state.moves.some((task) => task.source === source && isActive(task)))
    throw invalid(
      "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    );
  const task: MoveTask = {
    id: randomUUID(),
    source,
    ...(destination && { destination }),
    rate,
    startedAt: local.clock.now(),
    toMove: mailboxOf(local, from).counts().visible,
    moved: 0,
    status: "RUNNING",
  };
  // AWS tells of the ten newest tasks of a queue.
  const others = state.moves.filter((one) => one.source !== source);
  state.moves = [...others, ...state.moves.filter((one) => one.source === source).slice(-9), task];
  run(task, local, region);
  return task;
}

/** Ends a task; what it has moved stays moved. */
export function cancelMove(handle: string | undefined, state: SqsState): MoveTask {
  const task = state.moves.find((one) => handleOf(one) === handle);
  if (!task) throw new Refusal("ResourceNotFoundException", "Task does not exist.");
  if (task.status !== "RUNNING") throw invalid("Only active tasks can be cancelled.");
  task.status = "CANCELLING";
  return task;
}

/** Goes on with the tasks that a stop interrupted. */
export function resumeMoves(local: Local): void {
  for (const region of local.regions(sqsKeeper))
    for (const task of local.state(sqsKeeper, region).moves) if (isActive(task)) run(task, local, region);
}

export const handleOf = (task: MoveTask): string =>
  Buffer.from(JSON.stringify({ taskId: task.id, sourceArn: task.source })).toString("base64");

const isActive = (task: MoveTask): boolean => task.status === "RUNNING" || task.status === "CANCELLING";

function run(task: MoveTask, local: Local, region: string): void {
  moveAll(task, local, region)
    .catch((error: unknown) => {
      // What a stop interrupts is still to be done.
      if (untilStop(local).aborted) return;
      task.status = "FAILED";
      task.failure = error instanceof Error ? error.message : String(error);
    })
    .finally(() => {
      if (!untilStop(local).aborted) local.changed(sqsKeeper, region);
    });
}

async function moveAll(task: MoveTask, local: Local, region: string): Promise<void> {
  const state = local.state(sqsKeeper, region);
  for (;;) {
    // A second's worth at a time; the first step waits for its turn, so that the task is seen to run.
    await local.clock.sleep(local.lasts(1000), untilStop(local));
    const from = queueWithArn(state, task.source, region, local.account);
    if (task.status === "CANCELLING" || !from) break;
    const moved = mailboxOf(local, from).drain(task.rate, (some) => moveTo(task, some, local, region, state));
    task.moved += moved;
    local.changed(sqsKeeper, region);
    if (moved === 0) break;
  }
  task.status = task.status === "CANCELLING" ? "CANCELLED" : "COMPLETED";
}

function moveTo(task: MoveTask, some: readonly Message[], local: Local, region: string, state: SqsState): void {
  const now = local.clock.now();
  const byQueue = new Map<Queue, Message[]>();
  for (const message of some) {
    const to = queueWithArn(state, task.destination ?? message.source, region, local.account);
    if (!to) throw new Error("CouldNotDetermineMessageSource");
    // "Redriven messages are considered new messages with a new messageID and enqueueTime" (developer guide).
    const { body, attributes, sender, trace } = message;
    const fresh = { body, attributes, sender, trace, id: randomUUID(), sentAt: now, visibleAt: now, received: 0 };
    byQueue.set(to, [...(byQueue.get(to) ?? []), fresh]);
  }
  for (const [queue, messages] of byQueue) mailboxOf(local, queue).put(messages);
}
