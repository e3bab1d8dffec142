import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { type CreateServiceCommandInput, ECS, type RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";
import { IAM } from "@aws-sdk/client-iam";
import { ServiceDiscovery } from "@aws-sdk/client-servicediscovery";
import { vi } from "vitest";
import { servicediscovery } from "../../src/local/cloudmap/index.ts";
import { ec2 } from "../../src/local/ec2/index.ts";
import { iam } from "../../src/local/iam/index.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";
import type { AnyService } from "../../src/local/service.ts";

const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };

/** A local AWS with an ECS of the test's choice, and its clients. */
export async function room(ecsService: AnyService, more: readonly AnyService[] = []) {
  const dir = mkdtempSync(join(tmpdir(), "ecomctl-ecs-"));
  const services = [iam, ec2, servicediscovery, ...more, ecsService];
  let server: LocalServer = await startLocal({ dir, port: 0, services });
  const connect = () => {
    const options = { endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 };
    return {
      ecs: new ECS(options),
      ec2: new EC2(options),
      iam: new IAM(options),
      map: new ServiceDiscovery({ ...options, disableHostPrefix: true }),
      options,
    };
  };
  let clients = connect();
  return {
    dir,
    get server() {
      return server;
    },
    get clients() {
      return clients;
    },
    /** Stops the local AWS and starts it again on the same folder and port. */
    async restart() {
      const { port } = server;
      await server.stop();
      server = await startLocal({ dir, port, services });
      clients = connect();
    },
    async close() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
export type Room = Awaited<ReturnType<typeof room>>;

export const trust = (service = "ecs-tasks.amazonaws.com") =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });

/** A cluster, a role and a default VPC's subnets: what every service needs. */
export async function ground({ clients: { ecs, iam, ec2 } }: Room) {
  await ecs.createCluster({ clusterName: "shop" });
  const { Role } = await iam.createRole({ RoleName: "execution", AssumeRolePolicyDocument: trust() });
  await iam.putRolePolicy({
    RoleName: "execution",
    PolicyName: "all",
    PolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
    }),
  });
  const { Subnets } = await ec2.describeSubnets({});
  return { role: Role?.Arn ?? "", subnets: (Subnets ?? []).map((each) => each.SubnetId ?? "") };
}
export type Ground = Awaited<ReturnType<typeof ground>>;

export const definition = (
  { role }: Ground,
  family: string,
  more: Partial<RegisterTaskDefinitionCommandInput> = {},
): RegisterTaskDefinitionCommandInput => ({
  family,
  networkMode: "awsvpc",
  requiresCompatibilities: ["FARGATE"],
  cpu: "512",
  memory: "1024",
  executionRoleArn: role,
  containerDefinitions: [
    {
      name: "app",
      image: "127.0.0.1:1/app:one",
      portMappings: [{ name: "app", containerPort: 8080, appProtocol: "http" }],
      environment: [
        { name: "B", value: "2" },
        { name: "A", value: "1" },
      ],
    },
  ],
  ...more,
});

export const service = (
  { subnets }: Ground,
  serviceName: string,
  more: Partial<CreateServiceCommandInput> = {},
): CreateServiceCommandInput => ({
  cluster: "shop",
  serviceName,
  taskDefinition: serviceName,
  desiredCount: 1,
  launchType: "FARGATE",
  networkConfiguration: { awsvpcConfiguration: { subnets: subnets.slice(0, 2) } },
  deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
  ...more,
});

/** The service as DescribeServices shows it. */
export async function shown({ clients: { ecs } }: Room, name: string) {
  const { services: [found] = [] } = await ecs.describeServices({ cluster: "shop", services: [name] });
  if (!found) throw new Error(`there is no service ${name}`);
  return found;
}

/** Polls until a service looks as a test wants it. */
export const until = async (room: Room, name: string, check: (found: Awaited<ReturnType<typeof shown>>) => void) =>
  vi.waitFor(async () => check(await shown(room, name)), { timeout: 30_000, interval: 50 });
