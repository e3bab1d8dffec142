import * as z from "zod";

/** What every service reads: the port it listens on, the region of its AWS clients, how much it logs. */
const everywhere = {
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  AWS_REGION: z.string(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
};

/** Variables of one service, by name: zod schemas that read a string. */
export type Variables = Readonly<Record<string, z.ZodType<unknown, string | undefined>>>;
/** What `readConfig` gives back for the variables asked for, with the three that every service has. */
export type Config<V extends Variables> = z.infer<z.ZodObject<typeof everywhere>> & { [K in keyof V]: z.infer<V[K]> };

/** The environment does not say what the service must know: one problem for each variable, its name first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly problems: readonly string[]) {
    super(problems.join("; "));
  }
}

/** A variable that must hold an http(s) URL; a slash at its end is dropped. */
export const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ""));
/** A variable that must hold an ARN of the given service, e.g. `sns`. */
export const arn = (service: string) =>
  z.string().regex(new RegExp(`^arn:[^:]+:${service}:`), `expected an ARN of ${service}`);
/** A variable that must hold a text, such as the name of a table. */
export const text = z.string();

/** Reads the configuration from the environment; an empty variable counts as missing. Throws ConfigError. */
export function readConfig<V extends Variables>(variables: V, environment: NodeJS.ProcessEnv = process.env): Config<V> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const read = z.object({ ...everywhere, ...variables }).safeParse(given);
  if (read.success) return read.data as Config<V>;
  throw new ConfigError(
    read.error.issues.map((issue) => {
      const name = issue.path.join(".");
      return given[name] === undefined ? `${name} is missing` : `${name}=${given[name]}: ${issue.message}`;
    }),
  );
}
