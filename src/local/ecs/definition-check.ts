import type { ContainerDefinition, RegisterTaskDefinitionRequest } from "@aws-sdk/client-ecs";
import { Refusal } from "../service.ts";

/** Memory in MiB that Fargate offers for each number of CPU units: lowest, highest, step. */
const FARGATE: Record<number, readonly [number, number, number]> = {
  256: [512, 2048, 512],
  512: [1024, 4096, 1024],
  1024: [2048, 8192, 1024],
  2048: [4096, 16384, 1024],
  4096: [8192, 30720, 1024],
  8192: [16384, 61440, 4096],
  16384: [32768, 122880, 8192],
};

function refuse(message: string): never {
  throw new Refusal("ClientException", message);
}

/** "1 vCPU", "1GB" or "1024" as AWS keeps it: units or MiB, a string of digits. */
export function amount(said: string | undefined): string | undefined {
  if (said === undefined) return undefined;
  const match = /^\s*([\d.]+)\s*(vcpu|gb|)\s*$/i.exec(said);
  if (!match) return said;
  return String(Number(match[1]) * (match[2] ? 1024 : 1));
}

function fits(cpu: number, memory: number): boolean {
  const range = FARGATE[cpu];
  if (!range) return false;
  const [low, high, step] = range;
  if (cpu === 256) return [512, 1024, 2048].includes(memory);
  return memory >= low && memory <= high && (memory - low) % step === 0;
}

/** Whether an image comes from ECR, AWS's or the one of this machine. */
const fromEcr = (image = ""): boolean => /\.dkr[.-]ecr[.-]|^(127\.0\.0\.1|localhost):\d+\//.test(image);

function checkFargate(input: RegisterTaskDefinitionRequest, containers: readonly ContainerDefinition[]): void {
  if (input.networkMode !== "awsvpc") refuse("Fargate only supports network mode ‘awsvpc’.");
  const [cpu, memory] = [amount(input.cpu), amount(input.memory)];
  if (cpu === undefined) refuse("Fargate requires that 'cpu' be defined at the task level.");
  if (memory === undefined) refuse("Fargate requires that 'memory' be defined at the task level.");
  if (!fits(Number(cpu), Number(memory)))
    refuse(
      `No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory. See the Amazon ECS documentation for the valid values.`,
    );
  const needsRole = (what: string): never =>
    refuse(`Fargate requires task definition to have execution role ARN to support ${what}.`);
  for (const container of containers) {
    if (!input.executionRoleArn && fromEcr(container.image)) needsRole("ECR images");
    const log = container.logConfiguration;
    if (!input.executionRoleArn && log?.logDriver === "awslogs") needsRole("log driver awslogs");
    if (!input.executionRoleArn && (container.secrets ?? []).length > 0) needsRole("container secrets");
    if (log?.logDriver === "awslogs" && !log.options?.["awslogs-stream-prefix"])
      refuse(
        "The awslogs-stream-prefix option is required in the log configuration when using the Fargate launch type.",
      );
  }
}

function checkPorts(container: ContainerDefinition, names: Set<string>): void {
  for (const port of container.portMappings ?? []) {
    if (port.hostPort !== undefined && port.hostPort !== 0 && port.hostPort !== port.containerPort)
      refuse("When networkMode=awsvpc, the host ports and container ports in port mappings must match.");
    if (port.appProtocol !== undefined && port.name === undefined)
      refuse("The portMapping name must be specified when appProtocol is specified.");
    if (port.name === undefined) continue;
    if (!/^[a-z0-9_][a-z0-9_-]{0,63}$/.test(port.name))
      refuse(
        `Invalid portMapping name '${port.name}'. It can include lowercase letters, numbers, underscores, and hyphens, and may not start with a hyphen.`,
      );
    if (names.has(port.name)) refuse(`Port mapping name '${port.name}' is not unique within the task definition.`);
    names.add(port.name);
  }
}

/** Refuses what RegisterTaskDefinition refuses, with a ClientException in its words. */
export function checkDefinition(input: RegisterTaskDefinitionRequest): void {
  const containers = input.containerDefinitions ?? [];
  if (!/^[a-zA-Z0-9_-]{1,255}$/.test(input.family ?? "")) refuse("Family contains invalid characters.");
  if (input.tags?.length === 0) refuse("Tags can not be empty.");
  if (containers.length === 0) refuse("Container list cannot be empty.");
  if (containers.every((each) => each.essential === false))
    refuse("Task definition must have at least one essential container.");
  const names = new Set<string>();
  const portNames = new Set<string>();
  for (const container of containers) {
    const { name, image, memory } = container;
    if (!name) refuse("Container.name should not be null or empty.");
    if (!image) refuse("Container.image should not be null or empty.");
    if (names.has(name ?? "")) refuse(`Container name '${name}' is not unique within the task definition.`);
    names.add(name ?? "");
    if (memory !== undefined && input.memory !== undefined && memory > Number(amount(input.memory)))
      refuse(`The 'memory' setting for container '${name}' is greater than for the task.`);
    if (input.networkMode === "awsvpc") checkPorts(container, portNames);
    const options =
      container.logConfiguration?.logDriver === "awslogs" ? container.logConfiguration.options : undefined;
    for (const option of ["awslogs-group", "awslogs-region"])
      if (options && !options[option]) refuse(`Log driver awslogs requires option '${option}'.`);
  }
  if (input.requiresCompatibilities?.includes("FARGATE")) checkFargate(input, containers);
}
