import type { Aws } from "../aws/clients.ts";
import { project } from "../aws/codebuild/project.ts";
import { pipeline } from "../aws/codepipeline/pipeline.ts";
import { connection } from "../aws/connections/connection.ts";
import { logGroup } from "../aws/logs/log-group.ts";
import { bucket } from "../aws/s3/bucket.ts";
import type { caller } from "../aws/sts/caller.ts";
import type { Shop } from "../config.ts";
import type { Resource } from "../engine/resource.ts";
import type { images } from "./4-images.ts";
import type { clusters } from "./5-cluster.ts";
import type { roles } from "./6-roles.ts";
import type { services } from "./7-services.ts";
import { pipelineRoles } from "./9-roles.ts";

interface Uses {
  readonly caller: ReturnType<typeof caller>;
  /** A connection that is there already, where ecomctl.json names one. */
  readonly connection: Resource<Aws> | undefined;
  readonly images: ReturnType<typeof images>;
  readonly home: ReturnType<typeof clusters>;
  readonly roles: ReturnType<typeof roles>;
  readonly services: ReturnType<typeof services>;
}

const off =
  "no pipeline: set pipeline.repository in ecomctl.json to a GitHub repository (owner/name), and run `ecomctl up`";

/** The file in which the build says which image a container is to have. */
export const definitionsFile = (container: string) => `imagedefinitions-${container}.json`;

/**
 * Step 9: from a commit on GitHub to running services. The build is this same program on the same source, so what it
 * builds has the tag that `up` would give it, and an image that is there is not built again.
 *
 * Every run deploys all services, those with the same image, too. A condition could skip a service's stage only by a
 * variable of the build, which knows what is in the repository and not what runs: after a deployment that failed or was
 * rolled back it would skip the one service that needs it.
 */
export function cicd(shop: Shop, uses: Uses) {
  const { names } = shop;
  const { repository, branch } = shop.pipeline;
  const wanted = { wanted: repository !== null };
  const own = connection(names.connection, { provider: "GitHub" }, { wanted: wanted.wanted && !uses.connection });
  const github = (uses.connection ?? own).ref.arn ?? "";

  const artifacts = bucket(
    names.artifactBucket,
    {
      private: true,
      encryption: "AES256",
      policy: "tls-only",
      versioning: true,
      ownership: "BucketOwnerEnforced",
      lifecycle: [{ objects: 30, olderVersions: 7, unfinishedUploads: 7 }],
    },
    wanted,
  );
  // CodeBuild would make it by itself, keep it for ever, and leave it behind.
  const logs = logGroup(`/aws/codebuild/${names.buildProject}`, { retention: shop.logs.retentionDays }, wanted);
  const granted = pipelineRoles(shop, { ...uses, artifacts, logs, connection: github });
  const build = project(
    names.buildProject,
    {
      buildspec: "buildspec.yml",
      image: "aws/codebuild/amazonlinux-x86_64-standard:5.0",
      compute: "BUILD_GENERAL1_SMALL",
      // Images are built without a container engine.
      privileged: false,
      environment: {
        ECOMCTL_REGION: shop.region,
        ...(shop.stage !== undefined && { ECOMCTL_STAGE: shop.stage }),
        ...(shop.baseImage !== undefined && { ECOMCTL_BASE_IMAGE: shop.baseImage }),
      },
      serviceRole: granted.build.ref.arn,
      logGroup: logs.ref.name,
      timeout: 30,
    },
    wanted,
  );

  const { web, search, order } = uses.services;
  const deploy = (service: typeof web, at: number) => ({
    service: service.ref.name,
    file: definitionsFile(service.spec.container),
    order: at,
  });
  const line = pipeline(
    names.pipeline,
    {
      role: granted.deploy.ref.arn,
      bucket: artifacts.ref.bucket,
      mode: "QUEUED",
      connection: github,
      repository: repository ?? "",
      branch,
      onPush: true,
      project: build.ref.name,
      cluster: uses.home.cluster.ref.name,
      // Servers before their client, as in a first deployment.
      deploys: [deploy(search, 1), deploy(order, 1), deploy(web, 2)],
      timeout: 20,
      others: [],
    },
    wanted,
  );
  return {
    number: 9,
    title: "pipeline",
    ...(repository === null && { off }),
    pipeline: line,
    connection: own,
    resources: [artifacts, own, logs, granted.build, granted.deploy, build, line],
  };
}
