import { ApplicationAutoScaling } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { EC2 } from "@aws-sdk/client-ec2";
import { ECR } from "@aws-sdk/client-ecr";
import { ECS, type RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAM } from "@aws-sdk/client-iam";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { expect, vi } from "vitest";
import { credentials, region } from "../support/world.ts";

/** The SDK's own clients: somebody who works behind ecomctl's back. */
export function rawClients(endpoint: string) {
  const config = { endpoint, region, credentials };
  return {
    scaling: new ApplicationAutoScaling(config),
    cloudwatch: new CloudWatch(config),
    logs: new CloudWatchLogs(config),
    dynamodb: new DynamoDB(config),
    ec2: new EC2(config),
    ecr: new ECR(config),
    ecs: new ECS(config),
    elb: new ElasticLoadBalancingV2(config),
    iam: new IAM(config),
    sns: new SNS(config),
    sqs: new SQS(config),
  };
}
export type Raw = ReturnType<typeof rawClients>;

/** Waits until a service's deployments have come to an end. */
export const steady = (raw: Raw, cluster: string, service: string) =>
  vi.waitFor(
    async () => {
      const { services } = await raw.ecs.describeServices({ cluster, services: [service] });
      expect(services?.[0]?.deployments?.map(({ rolloutState }) => rolloutState)).toEqual(["COMPLETED"]);
    },
    { timeout: 30_000, interval: 100 },
  );

/** Registers a changed revision of what a service runs, and deploys it, as a person would in the console. */
export async function revise(
  raw: Raw,
  cluster: string,
  service: string,
  change: (it: RegisterTaskDefinitionCommandInput) => void,
) {
  const { services } = await raw.ecs.describeServices({ cluster, services: [service] });
  const { taskDefinition } = await raw.ecs.describeTaskDefinition({ taskDefinition: services?.[0]?.taskDefinition });
  const {
    family,
    networkMode,
    requiresCompatibilities,
    cpu,
    memory,
    taskRoleArn,
    executionRoleArn,
    runtimePlatform,
    containerDefinitions,
  } = taskDefinition!;
  const input = structuredClone({
    family,
    networkMode,
    requiresCompatibilities,
    cpu,
    memory,
    taskRoleArn,
    executionRoleArn,
    runtimePlatform,
    containerDefinitions,
  });
  change(input);
  const { taskDefinition: made } = await raw.ecs.registerTaskDefinition(input);
  await raw.ecs.updateService({ cluster, service, taskDefinition: made?.taskDefinitionArn });
  await steady(raw, cluster, service);
}
