import { scalingPolicy } from "../../src/aws/autoscaling/policy.ts";
import { scalingTarget } from "../../src/aws/autoscaling/target.ts";
import { alarm } from "../../src/aws/cloudwatch/alarm.ts";
import { dashboard, type Widget } from "../../src/aws/cloudwatch/dashboard.ts";
import { table } from "../../src/aws/dynamodb/table.ts";
import { network } from "../../src/aws/ec2/network.ts";
import { securityGroup } from "../../src/aws/ec2/security-group.ts";
import { cluster } from "../../src/aws/ecs/cluster.ts";
import { service } from "../../src/aws/ecs/service.ts";
import { listener } from "../../src/aws/elbv2/listener.ts";
import { loadBalancer } from "../../src/aws/elbv2/load-balancer.ts";
import { targetGroup } from "../../src/aws/elbv2/target-group.ts";
import { allow, policy, trusts } from "../../src/aws/iam/document.ts";
import { role } from "../../src/aws/iam/role.ts";
import { logGroup } from "../../src/aws/logs/log-group.ts";
import { bucket } from "../../src/aws/s3/bucket.ts";
import { namespace } from "../../src/aws/servicediscovery/namespace.ts";
import { subscription } from "../../src/aws/sns/subscription.ts";
import { topic } from "../../src/aws/sns/topic.ts";
import { type QueueSpec, queue } from "../../src/aws/sqs/queue.ts";
import { changes } from "../../src/steps/1-table.ts";
import type { Case } from "./law.ts";

const plain: QueueSpec = {
  visibility: 30,
  wait: 20,
  retention: 3600,
  encrypted: true,
  deadLetters: null,
  allows: [],
  receivesFrom: [],
};
const place = network("network", { vpc: null, subnets: null, zones: 2 });
const { vpc, subnets } = place.ref;
const trust = trusts("ecs-tasks.amazonaws.com", { StringEquals: { "aws:SourceAccount": ["000000000000"] } });
const door = securityGroup("law-door", { vpc, description: "The door", ingress: [{ port: 80, from: "0.0.0.0/0" }] });
const health = { path: "/healthz", interval: 10, healthy: 2, unhealthy: 3 };
const targets = (name: string) => targetGroup(name, { vpc, port: 8080, health, drain: 30 });
const balancer = loadBalancer("law-alb", {
  scheme: "internet-facing",
  subnets: [subnets],
  securityGroups: [door.ref.id],
});

