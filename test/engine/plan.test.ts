import { describe, expect, it } from "vitest";
import { viewOf } from "../../src/engine/resource.ts";
import { box, Cloud, down, go, lookup, part, step, told, up, vault } from "./memory.ts";

const dry = { dry: true };
const a = box("a", { size: 1 });

async function worldAfter(change: (cloud: Cloud) => void, steps = [step(1, a)]) {
  const cloud = new Cloud();
  await go(cloud, steps);
  change(cloud);
  cloud.log.length = 0;
  return cloud;
}
const thing = (cloud: Cloud, id: string) => cloud.things.get(id)!;

describe("what becomes of a resource", () => {
  it("is create when it is absent", async () => {
    expect(told((await go(new Cloud(), [step(1, a)], up, dry)).changes)).toBe("create a");
  });

  it("is keep when it is as described", async () => {
    expect(told((await go(await worldAfter(() => {}), [step(1, a)], up, dry)).changes)).toBe("keep a");
  });

  it("is update, naming just the field that differs", async () => {
    const cloud = await worldAfter((c) => (thing(c, "mem:box/a").spec.size = 2));
    const [change] = (await go(cloud, [step(1, a)], up, dry)).changes;
    expect(change).toMatchObject({ action: "update", differences: [{ field: "size", have: 2, want: 1 }] });
  });

  it("takes the order of a list for nothing", async () => {
    const tagged = box("a", { tags: ["x", "y"] });
    const cloud = await worldAfter((c) => (thing(c, "mem:box/a").spec.tags = ["y", "x"]), [step(1, tagged)]);
    expect(told((await go(cloud, [step(1, tagged)], up, dry)).changes)).toBe("keep a");
  });

  it("leaves to AWS what the spec leaves out, and takes away what it says is null", async () => {
    const cloud = await worldAfter((c) => Object.assign(thing(c, "mem:box/a").spec, { text: "theirs" }));
    expect(told((await go(cloud, [step(1, a)], up, dry)).changes)).toBe("keep a");
    const none = box("a", { size: 1, text: null });
    expect((await go(cloud, [step(1, none)], up, dry)).changes[0]).toMatchObject({
      action: "update",
      differences: [{ field: "text", have: "theirs", want: null }],
    });
  });

  it("is refuse, with the way out, when AWS cannot change the field in place", async () => {
    const keyed = box("a", { key: "id" });
    const cloud = await worldAfter((c) => (thing(c, "mem:box/a").spec.key = "sku"), [step(1, keyed)]);
    const [change] = (await go(cloud, [step(1, keyed)], up, dry)).changes;
    expect(change).toMatchObject({
      action: "refuse",
      why: "AWS cannot change key in place",
      differences: [{ field: "key", have: "sku", want: "id" }],
    });
  });

  it("counts what is going as absent, and its outputs as unknown", async () => {
    const child = box("b", { text: `in ${a.ref.arn}` });
    const cloud = await worldAfter(
      (c) => (thing(c, "mem:box/a").state = { is: "going", why: "gone soon" }),
      [step(1, a, child)],
    );
    const { changes } = await go(cloud, [step(1, a, child)], up, dry);
    expect(told(changes)).toBe("create a, update b");
    expect(changes[1]?.differences).toEqual([{ field: "text", have: "in arn:a", want: "in «mem:box/a.arn»" }]);
  });

  it("is update for what failed, even if no field differs", async () => {
    const cloud = await worldAfter((c) => (thing(c, "mem:box/a").state = { is: "failed", why: "it broke" }));
    expect((await go(cloud, [step(1, a)], up, dry)).changes[0]).toMatchObject({
      action: "update",
      why: "it broke",
      differences: [],
    });
  });

  it("leaves a field to its owner once the thing is there", async () => {
    const steps = [step(1, box("a", { size: 1 }, { once: ["size"] }))];
    const cloud = await worldAfter((c) => (thing(c, "mem:box/a").spec.size = 9), steps);
    expect(told((await go(cloud, steps, up, dry)).changes)).toBe("keep a");
  });

  it("is refuse when the read failed", async () => {
    const broken = { ...a, kind: { ...a.kind, read: () => Promise.reject(new Error("denied")) } };
    expect((await go(new Cloud(), [step(1, broken)], up, dry)).changes[0]).toMatchObject({
      action: "refuse",
      why: "it could not be read: denied",
    });
  });

  it("throws when a spec refers to what no step describes", async () => {
    await expect(go(new Cloud(), [step(1, box("b", { text: a.ref.arn }))], up, dry)).rejects.toThrow(
      "mem:box/b refers to mem:box/a, which no step describes",
    );
  });
});

