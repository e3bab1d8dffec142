import { allow, policy, trusts } from "../aws/iam/document.ts";
import { role } from "../aws/iam/role.ts";
import type { logGroup } from "../aws/logs/log-group.ts";
import type { bucket } from "../aws/s3/bucket.ts";
import type { caller } from "../aws/sts/caller.ts";
import type { Shop } from "../config.ts";
import type { images } from "./4-images.ts";
import type { roles } from "./6-roles.ts";

interface Uses {
  readonly caller: ReturnType<typeof caller>;
  readonly images: ReturnType<typeof images>;
  readonly roles: ReturnType<typeof roles>;
  readonly artifacts: ReturnType<typeof bucket>;
  readonly logs: ReturnType<typeof logGroup>;
  /** ARN of the connection to GitHub. */
  readonly connection: string;
}

const push = [
  "ecr:BatchCheckLayerAvailability",
  "ecr:BatchGetImage",
  "ecr:CompleteLayerUpload",
  "ecr:DescribeImages",
  "ecr:GetDownloadUrlForLayer",
  "ecr:InitiateLayerUpload",
  "ecr:PutImage",
  "ecr:UploadLayerPart",
];

/** What the build may do, and what the pipeline: each only with what is its own. */
export function pipelineRoles(shop: Shop, uses: Uses) {
  const { names, region } = shop;
  const { account, partition } = uses.caller.ref;
  const wanted = { wanted: shop.pipeline.repository !== null };
  const here = (service: string, resource: string) => `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const project = here("codebuild", `project/${names.buildProject}`);
  // Only our own project and pipeline, so that nobody else's can be made to use the role.
  const trust = (service: string, source: string) =>
    trusts(service, { StringEquals: { "aws:SourceAccount": [account] }, ArnLike: { "aws:SourceArn": [source] } });
  const objects = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"];
  const artifacts = `${uses.artifacts.ref.arn}/*`;
  const { web, search, order } = uses.images;

  const build = role(
    names.buildRole,
    {
      trust: trust("codebuild.amazonaws.com", project),
      policies: {
        logs: policy([
          allow(["logs:CreateLogStream", "logs:PutLogEvents"], [uses.logs.ref.arn, `${uses.logs.ref.arn}:*`]),
        ]),
        artifacts: policy([
          allow(objects, [artifacts]),
          allow(["s3:GetBucketAcl", "s3:GetBucketLocation"], [uses.artifacts.ref.arn]),
        ]),
        images: policy([
          // A login is for the whole registry: it knows no resource.
          allow(["ecr:GetAuthorizationToken"], ["*"]),
          allow(
            push,
            [web, search, order].map(({ repository }) => repository.ref.arn),
          ),
        ]),
      },
      managed: [],
    },
    wanted,
  );

  const services = [names.webService, names.searchService, names.orderService];
  const { execution, web: webTask, search: searchTask, order: orderTask } = uses.roles;
  const passed = new Set([execution, webTask, searchTask, orderTask].map((each) => each.ref.arn));
  const deploy = role(
    names.pipelineRole,
    {
      trust: trust("codepipeline.amazonaws.com", here("codepipeline", names.pipeline)),
      policies: {
        artifacts: policy([
          allow(objects, [artifacts]),
          allow(["s3:GetBucketLocation", "s3:GetBucketVersioning"], [uses.artifacts.ref.arn]),
        ]),
        // The action's prefix must be that of the connection's ARN, and consoles make ARNs of both.
        source: policy([
          allow(["codestar-connections:UseConnection", "codeconnections:UseConnection"], [uses.connection]),
        ]),
        build: policy([allow(["codebuild:StartBuild", "codebuild:StopBuild", "codebuild:BatchGetBuilds"], [project])]),
        deploy: policy([
          allow(
            ["ecs:DescribeServices", "ecs:UpdateService"],
            services.map((name) => here("ecs", `service/${names.cluster}/${name}`)),
          ),
          // These know no resource, or none that has a name before it is there.
          allow(["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"], ["*"]),
          allow(["ecs:DescribeTasks", "ecs:ListTasks"], ["*"], {
            ArnEquals: { "ecs:cluster": [here("ecs", `cluster/${names.cluster}`)] },
          }),
          allow(["ecs:TagResource"], [here("ecs", "task-definition/*")], {
            StringEquals: { "ecs:CreateAction": ["RegisterTaskDefinition"] },
          }),
          allow(["iam:PassRole"], [...passed], {
            StringEqualsIfExists: { "iam:PassedToService": ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"] },
          }),
        ]),
      },
      managed: [],
    },
    wanted,
  );
  return { build, deploy };
}
