import { invalid } from "./message.ts";
import { type Queue, queueArn, queueWithArn, type SqsState } from "./queues.ts";

/** Where messages go that were received too often. */
export interface Redrive {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

interface Place {
  readonly state: SqsState;
  readonly region: string;
  readonly account: string;
}

/** A queue's RedrivePolicy, if it has one. */
export function redriveOf(queue: Queue): Redrive | undefined {
  const text = queue.attributes.RedrivePolicy;
  if (!text) return undefined;
  const policy: { deadLetterTargetArn: string; maxReceiveCount: number | string } = JSON.parse(text);
  return { deadLetterTargetArn: policy.deadLetterTargetArn, maxReceiveCount: Number(policy.maxReceiveCount) };
}

/** Checks a RedrivePolicy as SQS does: well-formed, target there, target willing. Answers it as it is kept. */
export function checkRedrive(text: string, source: string, { state, region, account }: Place): string {
  const refuse = (reason: string) => invalid(`Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
  const policy = parse(text);
  if (!policy) throw refuse("Redrive policy is not a valid JSON map.");
  for (const key of ["deadLetterTargetArn", "maxReceiveCount"])
    if (!(key in policy)) throw refuse(`Redrive policy does not contain mandatory attribute: ${key}.`);
  const other = Object.keys(policy).find((key) => key !== "deadLetterTargetArn" && key !== "maxReceiveCount");
  if (other) throw refuse(`Unexpected attribute ${other}.`);
  const count = Number(policy.maxReceiveCount);
  if (!Number.isInteger(count) || count < 1 || count > 1000)
    throw refuse(
      `Invalid value for maxReceiveCount: ${policy.maxReceiveCount}, valid values are from 1 to 1000 both inclusive.`,
    );
  const target = queueWithArn(state, String(policy.deadLetterTargetArn), region, account);
  if (!target) throw refuse("Dead letter target does not exist.");
  const allow = parse(target.attributes.RedriveAllowPolicy ?? "");
  const sources: unknown = allow?.sourceQueueArns;
  const admitted =
    !allow ||
    allow.redrivePermission === "allowAll" ||
    (Array.isArray(sources) && sources.includes(queueArn(source, region, account)));
  if (!admitted) throw refuse("Dead letter target does not allow this queue as a source (RedriveAllowPolicy).");
  return JSON.stringify(policy);
}

/** Checks a RedriveAllowPolicy. Answers it as it is kept. */
export function checkRedriveAllow(text: string): string {
  const refuse = (reason: string) =>
    invalid(`Value ${text} for parameter RedriveAllowPolicy is invalid. Reason: ${reason}`);
  const policy = parse(text);
  if (!policy) throw refuse("Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.");
  const { redrivePermission: permission, sourceQueueArns: sources } = policy;
  if (permission !== "allowAll" && permission !== "denyAll" && permission !== "byQueue")
    throw refuse("Redrive allow policy does not contain a valid redrivePermission: allowAll, denyAll or byQueue.");
  if ((permission === "byQueue") !== (sources !== undefined))
    throw refuse("sourceQueueArns goes with redrivePermission byQueue, and with no other.");
  if (sources !== undefined && (!Array.isArray(sources) || sources.length < 1 || sources.length > 10))
    throw refuse("sourceQueueArns holds 1 to 10 queue ARNs.");
  return JSON.stringify(policy);
}

/** Queues whose messages end in that one. */
export const sourcesOf = (state: SqsState, target: string): Queue[] =>
  Object.values(state.queues).filter((queue) => redriveOf(queue)?.deadLetterTargetArn === target);

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
