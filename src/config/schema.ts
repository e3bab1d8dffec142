import * as z from "zod";
import { type NameKey, nameKeys, namesOfOneSort } from "./names.ts";

const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;
/** Whether a word is formed like the name of an AWS region. */
export const isRegion = (word: string): boolean => REGION.test(word);

const orNull = <T extends z.ZodType>(schema: T) => schema.nullable().default(null);

/** The sizes Fargate offers; which memory goes with which CPU is checked where the task is described. */
const cpus = [256, 512, 1024, 2048, 4096, 8192, 16384];
/** What PutRetentionPolicy takes. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const service = z
  .strictObject({
    cpu: z.literal(cpus).default(512).describe("CPU units of one task; 1024 are one processor"),
    memory: z.int().min(512).default(1024).describe("Memory of one task, in MiB"),
    count: z.int().min(0).max(100).default(1).describe("How many tasks run"),
    max: z.int().min(1).max(100).optional().describe("Above count: autoscaling between count and max; default: count"),
  })
  .prefault({});

const name = z.string().min(1, "must not be empty").max(255);
const names = Object.fromEntries(nameKeys.map((key) => [key, name.optional()])) as Record<
  NameKey,
  z.ZodOptional<z.ZodString>
>;

/** What ecomctl.json may say. */
export const settingsSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z
    .string()
    .regex(
      /^[a-z](?:[a-z0-9-]{0,28}[a-z0-9])?$/,
      "must be 1 to 30 small letters, digits and hyphens, beginning with a letter",
    )
    .default("ecommerce")
    .describe("The shop's name: part of the owner's tag and of all names that the guide leaves open"),
  region: z
    .string()
    .regex(REGION, "must be a region, such as us-east-1")
    .optional()
    .describe("The AWS region; --region goes before it, AWS_REGION after it"),
  names: z.strictObject(names).prefault({}).describe("Names that differ from the guide's; a stage is appended to each"),
  roles: z
    .enum(["scoped", "guide"])
    .default("scoped")
    .describe("scoped: a task role for each service, with what it needs; guide: the guide's one role with full access"),
  loadBalancer: z.boolean().default(true).describe("false: the web service has a public IP address instead"),
  certificate: orNull(
    z.string().regex(/^arn:[\w-]+:acm:[a-z0-9-]+:\d{12}:certificate\/.+$/, "must be the ARN of an ACM certificate"),
  ).describe("The ARN of an ACM certificate: the load balancer speaks HTTPS"),
  vpc: orNull(z.string().regex(/^vpc-\w+$/, "must be the id of a VPC, such as vpc-0a1b2c3d")).describe(
    "The VPC; null: the default VPC",
  ),
  subnets: orNull(
    z
      .array(z.string().regex(/^subnet-\w+$/, "must be the id of a subnet, such as subnet-0a1b2c3d"))
      .min(1)
      .max(16),
  ).describe("Subnets of that VPC; null: all of them"),
  services: z.strictObject({ web: service, search: service, order: service }).prefault({}).describe("Size and number"),
  pipeline: z
    .strictObject({
      repository: orNull(z.string().regex(/^[\w.-]+\/[\w.-]+$/, "must be owner/name, as GitHub has it")).describe(
        "The GitHub repository owner/name that the pipeline builds; null: no pipeline",
      ),
      branch: z.string().min(1, "must not be empty").default("main"),
      connection: orNull(
        z
          .string()
          .regex(
            /^arn:[\w-]+:(?:codestar-connections|codeconnections):[a-z0-9-]+:\d{12}:connection\/.+$/,
            "must be the ARN of a connection",
          ),
      ).describe("The ARN of a connection to GitHub that is there already; null: ecomctl makes one"),
    })
    .prefault({}),
  alarms: z
    .strictObject({ email: orNull(z.email("must be an e-mail address")).describe("Who hears of alarms") })
    .prefault({}),
  logs: z.strictObject({ retentionDays: z.literal(retentions).default(30) }).prefault({}),
});

/** ecomctl.json with its defaults written in. */
export type Settings = z.infer<typeof settingsSchema>;

/** A contradiction between two keys: `why` it cannot be, and the `next` thing to do. */
export interface Contradiction {
  readonly key: string;
  readonly why: string;
  readonly next: string;
}

/** Keys that are right each by itself, and cannot be together. */
export function contradictionIn(
  settings: Settings,
  called: Readonly<Record<NameKey, string>>,
): Contradiction | undefined {
  const { services, subnets, vpc, loadBalancer, certificate, pipeline } = settings;
  for (const [which, { count, max }] of Object.entries(services)) {
    if (max !== undefined && count > max)
      return {
        key: `services.${which}`,
        why: `count is ${count}, and max is ${max}`,
        next: `raise services.${which}.max to ${count} or more, or lower services.${which}.count`,
      };
  }
  if (subnets && !vpc)
    return { key: "subnets", why: "subnets are given without their vpc", next: "set vpc, or take subnets out" };
  if (certificate && !loadBalancer)
    return {
      key: "certificate",
      why: "it is the load balancer that shows a certificate, and loadBalancer is false",
      next: "set loadBalancer to true, or take certificate out",
    };
  if (pipeline.connection && !pipeline.repository)
    return {
      key: "pipeline.connection",
      why: "a connection is given without the repository that it leads to",
      next: "set pipeline.repository to owner/name, or take pipeline.connection out",
    };
  for (const sort of namesOfOneSort) {
    const twice = sort.find((key, at) => sort.some((other, before) => before < at && called[other] === called[key]));
    const first = twice && sort.find((key) => called[key] === called[twice]);
    if (twice && first)
      return {
        key: `names.${twice}`,
        why: `names.${first} and names.${twice} are both "${called[twice]}"`,
        next: `give names.${twice} a name of its own`,
      };
  }
  return undefined;
}

/** The JSON Schema of ecomctl.json, for editors. */
export const jsonSchema = () => ({
  ...z.toJSONSchema(settingsSchema, { io: "input" }),
  title: "ecomctl.json: what an ecomctl platform is to be",
});
