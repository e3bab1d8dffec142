import { Problem } from "../engine/problem.ts";

/** Where a region may be said, the first that says one wins. */
export interface RegionSources {
  readonly flag?: string;
  readonly file?: string;
  readonly profile?: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The region: `--region`, ecomctl.json, AWS_REGION, AWS_DEFAULT_REGION (which the SDK does not read), the profile. Throws a Problem when nobody says. */
export async function findRegion({ flag, file, profile, env }: RegionSources): Promise<string> {
  const said = flag ?? file ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || (await regionOfProfile(profile, env)));
  if (said) return said;
  throw new Problem(
    "region-missing",
    "no region",
    "neither --region nor ecomctl.json, AWS_REGION, AWS_DEFAULT_REGION or the profile says one",
    "say one: --region us-east-1, or try it on this machine with --local",
  );
}

async function regionOfProfile(profile: string | undefined, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { loadSharedConfigFiles } = await import("@smithy/core/config");
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const name = profile ?? env.AWS_PROFILE ?? "default";
  return configFile[name]?.region ?? credentialsFile[name]?.region;
}
