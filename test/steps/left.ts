import { ApplicationAutoScaling } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CodeBuild } from "@aws-sdk/client-codebuild";
import { CodePipeline } from "@aws-sdk/client-codepipeline";
import { CodeStarConnections } from "@aws-sdk/client-codestar-connections";
import { S3 } from "@aws-sdk/client-s3";
import { ServiceDiscovery } from "@aws-sdk/client-servicediscovery";
import { type Raw, rawClients } from "../aws/raw.ts";
import { credentials, region } from "../support/world.ts";

/** One kind of thing, and the names of all that AWS has of it. */
type Lists = Readonly<Record<string, () => Promise<readonly (string | undefined)[] | undefined>>>;

/** All that somebody made in the account, `kind name` each, by asking every service; what AWS itself puts into an account is not among it. */
export async function everythingIn(url: string): Promise<string[]> {
  const raw = rawClients(url);
  const config = { endpoint: url, region, credentials };
  const [map, watch, s3] = [
    new ServiceDiscovery(config),
    new CloudWatch(config),
    new S3({ ...config, forcePathStyle: true }),
  ];
  const [connections, build, pipelines] = [
    new CodeStarConnections(config),
    new CodeBuild(config),
    new CodePipeline(config),
  ];
  const scaling = new ApplicationAutoScaling(config);
  const lists: Lists = {
    ...ofTheBasics(raw),
    ...ofTheCluster(raw),
    ...ofTheNetwork(raw),
    namespace: async () => (await map.listNamespaces({})).Namespaces?.map(({ Name }) => Name),
    endpoint: async () => (await map.listServices({})).Services?.map(({ Name }) => Name),
    "scaling target": async () =>
      (await scaling.describeScalableTargets({ ServiceNamespace: "ecs" })).ScalableTargets?.map((it) => it.ResourceId),
    "scaling policy": async () =>
      (await scaling.describeScalingPolicies({ ServiceNamespace: "ecs" })).ScalingPolicies?.map((it) => it.PolicyName),
    alarm: async () => (await watch.describeAlarms({})).MetricAlarms?.map(({ AlarmName }) => AlarmName),
    dashboard: async () => (await watch.listDashboards({})).DashboardEntries?.map(({ DashboardName }) => DashboardName),
    bucket: async () => (await s3.listBuckets({})).Buckets?.map(({ Name }) => Name),
    project: async () => (await build.listProjects({})).projects,
    pipeline: async () => (await pipelines.listPipelines({})).pipelines?.map(({ name }) => name),
    connection: async () => (await connections.listConnections({})).Connections?.map((it) => it.ConnectionName),
  };
  const found = await Promise.all(
    Object.entries(lists).map(async ([kind, list]) => ((await list()) ?? []).map((name) => `${kind} ${name}`)),
  );
  return found.flat().sort();
}

const ofTheBasics = ({ dynamodb, sns, sqs, ecr, iam, logs }: Raw): Lists => ({
  table: async () => (await dynamodb.listTables({})).TableNames,
  topic: async () => (await sns.listTopics({})).Topics?.map(({ TopicArn }) => TopicArn),
  subscription: async () => (await sns.listSubscriptions({})).Subscriptions?.map(({ Endpoint }) => Endpoint),
  queue: async () => (await sqs.listQueues({})).QueueUrls,
  repository: async () =>
    (await ecr.describeRepositories({})).repositories?.map(({ repositoryName }) => repositoryName),
  // ECS and autoscaling act through roles of their own, which outlive what they were made for.
  role: async () =>
    (await iam.listRoles({})).Roles?.filter(({ Path }) => !Path?.startsWith("/aws-service-role/")).map(
      ({ RoleName }) => RoleName,
    ),
  "log group": async () => (await logs.describeLogGroups({})).logGroups?.map(({ logGroupName }) => logGroupName),
});

const ofTheCluster = ({ ecs }: Raw): Lists => {
  const definitions = async (status: "ACTIVE" | "INACTIVE") =>
    (await ecs.listTaskDefinitions({ status })).taskDefinitionArns;
  const clusters = async () => (await ecs.listClusters({})).clusterArns;
  const inClusters = async (list: (cluster: string) => Promise<string[] | undefined>) =>
    (await Promise.all(((await clusters()) ?? []).map(async (cluster) => (await list(cluster)) ?? []))).flat();
  return {
    // What is INACTIVE is not listed.
    cluster: clusters,
    service: () => inClusters(async (cluster) => (await ecs.listServices({ cluster })).serviceArns),
    task: () => inClusters(async (cluster) => (await ecs.listTasks({ cluster })).taskArns),
    "task definition": () => definitions("ACTIVE"),
    "former task definition": () => definitions("INACTIVE"),
  };
};

const ofTheNetwork = ({ ec2, elb }: Raw): Lists => ({
  "security group": async () =>
    (await ec2.describeSecurityGroups({})).SecurityGroups?.map(({ GroupName }) => GroupName).filter(
      (name) => name !== "default",
    ),
  "network interface": async () =>
    (await ec2.describeNetworkInterfaces({})).NetworkInterfaces?.map((it) => it.NetworkInterfaceId),
  "load balancer": async () =>
    (await elb.describeLoadBalancers({})).LoadBalancers?.map(({ LoadBalancerName }) => LoadBalancerName),
  "target group": async () =>
    (await elb.describeTargetGroups({})).TargetGroups?.map(({ TargetGroupName }) => TargetGroupName),
});
