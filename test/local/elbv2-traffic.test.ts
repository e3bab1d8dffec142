import { mkdtempSync, rmSync } from "node:fs";
import { createServer, get, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ec2 } from "../../src/local/ec2/index.ts";
import { elbv2 } from "../../src/local/elbv2/index.ts";
import { deregisterTarget, loadBalancerMetrics, registerTarget, targetHealth } from "../../src/local/elbv2/targets.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";

const credentials = { accessKeyId: "operator", secretAccessKey: "secret" };
const region = "us-east-1";
const patience = { timeout: 15_000, interval: 50 };
let dir: string;
let server: LocalServer;
let elb: ElasticLoadBalancingV2;
let url: string;
let web: string;
let targets: Server[];

const start = async () => {
  server = await startLocal({ dir, port: 0, services: [ec2, elbv2], warn: () => {} });
  elb = new ElasticLoadBalancingV2({ endpoint: server.url, region, credentials, maxAttempts: 1 });
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-elb-"));
  targets = [];
  await start();
  const network = new EC2({ endpoint: server.url, region, credentials });
  const subnets = (await network.describeSubnets()).Subnets ?? [];
  const made = await elb.createLoadBalancer({ Name: "shop", Subnets: subnets.map(({ SubnetId = "" }) => SubnetId) });
  const LoadBalancerArn = made.LoadBalancers?.[0]?.LoadBalancerArn;
  url = `http://${made.LoadBalancers?.[0]?.DNSName}`;
  const group = await elb.createTargetGroup({
    Name: "web",
    TargetType: "ip",
    Protocol: "HTTP",
    Port: 8080,
    VpcId: subnets[0]?.VpcId,
    HealthCheckPath: "/healthz",
    HealthyThresholdCount: 2,
  });
  web = group.TargetGroups?.[0]?.TargetGroupArn ?? "";
  const DefaultActions = [{ Type: "forward" as const, TargetGroupArn: web }];
  await elb.createListener({ LoadBalancerArn, Protocol: "HTTP", Port: 80, DefaultActions });
  await vi.waitFor(async () => {
    const { LoadBalancers } = await elb.describeLoadBalancers({ Names: ["shop"] });
    expect(LoadBalancers?.[0]?.State?.Code).toBe("active");
  }, patience);
  network.destroy();
});
afterEach(async () => {
  elb.destroy();
  await server.stop();
  for (const target of targets) {
    target.close();
    target.closeAllConnections();
  }
  rmSync(dir, { recursive: true });
});

/** A target that is well, and answers as it is told. */
async function target(answer: RequestListener, healthz: () => number = () => 200): Promise<number> {
  const made = createServer((asked, response) => {
    if (asked.url === "/healthz") response.writeHead(healthz()).end();
    else answer(asked, response);
  });
  targets.push(made);
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return (made.address() as AddressInfo).port;
}
const named = (name: string) => target((_, response) => response.end(name));
const at = (port: number) => ({ id: "127.0.0.1", port });
const health = (port: number) => targetHealth(server.local, region, web, at(port));
const becomes = (port: number, state: string) => vi.waitFor(() => expect(health(port).state).toBe(state), patience);
async function registered(port: number): Promise<number> {
  registerTarget(server.local, region, web, at(port));
  await becomes(port, "healthy");
  return port;
}
const text = async (path = "/") => (await fetch(`${url}${path}`)).text();

test("requests go to healthy targets in turn", async () => {
  for (const name of ["a", "b", "c"]) await registered(await named(name));
  const answers: string[] = [];
  for (let i = 0; i < 6; i++) answers.push(await text());
  expect(answers.slice(0, 3).sort()).toEqual(["a", "b", "c"]);
  expect(answers.slice(3)).toEqual(answers.slice(0, 3));
});

test("without a healthy target it answers 503 with AWS's page", async () => {
  const reply = await fetch(url);
  expect(reply.status).toBe(503);
  expect(reply.headers.get("server")).toBe("awselb/2.0");
  expect(await reply.text()).toContain("<center><h1>503 Service Temporarily Unavailable</h1></center>");
});

test("a target that fails its checks gets nothing more, and says why", async () => {
  let status = 200;
  const sick = await registered(
    await target(
      (_, response) => response.end("sick"),
      () => status,
    ),
  );
  const well = await registered(await named("well"));
  status = 500;
  await becomes(sick, "unhealthy");
  expect(health(sick)).toEqual({
    state: "unhealthy",
    reason: "Target.ResponseCodeMismatch",
    description: "Health checks failed with these codes: [500]",
  });
  expect(await Promise.all([text(), text(), text()])).toEqual(["well", "well", "well"]);
  status = 200;
  await becomes(sick, "healthy");
  await deregisterTarget(server.local, region, web, at(well));
  expect(await text()).toBe("sick");
});

