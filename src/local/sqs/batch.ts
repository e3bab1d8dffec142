import type { BatchResultErrorEntry } from "@aws-sdk/client-sqs";
import { Refusal } from "../service.ts";

/** Does each entry of a batch by itself: what is refused is told beside what was done. Throws what no batch may be. */
export function eachOf<Entry extends { Id?: string }, Done>(
  entries: readonly Entry[] | undefined,
  act: (entry: Entry) => Done,
): { Successful: Done[]; Failed: BatchResultErrorEntry[] } {
  if (!entries?.length) throw new Refusal("EmptyBatchRequest", "There should be at least one entry in the request.");
  if (entries.length > 10)
    throw new Refusal(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  const ids = entries.map((entry) => entry.Id ?? "");
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id)))
    throw new Refusal(
      "InvalidBatchEntryId",
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    );
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice !== undefined) throw new Refusal("BatchEntryIdsNotDistinct", `Id ${twice} repeated.`);
  const Successful: Done[] = [];
  const Failed: BatchResultErrorEntry[] = [];
  for (const entry of entries) {
    try {
      Successful.push(act(entry));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.name, Message: error.message });
    }
  }
  return { Successful, Failed };
}
