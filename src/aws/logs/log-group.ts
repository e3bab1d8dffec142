import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { allPages } from "../pages.ts";
import { ownerIn, tagKeys, tagMap } from "../tags.ts";

export type LogGroupSpec = {
  /** Days; AWS takes certain numbers only, and keeps events for ever where none is set. */
  readonly retention: number | null;
};

/** A CloudWatch log group. ECS does not make one by itself, and starts no task whose group is missing. */
export const logGroup = defineKind<LogGroupSpec, "arn">({
  type: "logs:log-group",
  outputs: ["arn"],
  check: (name) =>
    /^[.\-_/#\w]{1,512}$/.test(name) ? undefined : "a log group's name has 1 to 512 letters, digits, and . - _ / #",

  async read(aws, name) {
    const groups = await allPages(async (nextToken) => {
      const page = await aws.logs.describeLogGroups({ logGroupNamePrefix: name, nextToken });
      return { items: page.logGroups, next: page.nextToken };
    });
    // The API searches by prefix only.
    const it = groups.find(({ logGroupName }) => logGroupName === name);
    if (!it) return undefined;
    const resourceArn = await arnOf(aws, name);
    const tagged = await unlessAbsent(aws.logs.listTagsForResource({ resourceArn }), "ResourceNotFound");
    // It went while we looked.
    if (!tagged) return undefined;
    const { stack, adopted } = ownerIn(tagged.tags);
    return { spec: { retention: it.retentionInDays ?? null, stack }, adopted, outputs: { arn: resourceArn } };
  },

  async create(aws, name, want) {
    await aws.logs.createLogGroup({ logGroupName: name, tags: tagMap(want) });
    await retain(aws, name, want.retention);
  },

  async update(aws, name, want, _have, changed) {
    if (changed.has("stack")) await aws.logs.tagResource({ resourceArn: await arnOf(aws, name), tags: tagMap(want) });
    if (changed.has("retention")) await retain(aws, name, want.retention);
  },

  async delete(aws, name) {
    await unlessAbsent(aws.logs.deleteLogGroup({ logGroupName: name }), "ResourceNotFound");
  },

  async release(aws, name) {
    await aws.logs.untagResource({ resourceArn: await arnOf(aws, name), tagKeys });
  },
});

const arnOf = (aws: Aws, name: string) => aws.arn("logs", `log-group:${name}`);

const retain = (aws: Aws, logGroupName: string, days: number | null) =>
  days === null
    ? aws.logs.deleteRetentionPolicy({ logGroupName })
    : aws.logs.putRetentionPolicy({ logGroupName, retentionInDays: days });
