import type { Aws } from "../clients.ts";
import { isError, unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { allPages } from "../pages.ts";
import { ownerIn, tagKeys, tagListLower } from "../tags.ts";
import { lastRun } from "./last-run.ts";
import { declarationOf, type PipelineWords, wordsIn } from "./structure.ts";

export type PipelineSpec = PipelineWords;

/** A CodePipeline of type V2: source, build, and a deployment to each ECS service. Creating it starts its first execution. */
export const pipeline = defineKind<PipelineSpec, "arn">({
  type: "codepipeline:pipeline",
  outputs: ["arn"],
  check: (name) =>
    /^[\w.@-]{1,100}$/.test(name) ? undefined : "a pipeline's name has 1 to 100 letters, digits, and . @ - _",

  async read(aws, name) {
    const [found, tags] = await Promise.all([
      unlessAbsent(aws.codepipeline.getPipeline({ name }), ABSENT),
      arnOf(aws, name).then((resourceArn) =>
        unlessAbsent(aws.codepipeline.listTagsForResource({ resourceArn }), "ResourceNotFound", "InvalidArn"),
      ),
    ]);
    // Of the two calls one found it, and one did not: it is on its way in or out.
    if (!found?.pipeline || !tags) return undefined;
    const { stack, adopted } = ownerIn(tags.tags);
    return {
      spec: { ...wordsIn(found.pipeline), stack },
      adopted,
      outputs: { arn: found.metadata?.pipelineArn ?? (await arnOf(aws, name)) },
    };
  },

  async create(aws, name, want) {
    await aws.codepipeline.createPipeline({ pipeline: declarationOf(name, want), tags: tagListLower(want) });
  },

  async update(aws, name, want, have, changed) {
    if (changed.has("stack"))
      await aws.codepipeline.tagResource({ resourceArn: String(have.outputs.arn), tags: tagListLower(want) });
    if ([...changed].some((field) => field !== "stack"))
      await aws.codepipeline.updatePipeline({ pipeline: declarationOf(name, want) });
  },

  async delete(aws, name) {
    await stopAll(aws, name);
    await aws.codepipeline.deletePipeline({ name });
  },

  async release(aws, _name, have) {
    await aws.codepipeline.untagResource({ resourceArn: String(have.outputs.arn), tagKeys });
  },

  health: (aws, name) => lastRun(aws, name),
});

const ABSENT = "PipelineNotFound";

const arnOf = (aws: Aws, name: string) => aws.arn("codepipeline", name);

/** What still runs would go on deploying while everything it deploys to is taken away. */
async function stopAll(aws: Aws, pipelineName: string): Promise<void> {
  const all = await allPages(async (nextToken) => {
    const page = await unlessAbsent(aws.codepipeline.listPipelineExecutions({ pipelineName, nextToken }), ABSENT);
    return { items: page?.pipelineExecutionSummaries, next: page?.nextToken };
  });
  for (const { pipelineExecutionId, status } of all) {
    if (status !== "InProgress") continue;
    const reason = "the pipeline is being removed";
    try {
      await aws.codepipeline.stopPipelineExecution({ pipelineName, pipelineExecutionId, abandon: true, reason });
    } catch (error) {
      // It ended, or somebody else was quicker.
      if (!isError(error, "PipelineExecutionNotStoppable", "DuplicatedStopRequest", ABSENT)) throw error;
    }
  }
}