const tables = (): Case => ({
  subject: table("law-table", {
    key: "id",
    billing: "on-demand",
    recovery: true,
    protected: true,
    encryption: "owned",
    indexes: { changes },
  }),
  change: { recovery: false, protected: false, indexes: null },
});
const topics = (): Case => ({
  subject: topic("law-topic", { publishers: ["cloudwatch.amazonaws.com"] }),
  change: { publishers: [] },
});
const queues = (): Case => {
  const dead = queue("law-dead", { ...plain, allows: ["law-queue"] });
  const events = topic("law-events", {});
  return {
    before: [dead, events],
    subject: queue("law-queue", {
      ...plain,
      deadLetters: { queue: dead.ref.arn, after: 3 },
      receivesFrom: [events.ref.arn],
    }),
    change: { visibility: 45, wait: 5, retention: 7200, deadLetters: null, receivesFrom: [], allows: ["*"] },
  };
};
const subscriptions = (): Case => {
  const events = topic("law-feed", {});
  const inbox = queue("law-inbox", { ...plain, receivesFrom: [events.ref.arn] });
  return {
    before: [events, inbox],
    subject: subscription("law-feed/law-inbox", {
      topic: events.ref.arn,
      queue: inbox.ref.name,
      raw: true,
      filter: { eventType: ["a", "b"] },
      scope: "MessageAttributes",
    }),
    change: { raw: false, filter: { eventType: ["c"] }, scope: "MessageBody" },
  };
};
const logGroups = (): Case => ({ subject: logGroup("/law/group", { retention: 30 }), change: { retention: null } });
const namespaces = (): Case => ({ subject: namespace("law-mesh", {}), change: {} });
const clusters = (): Case => {
  const mesh = namespace("law-home", {});
  const subject = cluster("law-cluster", { insights: "enabled", providers: ["FARGATE"], namespace: mesh.ref.arn });
  return { before: [mesh], subject, change: { insights: "disabled", providers: ["FARGATE", "FARGATE_SPOT"] } };
};
const roles = (): Case => ({
  subject: role("law-role", {
    trust,
    policies: {
      one: policy([allow(["sns:Publish"], ["arn:aws:sns:us-east-1:000000000000:x"])]),
      two: policy([allow(["sqs:*"], ["*"])]),
    },
    managed: ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
  }),
  change: {
    trust: trusts("ecs.amazonaws.com"),
    policies: { one: policy([allow(["sns:Publish", "sns:GetTopicAttributes"], ["*"])]) },
    managed: ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"],
  },
});
const securityGroups = (): Case => {
  const other = securityGroup("law-other", { vpc, description: "Another", ingress: [] });
  return {
    lookups: [place],
    before: [other],
    subject: securityGroup("law-group", {
      vpc,
      description: "The law",
      ingress: [
        { port: 80, from: "0.0.0.0/0" },
        { port: 443, from: "10.0.0.0/8" },
      ],
    }),
    change: {
      ingress: [
        { port: 8080, from: other.ref.id },
        { port: 80, from: "0.0.0.0/0" },
      ],
    },
  };
};
const targetGroups = (): Case => ({
  lookups: [place],
  subject: targets("law-targets"),
  change: { health: { ...health, path: "/readyz", interval: 15 }, drain: 5 },
});
const loadBalancers = (): Case => {
  const second = securityGroup("law-second", { vpc, description: "Another door", ingress: [] });
  return {
    lookups: [place],
    before: [door, second],
    subject: balancer,
    change: { securityGroups: [second.ref.id, door.ref.id] },
  };
};
const listeners = (): Case => {
  const [one, two] = [targets("law-one"), targets("law-two")];
  return {
    lookups: [place],
    before: [door, balancer, one, two],
    subject: listener("law-alb/80", {
      loadBalancer: balancer.ref.arn,
      port: 80,
      protocol: "HTTP",
      certificate: null,
      forward: one.ref.arn,
      redirect: null,
    }),
    change: { forward: two.ref.arn },
  };
};
const buckets = (): Case => ({
  subject: bucket("law-bucket", {
    private: true,
    encryption: "AES256",
    policy: "tls-only",
    versioning: true,
    ownership: "BucketOwnerEnforced",
    lifecycle: [{ objects: 30, olderVersions: 7, unfinishedUploads: 7 }],
  }),
  change: {
    private: false,
    encryption: "aws:kms",
    policy: null,
    versioning: false,
    ownership: "BucketOwnerPreferred",
    lifecycle: null,
  },
});
const alarms = (): Case => {
  const bell = topic("law-bell", { publishers: ["cloudwatch.amazonaws.com"] });
  return {
    before: [bell],
    subject: alarm("law-alarm", {
      topic: bell.ref.arn,
      description: "something is wrong",
      namespace: "AWS/SQS",
      metric: "ApproximateAgeOfOldestMessage",
      dimensions: { QueueName: "law-queue" },
      statistic: "Maximum",
      period: 60,
      compare: ">",
      threshold: 300,
      points: 2,
      periods: 3,
      missing: "notBreaching",
    }),
    change: {
      description: "something else is wrong",
      namespace: "AWS/ApplicationELB",
      metric: "TargetResponseTime",
      dimensions: { LoadBalancer: "app/law/1" },
      statistic: "p95",
      period: 300,
      compare: "<=",
      threshold: 0.5,
      points: 1,
      periods: 1,
      missing: "breaching",
    },
  };
};
const dashboards = (): Case => {
  const chart = (metric: string): Widget => ({
    type: "metric",
    x: 0,
    y: 0,
    width: 12,
    height: 6,
    properties: { region: "us-east-1", metrics: [["AWS/SQS", metric, "QueueName", "law-queue"]] },
  });
  const subject = dashboard("law-dashboard", { widgets: [chart("ApproximateAgeOfOldestMessage")] });
  return { subject, change: { widgets: [chart("NumberOfMessagesSent")] } };
};

