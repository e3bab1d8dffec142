import { isDeepStrictEqual } from "node:util";
import type { RegisterTaskDefinitionCommandInput, TaskDefinition } from "@aws-sdk/client-ecs";
import { canonical } from "../../engine/compare.ts";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { allPages } from "../pages.ts";
import { type Ownership, tagListLower } from "../tags.ts";

/** What a task definition says, in the words of a service's spec. */
export type TaskWords = {
  readonly container: string;
  readonly image: string;
  readonly cpu: number;
  readonly memory: number;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  /** A command, as JSON of ECS's list (its order counts), that ends with 0 while the container is healthy. */
  readonly healthCheck: string;
  readonly taskRole: string;
  readonly executionRole: string;
  readonly logGroup: string;
  /** The endpoints, by ARN, that the Service Connect proxy of its tasks was started with. */
  readonly knows: readonly string[];
};

export const TASK_WORDS = [
  "container",
  "image",
  "cpu",
  "memory",
  "port",
  "environment",
  "healthCheck",
  "taskRole",
  "executionRole",
  "logGroup",
  "knows",
] as const satisfies readonly (keyof TaskWords)[];

/** A label, for AWS does not tell which endpoints a proxy knows. */
const KNOWS = "ecomctl.knows";

/** The words of a revision; AWS's defaults taken out. A second container shows in `container`. */
export function wordsIn(it: TaskDefinition): TaskWords {
  const containers = it.containerDefinitions ?? [];
  const main = containers[0];
  const mapping = main?.portMappings?.[0];
  const environment = main?.environment?.map(({ name = "", value = "" }) => [name, value] as const) ?? [];
  return {
    container: containers.map(({ name }) => name).join(" "),
    image: main?.image ?? "",
    cpu: Number(it.cpu),
    memory: Number(it.memory),
    port: mapping?.containerPort ?? 0,
    environment: Object.fromEntries(environment),
    healthCheck: JSON.stringify(main?.healthCheck?.command ?? []),
    taskRole: it.taskRoleArn ?? "",
    executionRole: it.executionRoleArn ?? "",
    logGroup: main?.logConfiguration?.options?.["awslogs-group"] ?? "",
    knows: main?.dockerLabels?.[KNOWS]?.split(" ").filter(Boolean) ?? [],
  };
}

/** The revision that says these words: the newest of the family if it does, else a new one. Answers its ARN. */
export async function revisionOf(aws: Aws, family: string, want: TaskWords & Ownership): Promise<string> {
  const newest = await unlessAbsent(aws.ecs.describeTaskDefinition({ taskDefinition: family }), "ClientException");
  const there = newest?.taskDefinition;
  if (there?.taskDefinitionArn && says(wordsIn(there), want)) return there.taskDefinitionArn;
  const { taskDefinition } = await aws.ecs.registerTaskDefinition(inputOf(aws, family, want));
  return taskDefinition?.taskDefinitionArn ?? family;
}

const says = (words: TaskWords, want: TaskWords) =>
  TASK_WORDS.every((word) => isDeepStrictEqual(canonical(words[word]), canonical(want[word])));

function inputOf(aws: Aws, family: string, want: TaskWords & Ownership): RegisterTaskDefinitionCommandInput {
  return {
    family,
    networkMode: "awsvpc",
    requiresCompatibilities: ["FARGATE"],
    cpu: String(want.cpu),
    memory: String(want.memory),
    taskRoleArn: want.taskRole,
    executionRoleArn: want.executionRole,
    runtimePlatform: { cpuArchitecture: "X86_64", operatingSystemFamily: "LINUX" },
    containerDefinitions: [
      {
        name: want.container,
        image: want.image,
        essential: true,
        // The name is what Service Connect refers to; the protocol makes its proxy count and retry requests.
        portMappings: [{ name: want.container, containerPort: want.port, protocol: "tcp", appProtocol: "http" }],
        environment: Object.entries(want.environment).map(([name, value]) => ({ name, value })),
        healthCheck: {
          command: JSON.parse(want.healthCheck) as string[],
          interval: 10,
          timeout: 5,
          retries: 3,
          startPeriod: 30,
        },
        dockerLabels: { [KNOWS]: [...want.knows].sort().join(" ") },
        logConfiguration: {
          logDriver: "awslogs",
          options: { "awslogs-group": want.logGroup, "awslogs-region": aws.region, "awslogs-stream-prefix": "ecs" },
        },
      },
    ],
    tags: tagListLower(want),
  };
}

/** Takes all revisions of a family away; AWS lets a revision go once nothing runs from it. */
export async function removeRevisions(aws: Aws, family: string): Promise<void> {
  const listed = async (status: "ACTIVE" | "INACTIVE") =>
    allPages(async (nextToken) => {
      const page = await aws.ecs.listTaskDefinitions({ familyPrefix: family, status, nextToken });
      return { items: page.taskDefinitionArns, next: page.nextToken };
    });
  for (const taskDefinition of await listed("ACTIVE")) await aws.ecs.deregisterTaskDefinition({ taskDefinition });
  const inactive = await listed("INACTIVE");
  for (let n = 0; n < inactive.length; n += MOST_AT_ONCE) {
    await aws.ecs.deleteTaskDefinitions({ taskDefinitions: inactive.slice(n, n + MOST_AT_ONCE) });
  }
}

const MOST_AT_ONCE = 10;