test("a target where nobody listens becomes unhealthy", async () => {
  const gone = await named("gone");
  await new Promise((resolve) => targets.pop()?.close(resolve));
  registerTarget(server.local, region, web, at(gone));
  expect(health(gone).state).toBe("initial");
  await vi.waitFor(() => expect(health(gone).reason).toBe("Target.FailedHealthChecks"), patience);
});

test("an address that is not of this machine is never spoken to", async () => {
  registerTarget(server.local, region, web, { id: "10.0.0.1", port: 80 });
  await vi.waitFor(
    () => expect(targetHealth(server.local, region, web, { id: "10.0.0.1", port: 80 }).reason).toBe("Target.Timeout"),
    patience,
  );
});

test("a target that leaves finishes what it has, and gets nothing new", async () => {
  let release = () => {};
  const slow = await registered(
    await target((asked, response) => {
      if (asked.url !== "/slow") return void response.end("leaving");
      response.write("first, ");
      release = () => response.end("and last");
    }),
  );
  const reply = await fetch(`${url}/slow`);
  const other = await registered(await named("other"));
  let left = false;
  const leaving = deregisterTarget(server.local, region, web, at(slow)).then(() => {
    left = true;
  });
  expect(health(slow)).toMatchObject({ state: "draining", reason: "Target.DeregistrationInProgress" });
  expect(await Promise.all([text(), text(), text()])).toEqual(["other", "other", "other"]);
  expect(left).toBe(false);
  release();
  expect(await reply.text()).toBe("first, and last");
  await leaving;
  expect(health(slow).reason).toBe("Target.NotRegistered");
  expect(health(other).state).toBe("healthy");
});

test("a target that comes back while it leaves stays", async () => {
  let release = () => {};
  const port = await registered(
    await target((asked, response) => {
      if (asked.url !== "/slow") return void response.end("back");
      response.flushHeaders();
      release = () => response.end();
    }),
  );
  const reply = await fetch(`${url}/slow`);
  const leaving = deregisterTarget(server.local, region, web, at(port));
  registerTarget(server.local, region, web, at(port));
  release();
  await reply.text();
  await leaving;
  await becomes(port, "healthy");
  expect(await text()).toBe("back");
});

test("a refused connection is tried elsewhere with the whole body, and nobody notices", async () => {
  const echo = await registered(
    await target((asked, response) => {
      asked.pipe(response);
    }),
  );
  // Well by its health check, but its own port is closed.
  const dead = await named("dead");
  await registered(dead);
  await new Promise((resolve) => {
    targets.at(-1)?.close(resolve);
    targets.at(-1)?.closeAllConnections();
  });
  const body = "x".repeat(300_000);
  const replies = await Promise.all([1, 2, 3, 4].map(() => fetch(url, { method: "POST", body })));
  expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200]);
  expect(await Promise.all(replies.map((reply) => reply.text()))).toEqual([body, body, body, body]);
  expect(health(echo).state).toBe("healthy");
});

test("a target that hangs up without an answer is a 502", async () => {
  await registered(await target((asked) => asked.socket.destroy()));
  const reply = await fetch(url, { method: "POST", body: "once" });
  expect(reply.status).toBe(502);
  expect(await reply.text()).toContain("502 Bad Gateway");
});

test("an answer that breaks off is not taken for a whole one", async () => {
  await registered(
    await target((_, response) => {
      response.write("half");
      setImmediate(() => response.destroy());
    }),
  );
  await expect(text()).rejects.toThrow();
});

