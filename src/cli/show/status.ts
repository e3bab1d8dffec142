import type { Difference } from "../../engine/compare.ts";
import type { Output } from "../../engine/resource.ts";
import type { Survey } from "../../engine/survey.ts";
import type { Paint, Style } from "../terminal.ts";
import { differenceLines } from "./difference.ts";

export type ResourceState = "here" | "drifted" | "missing" | "foreign" | "busy" | "pending" | "failed";

/** One resource as `status` tells it. */
export interface ResourceStatus {
  readonly id: string;
  readonly state: ResourceState;
  readonly why?: string;
  readonly differences?: readonly Difference[];
  readonly outputs: Readonly<Partial<Record<string, Output>>>;
  readonly health?: { readonly healthy: boolean; readonly why: string };
}

/** The whole of it. */
export interface Status {
  readonly healthy: boolean;
  readonly url?: string;
  readonly steps: readonly {
    readonly step: number;
    readonly title: string;
    readonly off?: string;
    readonly resources: readonly ResourceStatus[];
  }[];
}

const signs: Record<ResourceState, readonly [string, Style]> = {
  here: ["✓", "green"],
  drifted: ["~", "yellow"],
  missing: ["-", "red"],
  foreign: ["!", "red"],
  busy: ["…", "yellow"],
  pending: ["!", "yellow"],
  failed: ["✗", "red"],
};

/** Health of everything, with the outputs that the guide says to note down. */
export function statusText({ healthy, url, steps }: Status, paint: Paint): string {
  const blocks = steps.map(({ step, title, off, resources }) =>
    [
      paint("bold", `Step ${step}: ${title}`),
      ...(off === undefined ? [] : [`  ${off}`]),
      ...resources.flatMap((resource) => resourceLines(resource, paint)),
    ].join("\n"),
  );
  const all = steps.flatMap(({ resources }) => resources);
  const well = all.filter(isWell).length;
  const verdict = healthy
    ? paint("green", `Healthy: all ${all.length} resources are here and as they should be`)
    : paint("red", `Not healthy: ${all.length - well} of ${all.length} resources are not as they should be`);
  return [...blocks, [verdict, ...(url === undefined ? [] : [`The shop: ${url}`])].join("\n")].join("\n\n");
}

/** Whether a resource is here, undrifted and healthy. */
export const isWell = ({ state, health }: ResourceStatus): boolean => state === "here" && health?.healthy !== false;

function resourceLines({ id, state, why, differences = [], outputs, health }: ResourceStatus, paint: Paint): string[] {
  const [sign, style] = signs[state];
  const sick = health?.healthy === false;
  const remarks = [state === "here" ? undefined : state, why, health?.why].filter((part) => part !== undefined);
  return [
    `  ${sick && state === "here" ? paint("red", "✗") : paint(style, sign)} ${id}${remarks.length > 0 ? `  ${remarks.join(": ")}` : ""}`,
    ...differences.flatMap(differenceLines).map((line) => `      ${line}`),
    ...Object.entries(outputs).map(([name, value]) =>
      paint("dim", `      ${name}: ${[value ?? []].flat().join(", ")}`),
    ),
  ];
}

/** The address of the shop: its door's, the load balancer. */
export function shopUrl(doorId: string, survey: Survey, secure: boolean): string | undefined {
  const dns = survey.get(doorId)?.live?.outputs.dns;
  return typeof dns === "string" ? `${secure ? "https" : "http"}://${dns}` : undefined;
}
