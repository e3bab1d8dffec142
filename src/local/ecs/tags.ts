import type { ECS, Setting, SettingName, Tag } from "@aws-sdk/client-ecs";
import { type Handlers, Refusal } from "../service.ts";
import { type EcsState, mergeTags } from "./state.ts";

/** Whatever bears an ARN and tags. */
function tagged(state: EcsState, arn: string): { tags: Tag[] } {
  const found =
    Object.values(state.clusters).find((each) => each.arn === arn && each.inactiveAt === undefined) ??
    Object.values(state.services).find((each) => each.arn === arn && each.status !== "INACTIVE") ??
    Object.values(state.tasks).find((each) => each.arn === arn) ??
    Object.values(state.families)
      .flatMap((family) => family.revisions)
      .find((each) => each.definition.taskDefinitionArn === arn);
  if (found) return found;
  if (!/^arn:aws[\w-]*:ecs:/.test(arn)) throw new Refusal("InvalidParameterException", `Invalid ARN: ${arn}`);
  const kind = arn.split(":")[5]?.split("/")[0];
  if (kind === "cluster") throw new Refusal("ClusterNotFoundException", "Cluster not found.");
  if (kind === "service") throw new Refusal("ServiceNotFoundException", "Service not found.");
  throw new Refusal("InvalidParameterException", "The specified resource was not found.");
}

const DEFAULTS: Record<string, string> = {
  awsvpcTrunking: "disabled",
  containerInsights: "disabled",
  containerInstanceLongArnFormat: "enabled",
  defaultLogDriverMode: "non-blocking",
  fargateFIPSMode: "disabled",
  fargateTaskRetirementWaitPeriod: "7",
  guardDutyActivate: "on",
  serviceLongArnFormat: "enabled",
  tagResourceAuthorization: "off",
  taskLongArnFormat: "enabled",
};

const setting = (name: string, value: string, principalArn: string): Setting => ({
  name: name as SettingName,
  value,
  principalArn,
  type: name === "guardDutyActivate" ? "aws_managed" : "user",
});

/** Tags of everything that has an ARN, and the account's settings. */
export const tags: Handlers<ECS, EcsState> = {
  ListTagsForResource: ({ resourceArn = "" }, { state }) => ({ tags: tagged(state, resourceArn).tags }),
  TagResource: ({ resourceArn = "", tags: more = [] }, { state }) => {
    const found = tagged(state, resourceArn);
    found.tags = mergeTags(found.tags, more);
    return {};
  },
  UntagResource: ({ resourceArn = "", tagKeys = [] }, { state }) => {
    const found = tagged(state, resourceArn);
    found.tags = found.tags.filter((tag) => !tagKeys.includes(tag.key ?? ""));
    return {};
  },
  ListAccountSettings: ({ name, value, effectiveSettings }, { state, caller }) => {
    const shown = effectiveSettings ? { ...DEFAULTS, ...state.settings } : state.settings;
    const settings = Object.entries(shown)
      .filter(([key, has]) => (name === undefined || key === name) && (value === undefined || has === value))
      .map(([key, has]) => setting(key, has, caller.arn));
    return { settings };
  },
  PutAccountSetting: ({ name = "", value = "" }, { state, caller }) => {
    state.settings[name] = value;
    return { setting: setting(name, value, caller.arn) };
  },
  PutAccountSettingDefault: ({ name = "", value = "" }, { state, caller }) => {
    state.settings[name] = value;
    return { setting: setting(name, value, caller.arn) };
  },
  DeleteAccountSetting: ({ name = "" }, { state, caller }) => {
    delete state.settings[name];
    return { setting: setting(name, DEFAULTS[name] ?? "", caller.arn) };
  },
};
