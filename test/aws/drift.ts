import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";
import type { Aws } from "../../src/aws/clients.ts";
import type { Resource } from "../../src/engine/resource.ts";
import type { Survey } from "../../src/engine/survey.ts";
import { monitoringDrifts } from "./drift-monitoring.ts";
import { type Raw, revise, steady } from "./raw.ts";

/** A change behind ecomctl's back: of which resource, which field it is to show as, and how it is made. */
export interface Drift {
  readonly id: string;
  readonly field: string;
  /** What may have to change with it, which is known only when it is mended: then it turns out to be well. */
  readonly perhaps?: string;
  make(raw: Raw, have: Have): Promise<unknown>;
}
/** An output of a resource, as it was when the platform stood. */
export type Have = (id: string, output: string) => string;

export const haveIn =
  (survey: Survey): Have =>
  (id, output) =>
    String(survey.get(id)?.live?.outputs[output]);

const QUEUE = "sqs:queue/OrderQueue";
const DEAD = "sqs:queue/OrderQueue-dlq";
const SUBSCRIPTION = "sns:subscription/ecommerce-events/OrderQueue";
const CLUSTER = "hw2-cluster";
const SERVICE = "service-order";
const WEB = "service-web";

const attribute = (id: string, field: string, name: string, value: string): Drift => ({
  id,
  field,
  make: ({ sqs }, have) => sqs.setQueueAttributes({ QueueUrl: have(id, "url"), Attributes: { [name]: value } }),
});
const filter = (field: string, AttributeName: string, AttributeValue: string): Drift => ({
  id: SUBSCRIPTION,
  field,
  make: ({ sns }, have) =>
    sns.setSubscriptionAttributes({ SubscriptionArn: have(SUBSCRIPTION, "arn"), AttributeName, AttributeValue }),
});
const revision = (
  field: string,
  change: (it: RegisterTaskDefinitionCommandInput, main: ContainerDefinition) => void,
  service = SERVICE,
): Drift => ({
  id: `ecs:service/${service}`,
  field,
  make: (raw) => revise(raw, CLUSTER, service, (it) => change(it, it.containerDefinitions![0]!)),
});
const setting = (field: string, input: object, service = SERVICE): Drift => ({
  id: `ecs:service/${service}`,
  field,
  async make(raw) {
    await raw.ecs.updateService({ cluster: CLUSTER, service, ...input });
    await steady(raw, CLUSTER, service);
  },
});
const vpcSetting = (
  field: string,
  change: (
    it: { subnets?: string[]; securityGroups?: string[]; assignPublicIp?: "ENABLED" | "DISABLED" },
    have: Have,
  ) => void,
): Drift => ({
  id: `ecs:service/${SERVICE}`,
  field,
  async make(raw, have) {
    const { services } = await raw.ecs.describeServices({ cluster: CLUSTER, services: [SERVICE] });
    const awsvpcConfiguration = services![0]!.networkConfiguration!.awsvpcConfiguration!;
    change(awsvpcConfiguration, have);
    await raw.ecs.updateService({ cluster: CLUSTER, service: SERVICE, networkConfiguration: { awsvpcConfiguration } });
    await steady(raw, CLUSTER, SERVICE);
  },
});
const scalingId = {
  ServiceNamespace: "ecs",
  ResourceId: `service/${CLUSTER}/${SERVICE}`,
  ScalableDimension: "ecs:service:DesiredCount",
} as const;
const policy = (field: string, change: (it: Record<string, unknown>) => void): Drift => ({
  id: `autoscaling:policy/${SERVICE}-backlog`,
  field,
  async make({ scaling }) {
    const { ScalingPolicies } = await scaling.describeScalingPolicies({
      ServiceNamespace: "ecs",
      PolicyNames: [`${SERVICE}-backlog`],
    });
    const TargetTrackingScalingPolicyConfiguration = ScalingPolicies![0]!.TargetTrackingScalingPolicyConfiguration!;
    change(TargetTrackingScalingPolicyConfiguration as unknown as Record<string, unknown>);
    await scaling.putScalingPolicy({
      ...scalingId,
      PolicyName: `${SERVICE}-backlog`,
      PolicyType: "TargetTrackingScaling",
      TargetTrackingScalingPolicyConfiguration,
    });
  },
});

