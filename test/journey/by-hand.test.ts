import { execFile, execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bundle } from "../../src/images/bundle.ts";
import { startLocalProcess } from "../../src/local/control.ts";
import { buyer } from "./buyer.ts";
import { type Site, site } from "./standing.ts";

// Whole shops start and change here: a machine that has a lot else to do takes its time.
vi.setConfig({ testTimeout: 180_000 });

const missing = "the guide by hand needs the `aws` command line: `pip install awscli`";

if (hasAws()) {
  describe("the guide by hand, with nothing but `aws`", byHand);
} else {
  it("there is an `aws` command line, or none is demanded", () => {
    console.warn(missing);
    expect(process.env.CI, missing).toBeUndefined();
  });
}

/** What a plan says, as `--json` tells it. */
interface Planned {
  readonly changes: readonly {
    readonly id: string;
    readonly step: number;
    readonly action: string;
    readonly differences?: readonly { readonly field: string }[];
  }[];
}

/** Everything that the script makes, and of it what the guide leaves out or nobody does by hand. */
const left: Readonly<Record<string, readonly string[]>> = {
  "dynamodb:table/Products": ["protected", "recovery"],
  "dynamodb:table/Orders": ["protected", "recovery"],
  "sns:topic/ecommerce-events": [],
  "sqs:queue/OrderQueue": ["allows", "deadLetters", "visibility", "wait"],
  "sqs:queue/LookupQueue": ["allows", "deadLetters", "visibility", "wait"],
  "ecr:repository/web-server": ["lifecycle", "mutability", "scan"],
  "ecr:repository/product-lookup": ["lifecycle", "mutability", "scan"],
  "ecr:repository/order-processing": ["lifecycle", "mutability", "scan"],
  "servicediscovery:namespace/ecommerce": [],
  "ecs:cluster/hw2-cluster": ["insights", "namespace"],
  "logs:log-group//ecs/ecommerce/service-web": ["retention"],
  "logs:log-group//ecs/ecommerce/service-search": ["retention"],
  "logs:log-group//ecs/ecommerce/service-order": ["retention"],
  "logs:log-group//ecs/ecommerce/service-connect": ["retention"],
  "iam:role/ecs-execution-role": ["trust"],
  "iam:role/ecs-task-role": ["trust"],
  "ec2:security-group/ecommerce-alb": [],
  "ec2:security-group/ecommerce-web": [],
  "ec2:security-group/ecommerce-backend": [],
  "elbv2:target-group/ecommerce-web": ["drain", "health"],
  "elbv2:load-balancer/ecommerce-alb": [],
  "ecs:service/service-search": ["breaker", "healthCheck", "image", "serviceConnect"],
  "ecs:service/service-order": ["breaker", "healthCheck", "image", "serviceConnect"],
  "ecs:service/service-web": ["breaker", "grace", "healthCheck", "image", "knows", "serviceConnect"],
};
/** Parts have no owner's tag: they are whose their owner is. */
const images = ["web-server", "product-lookup", "order-processing"].map((name) => `ecr:image/${name}`);
const parts = [
  "sns:subscription/ecommerce-events/OrderQueue",
  "sns:subscription/ecommerce-events/LookupQueue",
  "elbv2:listener/ecommerce-alb/80",
];
const added = [
  "logs:log-group//aws/ecs/containerinsights/hw2-cluster/performance",
  "sqs:queue/LookupQueue-dlq",
  "sqs:queue/OrderQueue-dlq",
];

function byHand(): void {
  let place: Site;
  let shop: ReturnType<typeof buyer>;
  beforeAll(async () => {
    place = await site();
    // One task role for all, as the guide has it.
    writeFileSync(join(place.folder, "ecomctl.json"), '{ "roles": "guide" }');
    for (const service of ["web-server", "product-lookup", "order-processing"]) {
      await bundle({ root: resolve("."), service });
    }
    const main = join(place.cli.root, "dist", "local.js");
    const endpoint = await startLocalProcess(join(place.folder, ".ecomctl"), { main });
    const script = resolve("test/journey/by-hand.sh");
    const { stdout } = await promisify(execFile)(script, [endpoint, resolve("services")], { timeout: 400_000 });
    shop = buyer(stdout.trim().split("\n").at(-1) ?? "");
  }, 420_000);
  afterAll(() => place?.clear());

  const planned = async (...flags: string[]): Promise<Planned["changes"]> => {
    const { stdout } = await place.run("up", "--dry-run", "--json", ...flags);
    return (JSON.parse(stdout) as Planned).changes.filter(({ step }) => step <= 8);
  };
  const named = (changes: Planned["changes"], action: string) =>
    changes.flatMap((change) => (change.action === action ? [change.id] : [])).sort();

  it("ends in a shop that sells", () => shop.buys("lamp"));

  it("`up` refuses every piece of it, each by its name, and changes nothing", async () => {
    const { code, stderr } = await place.run("up", "--yes");
    expect(code).toBe(1);
    expect(stderr).toContain("nothing was changed [refused]");
    const all = [...Object.keys(left), ...images, ...parts].sort();
    expect(named(await planned(), "refuse")).toEqual(all);
    for (const id of all) expect(stderr).toContain(`! ${id}\n`);
    // Whatever had been changed would be ours now, or would not be wanted any more.
    expect(named(await planned("--adopt"), "create")).toEqual(added);
  });

  it("`up --adopt` changes tags and what the guide left out, nothing else, and the shop still sells", async () => {
    const changes = await planned("--adopt");
    expect(named(changes, "refuse")).toEqual([]);
    expect(named(changes, "create")).toEqual(added);
    expect(named(changes, "keep")).toEqual(parts.sort());
    const updates = changes.filter(({ action }) => action === "update");
    const fields = updates.map(({ id, differences = [] }) => [id, differences.map(({ field }) => field).sort()]);
    expect(Object.fromEntries(fields)).toEqual({
      ...Object.fromEntries(Object.entries(left).map(([id, more]) => [id, [...more, "stack"].sort()])),
      ...Object.fromEntries(images.map((id) => [id, ["inputs", "source", "tag"]])),
    });

    const { code, stderr } = await place.run("up", "--adopt", "--yes", "--no-seed");
    expect(code, stderr).toBe(0);
    expect((await place.run("up", "--dry-run", "--detailed-exitcode")).code).toBe(0);
    await shop.buys("lamp");
  });

  it("`down` lets go what was there before, takes away what it added, and the shop still sells", async () => {
    const { code, stderr } = await place.run("down", "--yes", "--delete-data");
    expect(code, stderr).toBe(0);
    const changes = await planned("--adopt");
    expect(named(changes, "create")).toEqual(added);
    expect(changes.filter(({ differences = [] }) => differences.some(({ field }) => field === "stack"))).toHaveLength(
      Object.keys(left).length,
    );
    await shop.buys("lamp");
  });
}

function hasAws(): boolean {
  try {
    execFileSync("aws", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