/** A service that runs, and all that it stands on. */
const running = (name: string) => {
  const mesh = namespace(`${name}-mesh`, {});
  const home = cluster(`${name}-home`, { insights: "enabled", providers: ["FARGATE"], namespace: mesh.ref.arn });
  const logs = logGroup(`/law/${name}`, { retention: 1 });
  const trusted = role(`${name}-role`, { trust: trusts("ecs-tasks.amazonaws.com"), policies: {}, managed: [] });
  const group = securityGroup(`${name}-group`, { vpc, description: "Tasks of the law", ingress: [] });
  const its = service(name, {
    container: "it",
    image: "000000000000.dkr.ecr.us-east-1.amazonaws.com/it:1",
    cpu: 256,
    memory: 512,
    port: 8080,
    environment: { ONE: "1" },
    healthCheck: JSON.stringify(["CMD", "true"]),
    taskRole: trusted.ref.arn,
    executionRole: trusted.ref.arn,
    logGroup: logs.ref.name,
    knows: [],
    cluster: home.ref.name,
    count: 1,
    subnets: [subnets],
    securityGroups: [group.ref.id],
    publicIp: place.ref.publicIp,
    targetGroups: [],
    grace: 0,
    breaker: true,
    serviceConnect: { namespace: mesh.ref.arn, alias: "it", port: 8080, logGroup: logs.ref.name },
  });
  return { lookups: [place], before: [mesh, home, logs, trusted, group], home, its };
};
const services = (): Case => {
  const { its, lookups, before } = running("law-service");
  return {
    lookups,
    before,
    subject: its,
    change: { memory: 1024, environment: { TWO: "2" }, count: 2 },
  };
};
const scalingTargets = (): Case => {
  const { its, home, lookups, before } = running("law-scaled");
  const subject = scalingTarget("law-scaled", { service: its.ref.name, cluster: home.ref.name, min: 1, max: 4 });
  return { lookups, before: [...before, its], subject, change: { max: 6 } };
};
const scalingPolicies = (): Case => {
  const { its, home, lookups, before } = running("law-policed");
  const which = { service: its.ref.name, cluster: home.ref.name };
  const target = scalingTarget("law-policed", { ...which, min: 1, max: 4 });
  const coolDown = { out: 60, in: 300 };
  const subject = scalingPolicy("law-policy", {
    ...which,
    target: target.ref.name,
    metric: { backlogOf: "law-backlog" },
    goal: 10,
    coolDown,
  });
  return { lookups, before: [...before, its, target], subject, change: { metric: "cpu", goal: 50 } };
};

/** One case for each kind, by the kind's type. */
export const cases: Readonly<Record<string, () => Case>> = {
  "dynamodb:table": tables,
  "sns:topic": topics,
  "sqs:queue": queues,
  "sns:subscription": subscriptions,
  "logs:log-group": logGroups,
  "servicediscovery:namespace": namespaces,
  "ecs:cluster": clusters,
  "iam:role": roles,
  "ec2:security-group": securityGroups,
  "elbv2:target-group": targetGroups,
  "elbv2:load-balancer": loadBalancers,
  "elbv2:listener": listeners,
  "ecs:service": services,
  "autoscaling:target": scalingTargets,
  "autoscaling:policy": scalingPolicies,
  "s3:bucket": buckets,
  "cloudwatch:alarm": alarms,
  "cloudwatch:dashboard": dashboards,
};
