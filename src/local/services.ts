import type { AnyService } from "./service.ts";

/** All services there are, in the order in which they start. Their client packages wait for the first request. */
export async function allServices(): Promise<AnyService[]> {
  return [
    (await import("./sts.ts")).sts,
    (await import("./iam/index.ts")).iam,
    (await import("./dynamodb/dynamodb.ts")).dynamodb,
    (await import("./sns/sns.ts")).sns,
    (await import("./sqs/sqs.ts")).sqs,
    (await import("./ec2/index.ts")).ec2,
    (await import("./ecr/index.ts")).ecr,
    (await import("./elbv2/index.ts")).elbv2,
    (await import("./logs/index.ts")).logs,
    (await import("./cloudmap/index.ts")).servicediscovery,
    (await import("./ecs/index.ts")).ecs,
    (await import("./s3/index.ts")).s3,
    (await import("./connections/index.ts")).connections,
    (await import("./acm.ts")).acm,
  ];
}
