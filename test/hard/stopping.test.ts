import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SQS } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ecr } from "../../src/local/ecr/index.ts";
import { ecsWith } from "../../src/local/ecs/index.ts";
import { processRunner } from "../../src/local/ecs/process-runner.ts";
import { sqs } from "../../src/local/sqs/sqs.ts";
import { pushProgram } from "../local/ecs-image.ts";
import { definition, ground, type Room, room, service, until } from "../local/ecs-room.ts";

let here: Room;
beforeEach(async () => {
  here = await room(ecsWith(processRunner), [ecr, sqs]);
});
afterEach(() => here.close());

const stubborn = `
process.on("SIGTERM", () => {});
require("node:http").createServer((_, response) => response.end("still here")).listen(8080);
`;

/** Runs a service whose tasks do not end when they are told to. */
async function stubbornService() {
  const base = await ground(here);
  const image = await pushProgram(here.clients.options, "stubborn", "one", stubborn);
  const wanted = definition(base, "stubborn");
  const containerDefinitions = wanted.containerDefinitions?.map((each) => ({ ...each, image, stopTimeout: 120 }));
  await here.clients.ecs.registerTaskDefinition({ ...wanted, containerDefinitions });
  await here.clients.ecs.createService(service(base, "stubborn"));
  await until(here, "stubborn", (found) => expect(found.deployments?.[0]?.rolloutState).toBe("COMPLETED"));
}
const pids = () => {
  const tasks = join(here.dir, "ecs", "tasks");
  return readdirSync(tasks).flatMap((id) => {
    const file = join(tasks, id, "pids");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
  });
};
const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

/** What hung would hang for its 20, 30 or 120 seconds. */
const soon = { timeout: 15_000 };

test("a task that does not listen to SIGTERM is killed when the local AWS stops", soon, async () => {
  await stubbornService();
  const running = pids();
  expect(running).toHaveLength(1);
  await here.restart();
  expect(running.filter(isAlive)).toEqual([]);
});

test("so is one that is just being stopped, with all the time it has", soon, async () => {
  await stubbornService();
  const running = pids();
  await here.clients.ecs.deleteService({ cluster: "shop", service: "stubborn", force: true });
  await vi.waitFor(async () => {
    const { taskArns = [] } = await here.clients.ecs.listTasks({ cluster: "shop", desiredStatus: "STOPPED" });
    const { tasks: [task] = [] } = await here.clients.ecs.describeTasks({ cluster: "shop", tasks: taskArns });
    expect(task?.lastStatus).toBe("STOPPING");
  }, 10_000);
  await here.restart();
  expect(running.filter(isAlive)).toEqual([]);
});

test("a long poll and a reply that is held do not keep it from stopping", soon, async () => {
  const client = new SQS(here.clients.options);
  const { QueueUrl } = await client.createQueue({ QueueName: "inbox" });
  here.server.faults.add({ operation: "sqs:ListQueues", effect: { hold: new Promise(() => {}) } });
  here.server.faults.add({ operation: "sqs:GetQueueUrl", effect: { delay: 60_000 } });
  const hanging = [
    client.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }),
    client.listQueues(),
    client.getQueueUrl({ QueueName: "inbox" }),
  ].map((call) => call.catch((error: Error) => error.name));
  await vi.waitFor(() => expect(here.server.calls.filter(({ service }) => service === "sqs")).toHaveLength(4), 10_000);
  await here.restart();
  expect(await Promise.all(hanging)).toHaveLength(3);
  client.destroy();
});