/** One row for every field that somebody could change. */
export const drifts: readonly Drift[] = [
  {
    id: "dynamodb:table/Orders",
    field: "billing",
    make: ({ dynamodb }) =>
      dynamodb.updateTable({
        TableName: "Orders",
        BillingMode: "PROVISIONED",
        ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
      }),
  },
  {
    id: "dynamodb:table/Products",
    field: "recovery",
    make: ({ dynamodb }) =>
      dynamodb.updateContinuousBackups({
        TableName: "Products",
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
      }),
  },
  {
    id: "dynamodb:table/Products",
    field: "protected",
    make: ({ dynamodb }) => dynamodb.updateTable({ TableName: "Products", DeletionProtectionEnabled: false }),
  },
  {
    id: "dynamodb:table/Orders",
    field: "encryption",
    make: ({ dynamodb }) => dynamodb.updateTable({ TableName: "Orders", SSESpecification: { Enabled: true } }),
  },
  {
    id: "dynamodb:table/Products",
    field: "indexes",
    make: ({ dynamodb }) =>
      dynamodb.updateTable({
        TableName: "Products",
        GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "changes" } }],
      }),
  },
  attribute(QUEUE, "visibility", "VisibilityTimeout", "5"),
  attribute(QUEUE, "wait", "ReceiveMessageWaitTimeSeconds", "0"),
  attribute(QUEUE, "retention", "MessageRetentionPeriod", "60"),
  attribute(QUEUE, "encrypted", "SqsManagedSseEnabled", "false"),
  attribute(QUEUE, "deadLetters", "RedrivePolicy", ""),
  attribute(DEAD, "allows", "RedriveAllowPolicy", '{"redrivePermission":"allowAll"}'),
  {
    id: QUEUE,
    field: "receivesFrom",
    async make({ sqs }, have) {
      const QueueUrl = have(QUEUE, "url");
      const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["Policy"] });
      const loosened = JSON.parse(Attributes?.Policy ?? "");
      delete loosened.Statement[0].Condition;
      await sqs.setQueueAttributes({ QueueUrl, Attributes: { Policy: JSON.stringify(loosened) } });
    },
  },
  filter("raw", "RawMessageDelivery", "false"),
  filter("filter", "FilterPolicy", '{"eventType":["order.placed","order.mislaid"]}'),
  filter("scope", "FilterPolicyScope", "MessageBody"),
  {
    id: "ecr:repository/web-server",
    field: "mutability",
    make: ({ ecr }) => ecr.putImageTagMutability({ repositoryName: "web-server", imageTagMutability: "MUTABLE" }),
  },
  {
    id: "ecr:repository/web-server",
    field: "scan",
    make: ({ ecr }) =>
      ecr.putImageScanningConfiguration({
        repositoryName: "web-server",
        imageScanningConfiguration: { scanOnPush: false },
      }),
  },
  {
    id: "ecr:repository/web-server",
    field: "lifecycle",
    make: ({ ecr }) => ecr.deleteLifecyclePolicy({ repositoryName: "web-server" }),
  },
  {
    id: "logs:log-group//ecs/ecommerce/service-web",
    field: "retention",
    make: ({ logs }) => logs.deleteRetentionPolicy({ logGroupName: "/ecs/ecommerce/service-web" }),
  },
  {
    id: `ecs:cluster/${CLUSTER}`,
    field: "insights",
    make: ({ ecs }) =>
      ecs.updateCluster({ cluster: CLUSTER, settings: [{ name: "containerInsights", value: "disabled" }] }),
  },
  {
    id: `ecs:cluster/${CLUSTER}`,
    field: "providers",
    make: ({ ecs }) =>
      ecs.putClusterCapacityProviders({
        cluster: CLUSTER,
        capacityProviders: ["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy: [],
      }),
  },
  {
    id: `ecs:cluster/${CLUSTER}`,
    field: "namespace",
    make: ({ ecs }) => ecs.updateCluster({ cluster: CLUSTER, serviceConnectDefaults: { namespace: "" } }),
  },
  {
    id: "iam:role/ecs-task-role-web",
    field: "trust",
    make: ({ iam }) =>
      iam.updateAssumeRolePolicy({
        RoleName: "ecs-task-role-web",
        PolicyDocument:
          '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
      }),
  },
  {
    id: "iam:role/ecs-task-role-web",
    field: "policies",
    make: ({ iam }) =>
      iam.putRolePolicy({
        RoleName: "ecs-task-role-web",
        PolicyName: "just-for-now",
        PolicyDocument: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}',
      }),
  },
  {
    id: "iam:role/ecs-task-role-web",
    field: "managed",
    make: ({ iam }) =>
      iam.attachRolePolicy({ RoleName: "ecs-task-role-web", PolicyArn: "arn:aws:iam::aws:policy/AmazonSQSFullAccess" }),
  },
  {
    id: "ec2:security-group/ecommerce-backend",
    field: "ingress",
    make: ({ ec2 }, have) =>
      ec2.authorizeSecurityGroupIngress({
        GroupId: have("ec2:security-group/ecommerce-backend", "id"),
        IpPermissions: [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
      }),
  },
  {
    id: "elbv2:target-group/ecommerce-web",
    field: "health",
    make: ({ elb }, have) =>
      elb.modifyTargetGroup({ TargetGroupArn: have("elbv2:target-group/ecommerce-web", "arn"), HealthCheckPath: "/" }),
  },
  {
    id: "elbv2:target-group/ecommerce-web",
    field: "drain",
    make: ({ elb }, have) =>
      elb.modifyTargetGroupAttributes({
        TargetGroupArn: have("elbv2:target-group/ecommerce-web", "arn"),
        Attributes: [{ Key: "deregistration_delay.timeout_seconds", Value: "300" }],
      }),
  },
  {
    id: "elbv2:load-balancer/ecommerce-alb",
    field: "securityGroups",
    make: ({ elb }, have) =>
      elb.setSecurityGroups({
        LoadBalancerArn: have("elbv2:load-balancer/ecommerce-alb", "arn"),
        SecurityGroups: [have("ec2:security-group/ecommerce-backend", "id")],
      }),
  },
  {
    id: "elbv2:load-balancer/ecommerce-alb",
    field: "subnets",
    async make({ elb }, have) {
      const LoadBalancerArn = have("elbv2:load-balancer/ecommerce-alb", "arn");
      const { LoadBalancers } = await elb.describeLoadBalancers({ LoadBalancerArns: [LoadBalancerArn] });
      const Subnets = LoadBalancers![0]!.AvailabilityZones!.map(({ SubnetId }) => SubnetId!).slice(0, 2);
      await elb.setSubnets({ LoadBalancerArn, Subnets });
    },
  },
  {
    id: "elbv2:listener/ecommerce-alb/80",
    field: "forward, redirect",
    perhaps: "update ecs:service/service-web (targetGroups)",
    make: ({ elb }, have) =>
      elb.modifyListener({
        ListenerArn: have("elbv2:listener/ecommerce-alb/80", "arn"),
        DefaultActions: [
          { Type: "redirect", RedirectConfig: { Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_301" } },
        ],
      }),
  },
  revision("image", (_, main) => {
    main.image = main.image!.replace(/:.*/, ":by-hand");
  }),
  revision("cpu", (it) => {
    it.cpu = "256";
  }),
  revision("memory", (it) => {
    it.memory = "2048";
  }),
  revision("port", (_, main) => {
    main.portMappings![0]!.containerPort = 9090;
    main.portMappings![0]!.hostPort = 9090;
  }),
  revision("environment", (_, main) => {
    main.environment!.push({ name: "DEBUG", value: "yes" });
  }),
  revision("healthCheck", (_, main) => {
    main.healthCheck!.command = ["CMD", "true"];
  }),
  revision("taskRole", (it) => {
    it.taskRoleArn = it.taskRoleArn!.replace("-order", "-web");
  }),
  revision("executionRole", (it) => {
    it.executionRoleArn = it.executionRoleArn!.replace("ecs-execution-role", "ecs-task-role-web");
  }),
  revision("logGroup", (_, main) => {
    main.logConfiguration!.options!["awslogs-group"] = "/ecs/ecommerce/service-web";
  }),
  revision(
    "knows",
    (_, main) => {
      main.dockerLabels = {};
    },
    WEB,
  ),
  setting("count", { desiredCount: 2 }, WEB),
  vpcSetting("subnets", (it) => {
    it.subnets = it.subnets!.slice(0, 1);
  }),
  vpcSetting("securityGroups", (it, have) => {
    it.securityGroups = [have("ec2:security-group/ecommerce-web", "id")];
  }),
  vpcSetting("publicIp", (it) => {
    it.assignPublicIp = "DISABLED";
  }),
  setting("targetGroups", { loadBalancers: [] }, WEB),
  setting("grace", { healthCheckGracePeriodSeconds: 5 }, WEB),
  setting("breaker", {
    deploymentConfiguration: {
      minimumHealthyPercent: 100,
      maximumPercent: 200,
      deploymentCircuitBreaker: { enable: true, rollback: false },
    },
  }),
  setting("serviceConnect", { serviceConnectConfiguration: { enabled: false } }, WEB),
  {
    id: `autoscaling:target/${SERVICE}`,
    field: "max",
    make: ({ scaling }) => scaling.registerScalableTarget({ ...scalingId, MinCapacity: 1, MaxCapacity: 9 }),
  },
  {
    id: `autoscaling:target/${SERVICE}`,
    field: "min",
    make: ({ scaling }) => scaling.registerScalableTarget({ ...scalingId, MinCapacity: 2, MaxCapacity: 3 }),
  },
  policy("goal", (it) => {
    it.TargetValue = 7;
  }),
  policy("coolDown", (it) => {
    it.ScaleInCooldown = 1;
  }),
  policy("metric", (it) => {
    delete it.CustomizedMetricSpecification;
    it.PredefinedMetricSpecification = { PredefinedMetricType: "ECSServiceAverageCPUUtilization" };
  }),
  ...monitoringDrifts,
];

/** Fields that nobody can change while the thing is there, or that say where it is found. */
const unchangeable: Readonly<Record<string, readonly string[]>> = {
  "dynamodb:table": ["key"],
  "sns:subscription": ["topic", "queue"],
  "ec2:security-group": ["vpc", "description"],
  "elbv2:target-group": ["vpc", "port"],
  "elbv2:load-balancer": ["scheme"],
  "elbv2:listener": ["loadBalancer", "port", "protocol", "certificate"],
  "ecs:service": ["cluster", "container"],
  "autoscaling:target": ["service", "cluster"],
  // What a pipeline consists of is changed in its own tests, and who hears of alarms, for a person has to agree first.
  "s3:bucket": ["private", "encryption", "policy", "versioning", "ownership", "lifecycle"],
  "connections:connection": ["provider"],
  "codebuild:project": [
    ...["buildspec", "image", "compute", "privileged", "environment"],
    ...["serviceRole", "logGroup", "timeout"],
  ],
  "codepipeline:pipeline": [
    ...["role", "bucket", "mode", "connection", "repository", "branch", "onPush"],
    ...["project", "cluster", "deploys", "timeout", "others"],
  ],
  "sns:email": ["topic", "addresses"],
  "autoscaling:policy": ["service", "cluster", "target"],
  // Its own tests replace images: they are content, not settings.
  "ecr:image": ["repository", "tag", "source", "inputs"],
};

/** The fields of the platform's kinds that no row changes. */
export function fieldsWithoutDrift(resources: readonly Resource<Aws>[]): string[] {
  const rows = new Set(
    drifts.flatMap(({ id, field }) => field.split(", ").map((each) => `${id.split("/")[0]}.${each}`)),
  );
  const declared = resources.flatMap(({ kind, spec }) => Object.keys(spec).map((field) => `${kind.type}.${field}`));
  const excused = Object.entries(unchangeable).flatMap(([type, fields]) => fields.map((field) => `${type}.${field}`));
  return [...new Set(declared)].filter((field) => !rows.has(field) && !excused.includes(field));
}
