import { Problem } from "../../engine/problem.ts";
import type { Aws } from "../clients.ts";
import { isError, unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";

/** A widget in CloudWatch's own words; where it stands is its own `x` and `y`. */
export type Widget = {
  readonly type: "metric" | "text" | "log" | "alarm";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: Readonly<Record<string, unknown>>;
};

export type DashboardSpec = {
  readonly widgets: readonly Widget[];
};

/** A CloudWatch dashboard: one for all regions of the account. */
export const dashboard = defineKind<DashboardSpec, "arn">({
  type: "cloudwatch:dashboard",
  outputs: ["arn"],
  check: (name) =>
    /^[\w-]{1,255}$/.test(name)
      ? undefined
      : "a dashboard's name has 1 to 255 letters, digits, hyphens and underscores",

  async read(aws, name) {
    const [found, tags] = await Promise.all([
      unlessAbsent(aws.cloudwatch.getDashboard({ DashboardName: name }), ...ABSENT),
      arnOf(aws, name).then((ResourceARN) =>
        unlessAbsent(aws.cloudwatch.listTagsForResource({ ResourceARN }), ...ABSENT),
      ),
    ]);
    if (!found?.DashboardBody) return undefined;
    const { widgets = [] } = JSON.parse(found.DashboardBody) as { widgets?: Widget[] };
    const { stack, adopted } = ownerIn(tags?.Tags);
    return { spec: { widgets, stack }, adopted, outputs: { arn: found.DashboardArn ?? (await arnOf(aws, name)) } };
  },

  async create(aws, name, want) {
    await put(aws, name, { DashboardBody: bodyOf(want), Tags: tagList(want) });
  },

  async update(aws, name, want, _have, changed) {
    // Of a dashboard that is there, PutDashboard does not change the tags.
    if (changed.has("stack"))
      await aws.cloudwatch.tagResource({ ResourceARN: await arnOf(aws, name), Tags: tagList(want) });
    if (changed.has("widgets")) await put(aws, name, { DashboardBody: bodyOf(want) });
  },

  async delete(aws, name) {
    await unlessAbsent(aws.cloudwatch.deleteDashboards({ DashboardNames: [name] }), ...ABSENT);
  },

  async release(aws, name) {
    await aws.cloudwatch.untagResource({ ResourceARN: await arnOf(aws, name), TagKeys: tagKeys });
  },
});

const ABSENT = ["DashboardNotFoundError", "ResourceNotFound"];

const bodyOf = ({ widgets }: DashboardSpec) => JSON.stringify({ widgets });

/** A dashboard's ARN names no region. */
async function arnOf(aws: Aws, name: string): Promise<string> {
  const { account, partition } = await aws.identity();
  return `arn:${partition}:cloudwatch::${account}:dashboard/${name}`;
}

type Put = { readonly DashboardBody: string; readonly Tags?: { Key: string; Value: string }[] };

async function put(aws: Aws, DashboardName: string, input: Put): Promise<void> {
  try {
    await aws.cloudwatch.putDashboard({ DashboardName, ...input });
  } catch (error) {
    if (!isError(error, "DashboardInvalidInputError")) throw error;
    const told: unknown = Reflect.get(error as object, "dashboardValidationMessages") ?? "it does not say what";
    const next = "report it: its widgets are ecomctl's own";
    throw new Problem(
      "dashboard-invalid",
      `the dashboard ${DashboardName} is refused`,
      JSON.stringify(told),
      next,
      error,
    );
  }
}
