import { givenConnection } from "../../src/aws/connections/connection.ts";
import { network } from "../../src/aws/ec2/network.ts";
import { caller } from "../../src/aws/sts/caller.ts";
import type { Shop } from "../../src/config.ts";
import { platform as others } from "../../src/platform.ts";
import { tables } from "../../src/steps/1-table.ts";
import { events } from "../../src/steps/2-topic.ts";
import { queues } from "../../src/steps/3-queues.ts";
import { deployment } from "../../src/steps/4-deploy.ts";
import { images } from "../../src/steps/4-images.ts";
import { clusters } from "../../src/steps/5-cluster.ts";
import { roles } from "../../src/steps/6-roles.ts";
import { services } from "../../src/steps/7-services.ts";
import { cicd } from "../../src/steps/9-pipeline.ts";

export function platform(shop: Shop) {
  const account = caller("account", {});
  const place = network("network", { vpc: shop.vpc, subnets: shop.subnets, zones: shop.loadBalancer ? 2 : 1 });
  const github =
    shop.pipeline.connection === null ? undefined : givenConnection("connection", { arn: shop.pipeline.connection });
  const data = tables(shop);
  const topic = events(shop);
  const inboxes = queues(shop, topic);
  const built = images(shop);
  const home = clusters(shop);
  const named = { ...data, ...topic, lookupQueue: inboxes.lookups, orderQueue: inboxes.orders };
  const granted = roles(shop, { ...named, caller: account });
  const running = services(shop, {
    ...named,
    network: place,
    certificate: undefined,
    images: built,
    home,
    roles: granted,
  });
  const line = cicd(shop, {
    caller: account,
    connection: github,
    images: built,
    home,
    roles: granted,
    services: running,
  });
  const { steps, lookups } = others(shop);
  return {
    steps: [...steps, line],
    lookups: [...lookups, ...(github ? [github] : [])],
    deploy: deployment(built, running),
    web: built.web,
  };
}
