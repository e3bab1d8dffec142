import type { CloudWatch, DashboardValidationMessage } from "@aws-sdk/client-cloudwatch";
import { page } from "../page.ts";
import { type Call, type Handlers, Refusal } from "../service.ts";
import { type CloudWatchState, cloudWatchKeeper, cloudWatchState } from "./state.ts";

/** Dashboards know no region. */
const HOME = "us-east-1";

const home = ({ local }: Call<CloudWatchState>): CloudWatchState => cloudWatchState(local, HOME);
const arnOf = (account: string, name: string): string => `arn:aws:cloudwatch::${account}:dashboard/${name}`;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is wrong with a dashboard's body; AWS refuses it with the list. */
function faults(body: string): DashboardValidationMessage[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return [{ DataPath: "", Message: "The field DashboardBody must be a valid JSON object" }];
  }
  if (!isObject(parsed) || !Array.isArray(parsed.widgets))
    return [{ DataPath: "/", Message: 'The dashboard body must be an object with an array "widgets"' }];
  return parsed.widgets.flatMap((widget: unknown, i): DashboardValidationMessage[] => {
    const at = `/widgets/${i}`;
    if (!isObject(widget)) return [{ DataPath: at, Message: "Should be an object" }];
    const types = ["metric", "text", "log", "alarm", "explorer", "custom"];
    if (typeof widget.type !== "string" || !types.includes(widget.type))
      return [{ DataPath: `${at}/type`, Message: `Should be one of: ${types.join(", ")}` }];
    if (!isObject(widget.properties))
      return [{ DataPath: `${at}/properties`, Message: "Should have required property 'properties'" }];
    if (widget.type === "metric" && typeof widget.properties.region !== "string")
      return [{ DataPath: `${at}/properties/region`, Message: "Should have required property 'region'" }];
    if (widget.type === "text" && typeof widget.properties.markdown !== "string")
      return [{ DataPath: `${at}/properties/markdown`, Message: "Should have required property 'markdown'" }];
    return [];
  });
}

const missing = (name = "") => new Refusal("DashboardNotFoundError", `Dashboard ${name} does not exist`);

/** Dashboards. */
export const dashboards: Handlers<CloudWatch, CloudWatchState> = {
  PutDashboard: ({ DashboardName: name = "", DashboardBody: body = "", Tags }, call) => {
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(name))
      throw new Refusal("DashboardInvalidInputError", "The field DashboardName contains invalid characters");
    const wrong = faults(body);
    if (wrong.length > 0)
      throw new Refusal("DashboardInvalidInputError", "The dashboard body is invalid, there are validation errors", {
        data: { dashboardValidationMessages: wrong },
      });
    const state = home(call);
    const isNew = state.dashboards[name] === undefined;
    state.dashboards[name] = { name, body, modifiedAt: call.local.clock.now() };
    if (isNew && Tags) state.dashboardTags[arnOf(call.account, name)] = Tags;
    call.local.changed(cloudWatchKeeper, HOME);
    return { DashboardValidationMessages: [] };
  },
  GetDashboard: ({ DashboardName: name = "" }, call) => {
    const found = home(call).dashboards[name];
    if (!found) throw missing(name);
    return { DashboardArn: arnOf(call.account, name), DashboardBody: found.body, DashboardName: name };
  },
  ListDashboards: ({ DashboardNamePrefix = "", NextToken }, call) => {
    const found = Object.values(home(call).dashboards).filter((each) => each.name.startsWith(DashboardNamePrefix));
    const { items, next } = page(found, (each) => each.name, 1000, NextToken);
    return {
      DashboardEntries: items.map((each) => ({
        DashboardName: each.name,
        DashboardArn: arnOf(call.account, each.name),
        LastModified: new Date(each.modifiedAt),
        Size: Buffer.byteLength(each.body),
      })),
      NextToken: next,
    };
  },
  DeleteDashboards: ({ DashboardNames = [] }, call) => {
    const state = home(call);
    // all or nothing
    const absent = DashboardNames.find((name) => !state.dashboards[name]);
    if (absent !== undefined) throw missing(absent);
    for (const name of DashboardNames) {
      delete state.dashboards[name];
      delete state.dashboardTags[arnOf(call.account, name)];
    }
    call.local.changed(cloudWatchKeeper, HOME);
    return {};
  },
};

/** The tags of a dashboard, if there is one of that ARN; a list that can be written to. */
export function dashboardTags(call: Call<CloudWatchState>, arn: string) {
  const state = home(call);
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  if (arn !== arnOf(call.account, name) || !state.dashboards[name]) return undefined;
  return {
    get tags() {
      return state.dashboardTags[arn] ?? [];
    },
    set tags(tags) {
      state.dashboardTags[arn] = tags;
      call.local.changed(cloudWatchKeeper, HOME);
    },
  };
}
