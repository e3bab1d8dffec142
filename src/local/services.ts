import type { AnyService } from "./service.ts";

/** All services there are, in the order in which they start. Their client packages wait for the first request. */
export async function allServices(): Promise<AnyService[]> {
  const modules: object[] = await Promise.all([
    import("./sts.ts"),
    import("./iam/index.ts"),
    import("./dynamodb/dynamodb.ts"),
    import("./sns/sns.ts"),
    import("./sqs/sqs.ts"),
    import("./ec2/index.ts"),
    import("./ecr/index.ts"),
    import("./elbv2/index.ts"),
    import("./logs/index.ts"),
    import("./cloudmap/index.ts"),
    import("./ecs/index.ts"),
    import("./s3/index.ts"),
    import("./connections/index.ts"),
    import("./codebuild/index.ts"),
    import("./codepipeline/index.ts"),
    import("./acm.ts"),
    import("./cloudwatch/index.ts"),
    import("./autoscaling/index.ts"),
  ]);
  return modules.flatMap((module) => Object.values(module).filter(isService));
}

const isService = (value: unknown): value is AnyService =>
  typeof value === "object" && value !== null && "handlers" in value && "initial" in value;