test("a target sees who asked, and the client what the target says", async () => {
  let seen: IncomingMessage | undefined;
  await registered(
    await target((asked, response) => {
      seen = asked;
      response.writeHead(201, { "set-cookie": ["a=1", "b=2"], etag: "1" }).end();
    }),
  );
  const reply = await fetch(`${url}/cart?id=1`, { headers: { "x-forwarded-for": "192.0.2.1", "x-request-id": "r" } });
  expect(reply.status).toBe(201);
  expect(reply.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect(seen?.url).toBe("/cart?id=1");
  expect(seen?.headers).toMatchObject({
    host: url.slice("http://".length),
    "x-forwarded-for": "192.0.2.1, 127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-port": url.split(":")[2],
    "x-amzn-trace-id": expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
    "x-request-id": "r",
  });
});

test("a client that hangs up frees the target", async () => {
  let hungUp = false;
  const port = await registered(
    await target((_, response) => {
      response.flushHeaders();
      response.once("close", () => {
        hungUp = true;
      });
    }),
  );
  await new Promise<void>((resolve) => {
    const asked = get(url, () => {
      asked.destroy();
      resolve();
    });
    asked.on("error", () => {});
  });
  await deregisterTarget(server.local, region, web, at(port));
  await vi.waitFor(() => expect(hungUp).toBe(true), patience);
});

test("a silent target is a 504 after the idle timeout", async () => {
  const { LoadBalancers } = await elb.describeLoadBalancers({ Names: ["shop"] });
  await elb.modifyLoadBalancerAttributes({
    LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
    Attributes: [{ Key: "idle_timeout.timeout_seconds", Value: "1" }],
  });
  await registered(await target(() => {}));
  expect((await fetch(url)).status).toBe(504);
});

test("rules send some requests elsewhere", async () => {
  await registered(await named("shop"));
  const { LoadBalancers } = await elb.describeLoadBalancers({ Names: ["shop"] });
  const { Listeners } = await elb.describeListeners({ LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn });
  const ListenerArn = Listeners?.[0]?.ListenerArn;
  await elb.createRule({
    ListenerArn,
    Priority: 2,
    Conditions: [{ Field: "path-pattern", Values: ["/old/*"] }],
    Actions: [{ Type: "redirect", RedirectConfig: { Path: "/new/#{path}", StatusCode: "HTTP_301" } }],
  });
  await elb.createRule({
    ListenerArn,
    Priority: 1,
    Conditions: [{ Field: "path-pattern", PathPatternConfig: { Values: ["/old/gone"] } }],
    Actions: [{ Type: "fixed-response", FixedResponseConfig: { StatusCode: "410", MessageBody: "gone" } }],
  });
  const gone = await fetch(`${url}/old/gone`);
  expect([gone.status, await gone.text()]).toEqual([410, "gone"]);
  const moved = await fetch(`${url}/old/cart?a=1`, { redirect: "manual" });
  expect([moved.status, moved.headers.get("location")]).toEqual([301, `${url}/new/old/cart?a=1`]);
  expect(await text("/cart")).toBe("shop");
});

test("it counts requests, answers, times and targets", async () => {
  await fetch(url);
  await registered(await target((_, response) => response.writeHead(500).end()));
  await fetch(url);
  const sum = (name: string, dimensions: number) =>
    loadBalancerMetrics(server.local, region)
      .filter((metric) => metric.name === name && Object.keys(metric.dimensions).length === dimensions)
      .flatMap((metric) => metric.points)
      .reduce((total, point) => total + point.sum, 0);
  expect(sum("RequestCount", 1)).toBe(2);
  expect(sum("HTTPCode_ELB_5XX_Count", 1)).toBe(1);
  expect(sum("HTTPCode_Target_5XX_Count", 2)).toBe(1);
  expect(sum("TargetResponseTime", 1)).toBeGreaterThan(0);
  expect(sum("HealthyHostCount", 2)).toBeGreaterThan(0);
  const [metric] = loadBalancerMetrics(server.local, region);
  expect(metric?.dimensions.LoadBalancer).toMatch(/^app\/shop\/[0-9a-f]{16}$/);
});

test("after a restart the same address serves again", async () => {
  const port = await registered(await named("again"));
  await server.stop();
  await expect(fetch(url)).rejects.toThrow();
  await start();
  await becomes(port, "healthy");
  expect(await text()).toBe("again");
});

test("a port that somebody took meanwhile is taken back when it is free", async () => {
  await registered(await named("back"));
  await server.stop();
  const thief = createTcpServer();
  await new Promise<void>((resolve) => thief.listen(Number(url.split(":")[2]), "127.0.0.1", resolve));
  await start();
  await new Promise((resolve) => thief.close(resolve));
  await vi.waitFor(async () => expect(await text()).toBe("back"), patience);
});

test("a deleted listener answers nobody, and a deleted load balancer frees its port", async () => {
  await registered(await named("shop"));
  const { LoadBalancers } = await elb.describeLoadBalancers({ Names: ["shop"] });
  const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn;
  const { Listeners } = await elb.describeListeners({ LoadBalancerArn });
  await elb.deleteListener({ ListenerArn: Listeners?.[0]?.ListenerArn });
  await expect(text()).rejects.toThrow();
  await elb.deleteLoadBalancer({ LoadBalancerArn });
  const other = createTcpServer();
  await vi.waitFor(
    () =>
      new Promise<void>((resolve, reject) => {
        other.once("error", reject).listen(Number(url.split(":")[2]), "127.0.0.1", resolve);
      }),
    patience,
  );
  await new Promise((resolve) => other.close(resolve));
});

test("a hundred requests while targets come and go: none fails", async () => {
  const first = await registered(await named("one"));
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      const asked = request(url, { method: "POST", agent: false }, (reply) => {
        reply.resume();
        reply.once("end", () => resolve(reply.statusCode ?? 0));
      });
      asked.once("error", reject);
      asked.end("hello");
    });
  const statuses: number[] = [];
  let over = false;
  const clients = Array.from({ length: 4 }, async () => {
    while (!over || statuses.length < 100) statuses.push(await ask());
  });
  let last = first;
  for (const name of ["two", "three"]) {
    const next = await registered(await named(name));
    await deregisterTarget(server.local, region, web, at(last));
    const gone = targets.at(-2);
    await new Promise((resolve) => {
      gone?.close(resolve);
      gone?.closeIdleConnections();
    });
    last = next;
  }
  over = true;
  await Promise.all(clients);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
});
