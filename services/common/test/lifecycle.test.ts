import { request } from "node:http";
import { expect, test } from "vitest";
import { createApp } from "../src/http.ts";
import { serve } from "../src/lifecycle.ts";
import { quiet } from "./support/log.ts";

/** A promise and what settles it. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test("a stopping service answers what it has begun, tells health checks so, and then lets go of its connections", async () => {
  const [begun, finish] = [gate(), gate()];
  const app = createApp({
    log: quiet,
    routes: (app) => {
      app.get("/slow", async (_request, response) => {
        begun.open();
        await finish.opened;
        response.json({ done: true });
      });
    },
  });
  const running = await serve({ app }, 0, "127.0.0.1");
  const slow = fetch(`${running.url}/slow`);
  await begun.opened;
  const stopped = running.stop();
  expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  const ready = await fetch(`${running.url}/readyz`);
  expect([ready.status, ready.headers.get("connection")]).toEqual([503, "close"]);
  finish.open();
  expect(await (await slow).json()).toEqual({ done: true });
  await stopped;
  await expect(fetch(running.url)).rejects.toThrow();
});

test("parts are started in order and stopped before the server closes", async () => {
  const happened: string[] = [];
  const part = (name: string) => ({
    start: () => void happened.push(`start ${name}`),
    stop: async () => void happened.push(`stop ${name}`),
  });
  const app = createApp({ log: quiet, routes: () => {} });
  const running = await serve({ app, parts: [part("index"), part("consumer")] }, 0, "127.0.0.1");
  await Promise.all([running.stop(), running.stop()]);
  expect(happened).toEqual(["start index", "start consumer", "stop index", "stop consumer"]);
});

test("a client that keeps its connection open does not keep the service from stopping", async () => {
  const app = createApp({ log: quiet, routes: () => {} });
  const running = await serve({ app }, 0, "127.0.0.1");
  await new Promise<void>((resolve, reject) => {
    request(`${running.url}/healthz`, { headers: { connection: "keep-alive" } }, (response) => {
      response.resume().on("end", resolve);
    })
      .on("error", reject)
      .end();
  });
  await running.stop();
});
