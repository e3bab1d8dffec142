import { afterEach, expect, test } from "vitest";
import { type AppOptions, createApp, HttpError } from "../src/http.ts";
import { type Running, serve } from "../src/lifecycle.ts";
import { requestHeaders } from "../src/log.ts";
import { listeningLog, quiet } from "./support/log.ts";

let running: Running | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function start(options: Partial<AppOptions>): Promise<string> {
  const app = createApp({ log: quiet, routes: () => {}, ...options });
  running = await serve({ app }, 0, "127.0.0.1");
  return running.url;
}

test("a request keeps the id it came with, in the answer, in the log and in calls made on its behalf", async () => {
  const { log, lines } = listeningLog();
  const url = await start({
    log,
    routes: (app) => {
      app.get("/", async (_request, response) => {
        await Promise.resolve();
        response.json(requestHeaders());
      });
    },
  });
  const response = await fetch(url, { headers: { "x-request-id": "order-7" } });
  expect(response.headers.get("x-request-id")).toBe("order-7");
  expect(await response.json()).toEqual({ "x-request-id": "order-7" });
  await expect
    .poll(() => lines)
    .toContainEqual(expect.objectContaining({ msg: "request", requestId: "order-7", status: 200 }));
});

test("a request without an id, or with one that does not belong into a log, is given one", async () => {
  const url = await start({});
  const ids = await Promise.all(
    [undefined, '"}{"'].map(async (id) => {
      const headers = new Headers(id === undefined ? [] : [["x-request-id", id]]);
      return (await fetch(`${url}/healthz`, { headers })).headers.get("x-request-id");
    }),
  );
  for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
});

test("what is not there, what the client did wrong and what broke here are told as JSON, without inner details", async () => {
  const { log, lines } = listeningLog();
  const url = await start({
    log,
    routes: (app) => {
      app.get("/busy", () => {
        throw new HttpError(503, "NotReady", "Come back.", { "retry-after": "2" });
      });
      app.get("/broken", async () => {
        throw new Error("the password is 1234");
      });
    },
  });
  const ask = async (path: string) => {
    const response = await fetch(url + path);
    return { status: response.status, retry: response.headers.get("retry-after"), body: await response.json() };
  };
  expect(await ask("/nowhere")).toMatchObject({ status: 404, body: { error: { code: "NotFound" } } });
  expect(await ask("/busy")).toMatchObject({
    status: 503,
    retry: "2",
    body: { error: { code: "NotReady", message: "Come back." } },
  });
  const broken = await ask("/broken");
  expect(broken).toMatchObject({ status: 500, body: { error: { code: "InternalError" } } });
  expect(JSON.stringify(broken)).not.toContain("1234");
  expect(JSON.stringify(lines)).toContain("the password is 1234");
});

test("/healthz is alive whatever the neighbours say; /readyz says of each whether its name answered", async () => {
  const url = await start({
    neighbours: {
      table: async () => {},
      queue: async () => {
        throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
      },
    },
  });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ neighbours: { table: "ok", queue: "ECONNREFUSED" } });
});

test("a service that is not ready itself says why", async () => {
  let why: string | undefined = "the index is being loaded";
  const url = await start({ notReady: () => why });
  const before = await fetch(`${url}/readyz`);
  expect([before.status, await before.json()]).toMatchObject([503, { status: "the index is being loaded" }]);
  why = undefined;
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});
