import { complaint } from "./config/complaint.ts";
import { findFile, readJson } from "./config/file.ts";
import { type NameKey, namesFor } from "./config/names.ts";
import { findRegion } from "./config/region.ts";
import { contradictionIn, isRegion, type Settings, settingsSchema } from "./config/schema.ts";
import { Problem } from "./engine/problem.ts";

export type { NameKey } from "./config/names.ts";

/** How large one task of a service is (CPU units and MiB, Fargate's sizes), and how many run; autoscaling is on when `max` is above `count`. */
export interface ServiceSize {
  readonly cpu: number;
  readonly memory: number;
  readonly count: number;
  readonly max: number;
}

/** One shop as it is to be: everything a step may ask, validated, with all defaults and names filled in. */
export interface Shop {
  readonly name: string;
  readonly stage?: string;
  /** «region» in an offline dry run where nobody says one. */
  readonly region: string;
  /** Whose its resources are: `name/region`, or `name/stage/region`. */
  readonly stack: string;
  /** With the stage appended. Of the artifact bucket it is the beginning: account and region follow. */
  readonly names: Readonly<Record<NameKey, string>>;
  readonly roles: "scoped" | "guide";
  readonly loadBalancer: boolean;
  readonly certificate: string | null;
  readonly vpc: string | null;
  readonly subnets: readonly string[] | null;
  readonly services: { readonly web: ServiceSize; readonly search: ServiceSize; readonly order: ServiceSize };
  readonly pipeline: {
    readonly repository: string | null;
    readonly branch: string;
    readonly connection: string | null;
  };
  readonly alarms: { readonly email: string | null };
  readonly logs: { readonly retentionDays: number };
  /** What images are built on; left out: what their Dockerfiles stand on. On this machine there is nothing to pull from, and nothing needed. */
  readonly baseImage?: "scratch";
  /** Who owns the images where a pipeline is configured; left out: the pipeline. */
  readonly imageOwner?: "pipeline" | "us";
  /** The ecomctl.json it came from. */
  readonly file?: string;
}

/** What the command line says of the shop. */
export interface ShopFlags {
  readonly stage?: string;
  readonly region?: string;
  readonly profile?: string;
  /** The AWS on this machine knows one region. */
  readonly local?: boolean;
  /** Nothing is asked: an unknown region stays «region». */
  readonly offline?: boolean;
  /** Taken back from the pipeline for this run. */
  readonly imageOwner?: "us";
}

export interface ShopSources {
  /** ecomctl.json is looked for here and upwards. */
  readonly cwd: string;
  readonly flags: ShopFlags;
  readonly env: NodeJS.ProcessEnv;
}

/** The region of the AWS on this machine. */
export const LOCAL_REGION = "us-east-1";

/** The shop that ecomctl.json, flags and environment describe. Throws a Problem for whatever is wrong with them. */
export async function loadShop({ cwd, flags, env }: ShopSources): Promise<Shop> {
  const { stage } = flags;
  if (stage !== undefined && !/^[a-z0-9]{1,12}$/.test(stage))
    throw new Problem(
      "stage-invalid",
      `"${stage}" cannot be a stage`,
      "a stage is appended to every name, and has 1 to 12 small letters and digits",
      "choose another, such as --stage dev",
    );
  const file = findFile(cwd);
  const settings = file === undefined ? settingsSchema.parse({}) : check(file, readJson(file));
  const names = namesFor(settings.name, settings.names, stage);
  const contradiction = contradictionIn(settings, names);
  if (contradiction)
    throw new Problem(
      "config-contradiction",
      `${file}: ${contradiction.key} cannot be`,
      contradiction.why,
      contradiction.next,
    );
  const region = await regionFor(settings, flags, env);
  return {
    ...settingsWithoutFile(settings),
    ...(stage !== undefined && { stage }),
    ...(file !== undefined && { file }),
    ...((flags.local || env.ECOMCTL_BASE_IMAGE === "scratch") && { baseImage: "scratch" as const }),
    ...(flags.imageOwner !== undefined && { imageOwner: flags.imageOwner }),
    region,
    stack: [settings.name, stage, region].filter((part) => part !== undefined).join("/"),
    names,
    services: {
      web: size(settings.services.web),
      search: size(settings.services.search),
      order: size(settings.services.order),
    },
  };
}

function check(file: string, said: unknown): Settings {
  const result = settingsSchema.safeParse(said);
  if (!result.success) throw complaint(file, said, result.error.issues);
  return result.data;
}

async function regionFor({ region: file }: Settings, flags: ShopFlags, env: NodeJS.ProcessEnv): Promise<string> {
  if (flags.local) return LOCAL_REGION;
  if (flags.region !== undefined && !isRegion(flags.region))
    throw new Problem(
      "region-invalid",
      `"${flags.region}" cannot be a region`,
      "a region is named like us-east-1",
      "say --region with one that the account may use",
    );
  if (!flags.offline) return findRegion({ flag: flags.region, file, profile: flags.profile, env });
  return flags.region ?? file ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || "«region»");
}

const settingsWithoutFile = ({ $schema: _, ...settings }: Settings) => settings;
const size = ({ max, ...rest }: Settings["services"]["web"]): ServiceSize => ({ ...rest, max: max ?? rest.count });
