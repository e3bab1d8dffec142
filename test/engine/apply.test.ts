import { describe, expect, it } from "vitest";
import { Interrupted } from "../../src/engine/problem.ts";
import { box, Cloud, down, go, part, step, told, up } from "./memory.ts";

const a = box("a", { size: 1 });
const b = box("b", { text: a.ref.arn });
const c = box("c", { text: b.ref.arn });
const lone = box("lone", {});
const all = [step(1, a, b, c, lone)];
const writes = (cloud: Cloud) => cloud.log.filter((line) => !line.startsWith("read"));
const patient = () => ({ what: "it to pass", atMost: 5000 });

describe("apply", () => {
  it("makes what is referred to before what refers to it, with the outputs written in", async () => {
    const cloud = new Cloud();
    const { outcome } = await go(cloud, all);
    expect(writes(cloud).filter((line) => line !== "create lone")).toEqual(["create a", "create b", "create c"]);
    expect(cloud.things.get("mem:box/c")?.spec.text).toBe("arn:b");
    expect(outcome?.done.get("create")).toBe(4);
  });

  it("writes nothing the second time", async () => {
    const cloud = new Cloud();
    await go(cloud, all);
    cloud.log.length = 0;
    const { changes } = await go(cloud, all);
    expect(told(changes)).toBe("keep a, keep b, keep c, keep lone");
    expect(writes(cloud)).toEqual([]);
  });

  it("deletes what refers before what is referred to", async () => {
    const cloud = new Cloud();
    await go(cloud, all);
    cloud.log.length = 0;
    await go(cloud, all, down);
    expect(writes(cloud).filter((line) => line !== "delete lone")).toEqual(["delete c", "delete b", "delete a"]);
    expect(cloud.things.size).toBe(0);
  });

  it("stops, after a failure, only what needs it, and tells all", async () => {
    const cloud = new Cloud();
    cloud.errors.set("create b", { error: new Error("no") });
    const { outcome } = await go(cloud, all);
    expect(outcome?.failed.map(({ id }) => id)).toEqual(["mem:box/b"]);
    expect(outcome?.skipped).toEqual([{ id: "mem:box/c", because: "mem:box/b" }]);
    expect([...cloud.things.keys()].sort()).toEqual(["mem:box/a", "mem:box/lone"]);
  });

  it("waits and decides again when an error passes by itself", async () => {
    const cloud = new Cloud();
    cloud.errors.set("create a", { error: new Error("not yet") });
    const { outcome, events } = await go(cloud, all, up, { patience: patient });
    expect(outcome?.failed).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ event: "waiting", id: "mem:box/a", why: "it to pass" }));
  });

  it("makes nothing twice when the answer to a write was lost", async () => {
    const cloud = new Cloud();
    cloud.errors.set("create a", { error: new Error("socket hang up"), after: true });
    const { outcome } = await go(cloud, all, up, { patience: patient });
    expect(writes(cloud).filter((line) => line === "create a")).toHaveLength(1);
    expect(outcome?.done.get("create")).toBe(4);
  });

  it("reads again what it is about to change, and leaves alone what is well by then", async () => {
    const cloud = new Cloud();
    await go(cloud, all);
    const box = cloud.things.get("mem:box/a")!;
    box.spec.size = 7;
    cloud.log.length = 0;
    const running = go(cloud, all);
    // The survey has read; whoever mends it now is the last word.
    queueMicrotask(() => queueMicrotask(() => (box.spec.size = 1)));
    await running;
    expect(box.spec.size).toBe(1);
  });

  it("writes rounds until nothing is left to be written, as long as each brings it nearer", async () => {
    const cloud = new Cloud();
    const slow = {
      ...a.kind,
      async create(cloud: Cloud, name: string) {
        cloud.write(
          `create ${name}`,
          () => void cloud.things.set(`mem:box/${name}`, { spec: { stack: "shop/here" }, outputs: { arn: "x" } }),
        );
      },
    };
    const { outcome } = await go(cloud, [step(1, { ...a, kind: slow })]);
    expect(writes(cloud)).toEqual(["create a", "update a size"]);
    expect(outcome?.done).toEqual(new Map([["create", 1]]));
  });

  it("leaves what waits for a person, and what refers to it, and does the rest", async () => {
    const cloud = new Cloud();
    cloud.onWrite = (what) => {
      if (what === "create a") cloud.things.get("mem:box/a")!.state = { is: "pending", why: "a handshake" };
    };
    const { outcome } = await go(cloud, all);
    expect(outcome?.left).toEqual([
      { id: "mem:box/a", why: "a handshake" },
      { id: "mem:box/b", why: "it waits for mem:box/a" },
      { id: "mem:box/c", why: "it waits for mem:box/b" },
    ]);
    expect(cloud.things.has("mem:box/lone")).toBe(true);
  });

  it("waits for what is at work before it relies on it", async () => {
    const cloud = new Cloud();
    cloud.onWrite = (what) => {
      if (what !== "create a") return;
      const made = cloud.things.get("mem:box/a")!;
      made.state = { is: "busy", why: "it is provisioning" };
      setTimeout(() => (made.state = undefined), 150);
    };
    const { events } = await go(cloud, all);
    const order = events.map((event) => `${event.event} ${event.id}`);
    expect(order.indexOf("waiting mem:box/a")).toBeLessThan(order.indexOf("started mem:box/b"));
  });

  it("fails what reads back as failed", async () => {
    const cloud = new Cloud();
    cloud.onWrite = (what) => {
      if (what === "create a") cloud.things.get("mem:box/a")!.state = { is: "failed", why: "it crashes" };
    };
    const { outcome } = await go(cloud, [step(1, a)]);
    expect(outcome?.failed[0]?.error).toMatchObject({ why: "it crashes" });
  });

  it("begins nothing after an interruption, and says what it did not do", async () => {
    const cloud = new Cloud();
    const stop = new AbortController();
    const stopping = {
      ...b.kind,
      async create() {
        stop.abort();
        throw new Interrupted();
      },
    };
    const { outcome } = await go(cloud, [step(1, a, { ...b, kind: stopping }, c)], up, { signal: stop.signal });
    expect(outcome?.interrupted).toBe(true);
    expect(outcome?.skipped.map(({ id }) => id)).toEqual(["mem:box/b", "mem:box/c"]);
    expect(cloud.things.size).toBe(1);
  });

  it("leaves parts of what is gone alone", async () => {
    const cloud = new Cloud();
    const steps = [step(1, a, part("p", { parent: a.ref.arn }))];
    await go(cloud, steps);
    cloud.things.delete("mem:box/a");
    const { changes } = await go(cloud, steps, up, { dry: true });
    expect(told(changes)).toBe("create a, create p");
  });
});
