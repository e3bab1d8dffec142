import type { AnyService } from "./service.ts";

/** All services there are. Their client packages wait for the first request. */
export async function allServices(): Promise<AnyService[]> {
  return [
    (await import("./sts.ts")).sts,
    (await import("./iam/index.ts")).iam,
    (await import("./dynamodb/dynamodb.ts")).dynamodb,
    (await import("./ec2/index.ts")).ec2,
    (await import("./ecr/index.ts")).ecr,
    (await import("./cloudmap/index.ts")).servicediscovery,
  ];
}
