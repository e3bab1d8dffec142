import { certificate } from "./aws/acm/certificate.ts";
import type { Aws } from "./aws/clients.ts";
import { givenConnection } from "./aws/connections/connection.ts";
import { network } from "./aws/ec2/network.ts";
import { caller } from "./aws/sts/caller.ts";
import type { Shop } from "./config.ts";
import type { Resource, Step } from "./engine/resource.ts";
import { tables } from "./steps/1-table.ts";
import { events } from "./steps/2-topic.ts";
import { queues } from "./steps/3-queues.ts";
import { deployment } from "./steps/4-deploy.ts";
import { images } from "./steps/4-images.ts";
import { clusters } from "./steps/5-cluster.ts";
import { roles } from "./steps/6-roles.ts";
import { services } from "./steps/7-services.ts";
import { serviceConnect } from "./steps/8-service-connect.ts";
import { cicd } from "./steps/9-pipeline.ts";
import { monitoring } from "./steps/10-monitoring.ts";

/** The whole platform as data: the steps of the guide, and what they find already there. */
export interface Platform {
  readonly steps: readonly Step<Aws>[];
  readonly lookups: readonly Resource<Aws>[];
  /** Step 4 with the images put onto the services: not one of the guide, but of one command. */
  readonly deploy: Step<Aws>;
  /** Where the shop's URL and its products are found. */
  readonly shop: { readonly door: Resource<Aws>; readonly products: Resource<Aws> };
}

/** The guide, step by step. Each line hands what it made to the lines below it. */
export function platform(shop: Shop): Platform {
  const account = caller("account", {});
  const place = network("network", { vpc: shop.vpc, subnets: shop.subnets, zones: shop.loadBalancer ? 2 : 1 });
  const tls = shop.certificate === null ? undefined : certificate("certificate", { arn: shop.certificate });
  const given = shop.pipeline.connection;
  const github = given === null ? undefined : givenConnection("connection", { arn: given });

  const data = tables(shop);
  const topic = events(shop);
  const inboxes = queues(shop, topic);
  const built = images(shop);
  const home = clusters(shop);
  const named = { ...data, ...topic, lookupQueue: inboxes.lookups, orderQueue: inboxes.orders };
  const granted = roles(shop, { ...named, caller: account });
  const running = services(shop, { ...named, network: place, certificate: tls, images: built, home, roles: granted });
  const mesh = serviceConnect(running);

  const delivery = cicd(shop, {
    caller: account,
    connection: github,
    images: built,
    home,
    roles: granted,
    services: running,
  });
  const watch = monitoring(shop, { ...named, home, services: running });

  return {
    steps: [data, topic, inboxes, built, home, granted, running, mesh, delivery, watch],
    lookups: [account, place, ...[tls, github].filter((each) => each !== undefined)],
    deploy: deployment(built, running),
    shop: { door: running.door.balancer, products: data.products },
  };
}
