import { isWritable } from "../engine/resource.ts";
import type { Survey } from "../engine/survey.ts";
import type { After } from "./change.ts";
import { stopLocalAws } from "./local.ts";
import { type Options, typed } from "./options.ts";
import type { Session } from "./session.ts";

/** What `down` ends with: what was kept, and the AWS on this machine stopped when nothing is left in it. */
export async function farewell(session: Session, survey: Survey, options: Options): Promise<After> {
  const kept = session.platform.steps
    .flatMap(({ resources }) => resources)
    .filter(({ id, kind }) => isWritable(kind) && kind.kept !== undefined && survey.get(id)?.live !== undefined)
    .filter(({ id }) => survey.get(id)?.live?.spec.stack === session.shop.stack)
    .map(({ id }) => id);
  const lines =
    kept.length > 0 ? [`Kept: ${kept.join(", ")}. They go with: ${typed("down", options)} --delete-data`] : [];
  const stopped = await stopIfEmpty(session, options);
  if (stopped) lines.push("The AWS on this machine is empty, and stopped");
  else if (session.connection.endpoint !== undefined && options.local)
    lines.push("The AWS on this machine goes on running: something is left in it");
  return { lines, more: { ...(kept.length > 0 && { kept }), ...(stopped && { stopped }) } };
}

/** Other stages may live in it, and what somebody made by hand. */
async function stopIfEmpty({ aws }: Session, { local }: Options): Promise<boolean> {
  if (!aws || !local) return false;
  const [tables, topics, queues] = await Promise.all([
    aws.dynamodb.listTables({}),
    aws.sns.listTopics({}),
    aws.sqs.listQueues({}),
  ]);
  const left = [tables.TableNames, topics.Topics, queues.QueueUrls].some((list) => (list?.length ?? 0) > 0);
  return left ? false : stopLocalAws();
}