describe("whose a resource is", () => {
  const foreign = (stack: string | null) => worldAfter((c) => (thing(c, "mem:box/a").spec.stack = stack));

  it.each([
    [null, "it was there before and carries no owner's tag"],
    ["shop/there", "it belongs to shop/there"],
  ])("refuses what bears the tag %s, with two ways out", async (stack, why) => {
    const [change] = (await go(await foreign(stack), [step(1, a)], up, dry)).changes;
    expect(change).toMatchObject({ action: "refuse", why });
    expect(change?.next).toMatch(/--adopt.*--stage/);
  });

  it("adopts by an ordinary update, and lets go on the way down", async () => {
    const cloud = await foreign(null);
    const { changes } = await go(cloud, [step(1, a)], { ...up, adopt: true });
    expect(changes[0]).toMatchObject({
      action: "update",
      differences: [{ field: "stack", have: null, want: "shop/here" }],
    });
    expect(thing(cloud, "mem:box/a").adopted).toBe(true);
    expect(told((await go(cloud, [step(1, a)], up, dry)).changes)).toBe("keep a");
    await go(cloud, [step(1, a)], down);
    expect(thing(cloud, "mem:box/a")).toMatchObject({ spec: { stack: null }, adopted: false });
  });

  it("deletes what was adopted only when told to", async () => {
    const cloud = await foreign(null);
    await go(cloud, [step(1, a)], { ...up, adopt: true });
    await go(cloud, [step(1, a)], { ...down, deleteAdopted: true });
    expect(cloud.things.size).toBe(0);
  });

  it("goes round what is not ours on the way down, and round its parts", async () => {
    const steps = [step(1, a, part("p", { parent: a.ref.arn }))];
    const cloud = await worldAfter((c) => (thing(c, "mem:box/a").spec.stack = "shop/there"), steps);
    const { changes, outcome } = await go(cloud, steps, down);
    expect(told(changes)).toBe("keep a, keep p");
    expect(outcome?.failed).toEqual([]);
    expect(cloud.things.size).toBe(2);
  });

  it("keeps data unless told to delete it", async () => {
    const steps = [step(1, vault("v", { size: 1 }))];
    const cloud = await worldAfter(() => {}, steps);
    expect((await go(cloud, steps, down)).changes[0]).toMatchObject({ action: "keep", why: "it holds data" });
    await go(cloud, steps, { ...down, deleteData: true });
    expect(cloud.things.size).toBe(0);
  });

  it("removes what the configuration turned off, after all else; leaves alone what is not ours", async () => {
    const b = box("b", { text: a.ref.arn });
    const cloud = await worldAfter(() => {}, [step(1, a, b)]);
    const off = [step(1, { ...a, wanted: false }, { ...b, wanted: false }, box("c", {}))];
    expect(told((await go(cloud, off)).changes)).toBe("delete a, delete b, create c");
    expect(cloud.log.filter((line) => !line.startsWith("read"))).toEqual(["create c", "delete b", "delete a"]);
    expect(told((await go(await foreign("shop/there"), [step(1, { ...a, wanted: false })], up, dry)).changes)).toBe("");
  });
});

describe("one step of the guide", () => {
  const b = box("b", { text: a.ref.arn });
  const steps = [step(1, a), step(2, b)];

  it("needs what the steps before it made, and says which", async () => {
    const { changes } = await go(new Cloud(), steps, up, { only: steps[1] });
    expect(changes[0]).toMatchObject({
      action: "refuse",
      why: "step 2 needs the box a, which step 1 makes",
      next: "run `ecomctl step 1`, or `ecomctl up`",
    });
  });

  it("changes its own resources only", async () => {
    const cloud = await worldAfter((c) => {
      thing(c, "mem:box/a").spec.size = 5;
      thing(c, "mem:box/b").spec.text = "?";
    }, steps);
    await go(cloud, steps, up, { only: steps[1] });
    expect(cloud.log.filter((line) => !line.startsWith("read"))).toEqual(["update b text"]);
  });

  it("reads a lookup only if something refers to it, and says what to do when it is missing", async () => {
    const here = lookup("here", {});
    const cloud = new Cloud();
    await go(cloud, [step(1, a)], up, { lookups: [here] });
    expect(cloud.log).not.toContain("read here");
    const { changes } = await go(cloud, [step(1, box("b", { text: here.ref.arn }))], up, { lookups: [here] });
    expect(changes[0]).toMatchObject({ action: "refuse", why: "the place here is not there", next: "make a place" });
  });

  it("mends a view of a resource that is described whole elsewhere, and cannot make it", async () => {
    const whole = box("w", { size: 1, text: "mesh" });
    const views = [step(7, whole), step(8, viewOf(whole, ["text"]))];
    expect((await go(new Cloud(), views, up, { only: views[1] })).changes[0]).toMatchObject({ action: "refuse" });
    const cloud = await worldAfter((c) => Object.assign(thing(c, "mem:box/w").spec, { size: 3, text: "off" }), views);
    await go(cloud, views, up, { only: views[1] });
    expect(thing(cloud, "mem:box/w").spec).toMatchObject({ size: 3, text: "mesh" });
    expect(told((await go(cloud, views, up, dry)).changes)).toBe("update w");
  });
});
