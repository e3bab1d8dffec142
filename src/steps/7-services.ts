import type { Aws } from "../aws/clients.ts";
import type { table } from "../aws/dynamodb/table.ts";
import type { network } from "../aws/ec2/network.ts";
import { service } from "../aws/ecs/service.ts";
import type { topic } from "../aws/sns/topic.ts";
import type { queue } from "../aws/sqs/queue.ts";
import type { ServiceSize, Shop } from "../config.ts";
import type { Resource } from "../engine/resource.ts";
import { type images, pipelineOwnsImages } from "./4-images.ts";
import type { clusters } from "./5-cluster.ts";
import type { roles } from "./6-roles.ts";
import { frontDoor, PORT } from "./7-front-door.ts";
import { scaling } from "./7-scaling.ts";

interface Uses {
  readonly network: ReturnType<typeof network>;
  readonly certificate: Resource<Aws> | undefined;
  readonly products: ReturnType<typeof table>;
  readonly orders: ReturnType<typeof table>;
  readonly events: ReturnType<typeof topic>;
  readonly lookupQueue: ReturnType<typeof queue>;
  readonly orderQueue: ReturnType<typeof queue>;
  readonly images: ReturnType<typeof images>;
  readonly home: ReturnType<typeof clusters>;
  readonly roles: ReturnType<typeof roles>;
}

/** What a service is called by its neighbours, whatever its resources are called. */
const aliases = { web: "web-server", search: "product-lookup", order: "order-processing" } as const;

/** Asks the service itself, by the one program that every image has. */
const answersAt = (path: string) =>
  JSON.stringify([
    "CMD",
    "node",
    "-e",
    `fetch("http://127.0.0.1:"+(process.env.PORT||${PORT})+"${path}").then(r=>process.exit(r.ok?0:1),()=>process.exit(1))`,
  ]);

/**
 * Step 7: the three services with their task definitions, and what stands before them. No side-car is declared, as the
 * guide has it: ECS adds the proxy itself. Servers are steady before their client starts, for a proxy knows only the
 * endpoints that were there when its task began.
 */
export function services(shop: Shop, uses: Uses) {
  const { names } = shop;
  const { home, images, roles } = uses;
  const door = frontDoor(shop, uses);
  const piped = pipelineOwnsImages(shop);

  type Own = {
    readonly alias: keyof typeof aliases;
    readonly name: string;
    readonly container: string;
    readonly image: string;
    readonly size: ServiceSize;
    readonly taskRole: string;
    readonly logGroup: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly healthCheck: string;
    readonly securityGroups: readonly string[];
    readonly targetGroups: readonly string[];
    readonly knows: readonly string[];
  };
  const run = ({ alias, name, size, ...own }: Own) =>
    service(
      name,
      {
        ...own,
        cpu: size.cpu,
        memory: size.memory,
        count: size.count,
        port: PORT,
        executionRole: roles.execution.ref.arn,
        cluster: home.cluster.ref.name,
        subnets: [uses.network.ref.subnets],
        publicIp: uses.network.ref.publicIp,
        grace: own.targetGroups.length > 0 ? 60 : 0,
        breaker: true,
        serviceConnect: {
          namespace: home.namespace.ref.arn,
          alias: aliases[alias],
          port: PORT,
          logGroup: home.groups.proxies.ref.name,
        },
      },
      {
        once: [...(piped ? (["image"] as const) : []), ...(size.max > size.count ? (["count"] as const) : [])],
        owners: { ...(piped && { image: "the pipeline" }) },
      },
    );

  const search = run({
    alias: "search",
    name: names.searchService,
    container: names.lookupRepository,
    image: images.search.uri,
    size: shop.services.search,
    taskRole: roles.search.ref.arn,
    logGroup: home.groups.search.ref.name,
    environment: { PRODUCTS_TABLE: uses.products.ref.name, LOOKUP_QUEUE_URL: uses.lookupQueue.ref.url },
    // A task that has not read the catalogue yet must not be sent searches.
    healthCheck: answersAt("/readyz"),
    securityGroups: [door.backend.ref.id],
    targetGroups: [],
    knows: [],
  });
  const order = run({
    alias: "order",
    name: names.orderService,
    container: names.orderRepository,
    image: images.order.uri,
    size: shop.services.order,
    taskRole: roles.order.ref.arn,
    logGroup: home.groups.order.ref.name,
    environment: {
      PRODUCTS_TABLE: uses.products.ref.name,
      ORDERS_TABLE: uses.orders.ref.name,
      ORDER_QUEUE_URL: uses.orderQueue.ref.url,
      TOPIC_ARN: uses.events.ref.arn,
    },
    healthCheck: answersAt("/readyz"),
    securityGroups: [door.backend.ref.id],
    targetGroups: [],
    knows: [],
  });
  const web = run({
    alias: "web",
    name: names.webService,
    container: names.webRepository,
    image: images.web.uri,
    size: shop.services.web,
    taskRole: roles.web.ref.arn,
    logGroup: home.groups.web.ref.name,
    environment: {
      TOPIC_ARN: uses.events.ref.arn,
      PRODUCT_LOOKUP_URL: `http://${aliases.search}:${PORT}`,
      ORDER_PROCESSING_URL: `http://${aliases.order}:${PORT}`,
    },
    // A neighbour that is down is no reason to restart this one: it tells its visitors so.
    healthCheck: answersAt("/healthz"),
    securityGroups: [door.web.ref.id],
    targetGroups: door.targetGroups,
    knows: [search.ref.endpoint, order.ref.endpoint],
  });

  const scales = [
    scaling(shop.services.web, web, home.cluster, "cpu"),
    scaling(shop.services.search, search, home.cluster, "cpu"),
    scaling(shop.services.order, order, home.cluster, { backlogOf: uses.orderQueue.ref.name }),
  ].flat();
  const resources = [...door.resources, search, order, web, ...scales];
  return { number: 7, title: "services", web, search, order, door, resources };
}
