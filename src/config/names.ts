/** What everything is called unless ecomctl.json says otherwise: the guide's names, and for what the guide has no name, the shop's own. */
const defaults = {
  productsTable: () => "Products",
  ordersTable: () => "Orders",
  topic: () => "ecommerce-events",
  orderQueue: () => "OrderQueue",
  lookupQueue: () => "LookupQueue",
  orderDeadLetters: (_: string, { orderQueue = "OrderQueue" }: Given) => `${orderQueue}-dlq`,
  lookupDeadLetters: (_: string, { lookupQueue = "LookupQueue" }: Given) => `${lookupQueue}-dlq`,
  lookupRepository: () => "product-lookup",
  orderRepository: () => "order-processing",
  webRepository: () => "web-server",
  cluster: () => "hw2-cluster",
  namespace: (shop: string) => shop,
  webService: () => "service-web",
  searchService: () => "service-search",
  orderService: () => "service-order",
  executionRole: () => "ecs-execution-role",
  guideRole: () => "ecs-task-role",
  webRole: () => "ecs-task-role-web",
  searchRole: () => "ecs-task-role-search",
  orderRole: () => "ecs-task-role-order",
  loadBalancer: (shop: string) => `${shop}-alb`,
  targetGroup: (shop: string) => `${shop}-web`,
  albSecurityGroup: (shop: string) => `${shop}-alb`,
  webSecurityGroup: (shop: string) => `${shop}-web`,
  backendSecurityGroup: (shop: string) => `${shop}-backend`,
  logGroupPrefix: (shop: string) => `/ecs/${shop}`,
  connection: (shop: string) => `${shop}-github`,
  artifactBucket: (shop: string) => `${shop}-artifacts`,
  buildRole: (shop: string) => `${shop}-build-role`,
  pipelineRole: (shop: string) => `${shop}-pipeline-role`,
  buildProject: (shop: string) => `${shop}-build`,
  pipeline: (shop: string) => `${shop}-pipeline`,
  alarmTopic: (shop: string) => `${shop}-alarms`,
  dashboard: (shop: string) => `${shop}-dashboard`,
} satisfies Record<string, (shop: string, given: Given) => string>;

type Given = Readonly<Record<string, string | undefined>>;

/** The things that have a name of their own, as ecomctl.json calls them. */
export type NameKey = keyof typeof defaults;
export const nameKeys = Object.keys(defaults) as NameKey[];

/** The name of every thing, with the stage appended: `Products-dev`. */
export function namesFor(shop: string, given: Given, stage?: string): Record<NameKey, string> {
  const named = nameKeys.map((key) => [key, staged(given[key] ?? defaults[key](shop, given), stage)]);
  return Object.fromEntries(named) as Record<NameKey, string>;
}

const staged = (name: string, stage?: string) => (stage === undefined ? name : `${name}-${stage}`);

/** Things of one sort share a space of names in AWS: no two of them may be called the same. */
export const namesOfOneSort: readonly (readonly NameKey[])[] = [
  ["productsTable", "ordersTable"],
  ["topic", "alarmTopic"],
  ["orderQueue", "lookupQueue", "orderDeadLetters", "lookupDeadLetters"],
  ["lookupRepository", "orderRepository", "webRepository"],
  ["webService", "searchService", "orderService"],
  ["executionRole", "guideRole", "webRole", "searchRole", "orderRole", "buildRole", "pipelineRole"],
  ["albSecurityGroup", "webSecurityGroup", "backendSecurityGroup"],
];
