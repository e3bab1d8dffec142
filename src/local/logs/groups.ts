import type { CloudWatchLogs, LogGroup } from "@aws-sdk/client-cloudwatch-logs";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { extentOf, forget } from "./events.ts";
import { fileName, type Group, groupNamed, type LogsState, nameIn } from "./state.ts";

const days = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/** `arn:aws:logs:…:log-group:NAME`, as tags and newer calls want it. */
export const groupArn = (name: string, region: string, account: string): string =>
  `arn:aws:logs:${region}:${account}:log-group:${name}`;

const tagged = (state: LogsState, arn: string | undefined): Group => {
  const name = nameIn(arn);
  if (name === arn) throw new Refusal("InvalidParameterException", `The specified resource ARN is invalid: ${arn}`);
  return groupNamed(state, name);
};

function tag(group: Group, tags: Record<string, string> | undefined): void {
  const all = { ...group.tags, ...tags };
  if (Object.keys(all).length > 50)
    throw new Refusal("TooManyTagsException", "The maximum number of tags for this resource has been reached.");
  group.tags = all;
}

function untag(group: Group, keys: readonly string[] | undefined): void {
  for (const key of keys ?? []) delete group.tags[key];
}

/** Log groups: what they are called, how long they keep, whose they are. */
export const groups: Handlers<CloudWatchLogs, LogsState> = {
  CreateLogGroup: (input, { state, local }) => {
    const { logGroupName: name = "", tags = {} } = input;
    if (/^aws\//i.test(name))
      throw new Refusal("InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS.");
    if (state.groups[name] !== undefined)
      throw new Refusal("ResourceAlreadyExistsException", "The specified log group already exists");
    const group: Group = {
      name,
      created: local.clock.now(),
      kmsKey: input.kmsKeyId,
      class: input.logGroupClass ?? "STANDARD",
      protected: input.deletionProtectionEnabled ?? false,
      tags: {},
      folder: fileName(name),
      streams: {},
    };
    tag(group, tags);
    state.groups[name] = group;
  },
  DescribeLogGroups: (input, { state, region, account, local }) => {
    const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern, logGroupIdentifiers: wanted } = input;
    if (prefix !== undefined && pattern !== undefined)
      throw new Refusal(
        "InvalidParameterException",
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
      );
    const names = wanted?.map(nameIn);
    const found = Object.values(state.groups)
      .filter(({ name }) => name.startsWith(prefix ?? ""))
      .filter(({ name }) => name.toLowerCase().includes((pattern ?? "").toLowerCase()))
      .filter(({ name }) => names?.includes(name) ?? true)
      .filter((group) => (input.logGroupClass ?? group.class) === group.class);
    const { items, next } = page(found, (group) => group.name, input.limit ?? 50, input.nextToken);
    return {
      logGroups: items.map((group): LogGroup => {
        const arn = groupArn(group.name, region, account);
        const sizes = Object.values(group.streams).map((stream) => extentOf(local, region, group, stream).bytes);
        return {
          logGroupName: group.name,
          creationTime: group.created,
          retentionInDays: group.retention,
          kmsKeyId: group.kmsKey,
          logGroupClass: group.class,
          metricFilterCount: 0,
          storedBytes: sizes.reduce((sum, size) => sum + size, 0),
          arn: `${arn}:*`,
          logGroupArn: arn,
          deletionProtectionEnabled: group.protected,
        };
      }),
      nextToken: next,
    };
  },
  DeleteLogGroup: (input, { state, region, local }) => {
    const group = groupNamed(state, input.logGroupName);
    if (group.protected)
      throw new Refusal(
        "ValidationException",
        `The log group ${group.name} cannot be deleted: deletion protection is enabled.`,
      );
    forget(local, region, group);
    delete state.groups[group.name];
  },
  PutLogGroupDeletionProtection: (input, { state }) => {
    const group = groupNamed(state, nameIn(input.logGroupIdentifier));
    group.protected = input.deletionProtectionEnabled ?? false;
  },
  PutRetentionPolicy: (input, { state }) => {
    const group = groupNamed(state, input.logGroupName);
    if (!days.includes(input.retentionInDays ?? 0))
      throw new Refusal(
        "InvalidParameterException",
        `Invalid retention value: ${input.retentionInDays}. Valid values are: [${days.join(", ")}]`,
      );
    group.retention = input.retentionInDays;
  },
  DeleteRetentionPolicy: (input, { state }) => {
    delete groupNamed(state, input.logGroupName).retention;
  },
  TagResource: (input, { state }) => tag(tagged(state, input.resourceArn), input.tags),
  UntagResource: (input, { state }) => untag(tagged(state, input.resourceArn), input.tagKeys),
  ListTagsForResource: (input, { state }) => ({ tags: tagged(state, input.resourceArn).tags }),
  TagLogGroup: (input, { state }) => tag(groupNamed(state, input.logGroupName), input.tags),
  UntagLogGroup: (input, { state }) => untag(groupNamed(state, input.logGroupName), input.tags),
  ListTagsLogGroup: (input, { state }) => ({ tags: groupNamed(state, input.logGroupName).tags }),
};
