import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Shop } from "../../src/config.ts";
import { platform } from "../../src/platform.ts";
import { type Raw, rawClients, steady } from "../aws/raw.ts";
import { pending, run, shopOf, startWorld, troubles, type World, writesIn } from "../support/world.ts";

const CLUSTER = "hw2-cluster";
const SERVICES = ["service-web", "service-search", "service-order"];

let world: World;
let shop: Shop;
let raw: Raw;

const start = async () => {
  world = await startWorld();
  shop = await shopOf();
  raw = rawClients(world.url);
};
/** One step alone: that it went well, and the calls that changed something. */
const step = async (only: number): Promise<string[]> => {
  world.calls.length = 0;
  expect(troubles(await run(world.aws, shop, { only })), `step ${only}`).toEqual([]);
  return writesIn(world.calls);
};
const refusals = async (only: number): Promise<string[]> => {
  world.calls.length = 0;
  const { changes, outcome } = await run(world.aws, shop, { only });
  expect(outcome).toBeUndefined();
  expect(writesIn(world.calls)).toEqual([]);
  return changes.flatMap(({ action, why, next }) => (action === "refuse" ? [`${why}: ${next}`] : []));
};

describe("step by step", () => {
  beforeEach(start);
  afterEach(() => world?.stop());

  it("each step does its part, a second time nothing, and all together are what up makes", async () => {
    const idle: number[] = [];
    for (const { number } of platform(shop).steps) {
      if ((await step(number)).length === 0) idle.push(number);
      expect(await step(number), `step ${number} again`).toEqual([]);
    }
    // Step 7 made its services whole, and nothing says which repository a pipeline would build.
    expect(idle).toEqual([8, 9]);
    expect(pending((await run(world.aws, shop, { dry: true })).changes)).toEqual([]);
  });

  it("what a step needs of another is told by that step's number, and nothing is changed", async () => {
    expect(await refusals(6)).toContain(
      "step 6 needs the topic ecommerce-events, which step 2 makes: run `ecomctl step 2`, or `ecomctl up`",
    );
    const needs = (thing: string, number: number) =>
      expect.stringContaining(
        `needs ${thing}, which step ${number} makes: run \`ecomctl step ${number}\`, or \`ecomctl up\``,
      );
    const seven = await refusals(7);
    expect(seven).toContainEqual(needs("the repository product-lookup", 4));
    expect(seven).toContainEqual(needs("the table Products", 1));
    expect(await refusals(8)).toContainEqual(needs("the cluster hw2-cluster", 5));
    for (const number of [1, 2, 3, 4, 5]) await step(number);
    expect(await refusals(7)).toContainEqual(needs("the role ecs-execution-role", 6));
    await step(6);
    expect(await refusals(8)).toEqual(
      ["service-search", "service-order", "service-web"].map(
        (name) => `step 8 needs the service ${name}, which step 7 makes: run \`ecomctl step 7\`, or \`ecomctl up\``,
      ),
    );
  });
});

describe("the whole platform", () => {
  beforeAll(start);
  afterAll(() => world?.stop());

  it("has one deployment and one revision a service after up, and up again changes nothing", async () => {
    expect(troubles(await run(world.aws, shop))).toEqual([]);
    const made = writesIn(world.calls).filter((call) => /^ecs:(Create|Update)Service$|TaskDefinition/.test(call));
    expect(made.sort()).toEqual([
      ...SERVICES.map(() => "ecs:CreateService"),
      ...SERVICES.map(() => "ecs:RegisterTaskDefinition"),
    ]);
    for (const service of SERVICES) {
      const { serviceDeployments } = await raw.ecs.listServiceDeployments({ cluster: CLUSTER, service });
      expect(
        serviceDeployments?.map(({ status }) => status),
        service,
      ).toEqual(["SUCCESSFUL"]);
      const { taskDefinitionArns } = await raw.ecs.listTaskDefinitions({ familyPrefix: service });
      expect(taskDefinitionArns).toEqual([expect.stringMatching(`:task-definition/${service}:1$`)]);
    }
    world.calls.length = 0;
    expect(pending((await run(world.aws, shop)).changes)).toEqual([]);
    expect(writesIn(world.calls)).toEqual([]);
  });

  const output = async (id: string, name: string) =>
    String((await run(world.aws, shop, { dry: true })).survey.get(id)?.live?.outputs[name]);

  /** What somebody breaks by hand, the step that mends it, and the calls it does so by. */
  const breaks: readonly (readonly [step: number, what: string, calls: readonly string[], () => Promise<unknown>])[] = [
    [
      4,
      "an image that was deleted",
      [],
      async () => {
        const { imageIds } = await raw.ecr.listImages({ repositoryName: "web-server" });
        await raw.ecr.batchDeleteImage({ repositoryName: "web-server", imageIds });
      },
    ],
    [
      5,
      "a log group that keeps everything",
      ["logs:PutRetentionPolicy"],
      () => raw.logs.deleteRetentionPolicy({ logGroupName: "/ecs/ecommerce/service-web" }),
    ],
    [
      6,
      "a policy that was attached",
      ["iam:DetachRolePolicy"],
      () =>
        raw.iam.attachRolePolicy({
          RoleName: "ecs-task-role-order",
          PolicyArn: "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess",
        }),
    ],
    [
      7,
      "a door opened to everybody",
      ["ec2:RevokeSecurityGroupIngress"],
      async () =>
        raw.ec2.authorizeSecurityGroupIngress({
          GroupId: await output("ec2:security-group/ecommerce-web", "id"),
          IpPermissions: [{ IpProtocol: "tcp", FromPort: 8080, ToPort: 8080, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
        }),
    ],
    [
      7,
      "a number of tasks",
      ["ecs:UpdateService"],
      async () => {
        await raw.ecs.updateService({ cluster: CLUSTER, service: "service-order", desiredCount: 3 });
        await steady(raw, CLUSTER, "service-order");
      },
    ],
    [
      7,
      "a listener that was deleted",
      ["elbv2:CreateListener"],
      async () => raw.elb.deleteListener({ ListenerArn: await output("elbv2:listener/ecommerce-alb/80", "arn") }),
    ],
    [
      8,
      "Service Connect switched off",
      ["ecs:UpdateService"],
      async () => {
        const serviceConnectConfiguration = { enabled: false };
        await raw.ecs.updateService({ cluster: CLUSTER, service: "service-web", serviceConnectConfiguration });
        await steady(raw, CLUSTER, "service-web");
      },
    ],
  ];

  it.each(breaks)("step %i mends %s, and nothing else", async (number, _what, calls, make) => {
    await make();
    expect(pending((await run(world.aws, shop, { only: number, dry: true })).changes)).not.toEqual([]);
    expect(await step(number)).toEqual(calls);
    expect(pending((await run(world.aws, shop, { dry: true })).changes)).toEqual([]);
  });
});
