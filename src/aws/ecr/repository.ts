import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";

/** A rule of a lifecycle policy, in ECR's own words. */
export type LifecycleRule = {
  readonly rulePriority: number;
  readonly description?: string;
  readonly selection: {
    readonly tagStatus: "tagged" | "untagged" | "any";
    readonly tagPatternList?: readonly string[];
    readonly countType: "sinceImagePushed" | "imageCountMoreThan";
    readonly countUnit?: "days";
    readonly countNumber: number;
  };
  readonly action: { readonly type: "expire" };
};

export type RepositorySpec = {
  /** Whether a tag may move to another image. */
  readonly mutability: "IMMUTABLE" | "MUTABLE";
  /** Each image is scanned when it is pushed. */
  readonly scan: boolean;
  readonly lifecycle: readonly LifecycleRule[] | null;
};

/** An ECR repository, encrypted as ECR does by itself. `registry` is its host, `uri` the host with the name. */
export const repository = defineKind<RepositorySpec, "arn" | "uri" | "registry">({
  type: "ecr:repository",
  outputs: ["arn", "uri", "registry"],
  check: (name) =>
    /^(?=.{2,256}$)[a-z0-9]+([._/-][a-z0-9]+)*$/.test(name)
      ? undefined
      : "a repository's name has 2 to 256 small letters and digits, with single . _ - / between them",

  async read(aws, name) {
    const [found, lifecycle, tags] = await Promise.all([
      unlessAbsent(aws.ecr.describeRepositories({ repositoryNames: [name] }), ABSENT),
      unlessAbsent(aws.ecr.getLifecyclePolicy({ repositoryName: name }), ABSENT, "LifecyclePolicyNotFound"),
      arnOf(aws, name).then((resourceArn) => unlessAbsent(aws.ecr.listTagsForResource({ resourceArn }), ABSENT)),
    ]);
    const it = found?.repositories?.[0];
    // Of the calls one found it, and one did not: it is on its way in or out.
    if (!it?.repositoryArn || !it.repositoryUri || !tags) return undefined;
    const { stack, adopted } = ownerIn(tags.tags);
    const policy = lifecycle?.lifecyclePolicyText;
    return {
      spec: {
        // What is neither of ours (tags excepted from immutability) is shown as ECR calls it, and differs.
        mutability: it.imageTagMutability as RepositorySpec["mutability"],
        scan: it.imageScanningConfiguration?.scanOnPush ?? false,
        lifecycle: policy ? (JSON.parse(policy) as { rules: LifecycleRule[] }).rules : null,
        stack,
      },
      adopted,
      outputs: {
        arn: it.repositoryArn,
        uri: it.repositoryUri,
        registry: it.repositoryUri.slice(0, -`/${name}`.length),
      },
    };
  },

  async create(aws, name, want) {
    await aws.ecr.createRepository({
      repositoryName: name,
      imageTagMutability: want.mutability,
      imageScanningConfiguration: { scanOnPush: want.scan },
      tags: tagList(want),
    });
    if (want.lifecycle) await putLifecycle(aws, name, want.lifecycle);
  },

  async update(aws, name, want, _have, changed) {
    if (changed.has("stack")) {
      await aws.ecr.tagResource({ resourceArn: await arnOf(aws, name), tags: tagList(want) });
    }
    if (changed.has("mutability")) {
      await aws.ecr.putImageTagMutability({ repositoryName: name, imageTagMutability: want.mutability });
    }
    if (changed.has("scan")) {
      const imageScanningConfiguration = { scanOnPush: want.scan };
      await aws.ecr.putImageScanningConfiguration({ repositoryName: name, imageScanningConfiguration });
    }
    if (changed.has("lifecycle")) await putLifecycle(aws, name, want.lifecycle);
  },

  async delete(aws, name) {
    // With its images: they are made from sources that somebody has, and would otherwise keep the repository.
    await unlessAbsent(aws.ecr.deleteRepository({ repositoryName: name, force: true }), ABSENT);
  },

  async release(aws, name) {
    await aws.ecr.untagResource({ resourceArn: await arnOf(aws, name), tagKeys });
  },
});

const ABSENT = "RepositoryNotFound";

const arnOf = (aws: Aws, name: string) => aws.arn("ecr", `repository/${name}`);

async function putLifecycle(aws: Aws, repositoryName: string, rules: RepositorySpec["lifecycle"]): Promise<void> {
  if (rules) await aws.ecr.putLifecyclePolicy({ repositoryName, lifecyclePolicyText: JSON.stringify({ rules }) });
  else await unlessAbsent(aws.ecr.deleteLifecyclePolicy({ repositoryName }), ABSENT, "LifecyclePolicyNotFound");
}
