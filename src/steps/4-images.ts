import { image } from "../aws/ecr/image.ts";
import { madeFrom } from "../aws/ecr/image-source.ts";
import { type LifecycleRule, repository } from "../aws/ecr/repository.ts";
import type { Shop } from "../config.ts";

/** Fargate's default: what the images are built for, whatever machine builds them. */
const platform = "linux/amd64";

/** Only what no tag names is thrown away: a running task definition pins a digest, and one that expired cannot start again. */
const lifecycle: readonly LifecycleRule[] = [
  {
    rulePriority: 1,
    description: "images that lost their tag",
    selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 14 },
    action: { type: "expire" },
  },
];

/** Whether images, once there are some, are the pipeline's: one is configured, and nobody takes them back for this run. */
export const pipelineOwnsImages = ({ pipeline, imageOwner }: Shop): boolean =>
  pipeline.repository !== null && imageOwner !== "us";

/**
 * Step 4: a repository for each service, and the image in it. Tags are hashes of what the image is made from, so they
 * never move. Where a pipeline is configured it owns the images as soon as there is one.
 */
export function images(shop: Shop) {
  const { names, baseImage: base } = shop;
  const piped = pipelineOwnsImages(shop);
  const built = (service: string, name: string) => {
    const home = repository(name, { mutability: "IMMUTABLE", scan: true, lifecycle });
    const made = madeFrom(`services/${service}`, { platform, base });
    const its = image(name, { repository: home.ref.name, ...made }, { once: piped ? ["tag", "source", "inputs"] : [] });
    // The name is the edge that makes a service wait for its image; the tag is known before unless a pipeline chose it.
    const uri = `${home.ref.registry}/${its.ref.name}:${piped ? its.ref.tag : made.tag}`;
    return { repository: home, image: its, uri };
  };
  const web = built("web-server", names.webRepository);
  const search = built("product-lookup", names.lookupRepository);
  const order = built("order-processing", names.orderRepository);
  const resources = [web, search, order].flatMap((each) => [each.repository, each.image]);
  return { number: 4, title: "images", web, search, order, resources };
}
