import { describe, expect, it } from "vitest";
import { differenceLines } from "../../src/cli/show/difference.ts";
import { errorText, explain } from "../../src/cli/show/error.ts";
import { doneEvent, planDocument, withFields } from "../../src/cli/show/json.ts";
import { planText, summaryLine } from "../../src/cli/show/plan.ts";
import { lastingLine, outcomeText, UnderWay } from "../../src/cli/show/progress.ts";
import { type Status, statusText } from "../../src/cli/show/status.ts";
import { plain } from "../../src/cli/terminal.ts";
import type { Outcome } from "../../src/engine/apply.ts";
import type { Change } from "../../src/engine/plan.ts";
import { Interrupted, Problem } from "../../src/engine/problem.ts";
import { type Fields, type Kind, makerOf } from "../../src/engine/resource.ts";

const idle = async () => {};
const kind: Kind<null, Fields, "arn"> = {
  type: "sqs:queue",
  outputs: ["arn"],
  read: async () => undefined,
  create: idle,
  update: idle,
  delete: idle,
};
const queue = makerOf(kind);
const dead = queue("dead", { wait: 0 });
const inbox = queue("inbox", { wait: 20, target: dead.ref.arn, label: null });
const steps = [
  { number: 3, title: "queues", resources: [dead, inbox] },
  { number: 9, title: "pipeline", resources: [], off: "no repository: set pipeline.repository in ecomctl.json" },
];
const change = (resource: typeof inbox, more: Partial<Change<null>>): Change<null> => ({
  action: "keep",
  differences: [],
  step: 3,
  resource,
  ...more,
});

describe("a plan as text", () => {
  it("tells what is to be made, changed, deleted and refused, and counts the rest", () => {
    const changes = [
      change(dead, {
        action: "update",
        differences: [{ field: "wait", have: 5, want: 0 }],
      }),
      change(inbox, { action: "refuse", why: "it belongs to other/us-east-1", next: "take it over with --adopt" }),
      change(queue("old", {}), { action: "delete" }),
      change(queue("data", {}), { why: "holds data" }),
      change(queue("same", {}), {}),
      change(queue("elsewhere", {}), { action: "leave", differences: [{ field: "wait", have: 5, want: 0 }] }),
    ];
    expect(planText({ steps, changes, details: false, paint: plain })).toBe(
      `
Step 3: queues
  ~ sqs:queue/dead
      wait: 5 → 0
  ! sqs:queue/inbox
      why:  it belongs to other/us-east-1
      next: take it over with --adopt
  - sqs:queue/old
  = sqs:queue/data: holds data
  = sqs:queue/elsewhere: wait differs; this step leaves it

Step 9: pipeline
  no repository: set pipeline.repository in ecomctl.json

1 to update, 1 to delete, 1 refused, 2 stay as they are`.trimStart(),
    );
  });

  it("tells the fields of what is to be made when details are wanted, with what is known after apply", () => {
    const changes = withFields([change(inbox, { action: "create" })], new Map());
    expect(planText({ steps: steps.slice(0, 1), changes, details: true, paint: plain })).toBe(
      `
Step 3: queues
  + sqs:queue/inbox
      wait: 20
      target: «sqs:queue/dead.arn» (known after apply)

1 to create`.trimStart(),
    );
    const known = new Map([["sqs:queue/dead", { live: { spec: {}, outputs: { arn: "arn:dead" } } }]]);
    const [there] = withFields([change(inbox, { action: "create" })], known);
    expect(there?.differences).toContainEqual({ field: "target", have: null, want: "arn:dead" });
  });

  it("says so when there is nothing", () => {
    expect(summaryLine(planDocument([]).summary)).toBe("Nothing is there, and nothing is to be done");
    expect(summaryLine(planDocument([change(dead, {})]).summary)).toBe("1 stays as it is");
  });
});

describe("a difference", () => {
  it.each([
    ["a scalar", { field: "wait", have: 0, want: 20 }, ["wait: 0 → 20"]],
    ["a field that is new", { field: "key", have: null, want: "k" }, ["key: + k"]],
    ["a field that goes", { field: "key", have: "k", want: null }, ["key: - k"]],
    [
      "a leaf of something nested",
      { field: "policy", have: { a: 1, b: { c: 2 } }, want: { a: 1, b: { c: 3 }, d: 4 } },
      ["policy.b.c: 2 → 3", "policy.d: + 4"],
    ],
    [
      "what is in one of two lists only, in whatever order",
      { field: "ingress", have: [80, 22, 443], want: [443, 80] },
      ["ingress[]: - 22"],
    ],
    [
      "the leaf of the one element that differs",
      { field: "rules", have: [{ p: 1, q: "x" }, { p: 2 }], want: [{ p: 2 }, { p: 1, q: "y" }] },
      ["rules[].q: x → y"],
    ],
    [
      "what is known after apply",
      { field: "roles", have: ["a"], want: ["«iam:role/r.arn»"] },
      ["roles[]: a → «iam:role/r.arn» (known after apply)"],
    ],
  ])("is %s", (_, difference, lines) => {
    expect(differenceLines(difference)).toEqual(lines);
  });

  it("shows of long texts where they begin to differ", () => {
    const [line = ""] = differenceLines({ field: "body", have: `${"x".repeat(500)}a`, want: `${"x".repeat(500)}b` });
    expect(line).toBe(`body: …${"x".repeat(20)}a → …${"x".repeat(20)}b`);
  });
});

describe("a plan as JSON", () => {
  it("has a summary and every change", () => {
    const changes = [
      change(inbox, { action: "update", differences: [{ field: "wait", have: 1, want: 20 }] }),
      change(dead, { action: "release", why: "it was there before" }),
      change(dead, { action: "leave" }),
    ];
    expect(planDocument(changes)).toEqual({
      summary: { create: 0, update: 2, keep: 0, delete: 0, refuse: 0 },
      changes: [
        { id: "sqs:queue/inbox", step: 3, action: "update", differences: [{ field: "wait", have: 1, want: 20 }] },
        { id: "sqs:queue/dead", step: 3, action: "release", why: "it was there before" },
        { id: "sqs:queue/dead", step: 3, action: "leave" },
      ],
    });
  });
});

describe("an error", () => {
  const aws = (name: string, message: string, more = {}) => Object.assign(new Error(message), { name, ...more });

  it("is three lines: what, why, and what to do next", () => {
    const problem = new Problem("region-missing", "no region", "nobody says one", "say one: --region us-east-1");
    expect(errorText(explain(problem), plain)).toBe(
      "Error: no region [region-missing]\n  why:  nobody says one\n  next: say one: --region us-east-1",
    );
  });

  it("of AWS has its name, and the id of the request", () => {
    const told = explain(
      aws("LimitExceededException", "Too many\nroles", { $metadata: { requestId: "r-1", httpStatusCode: 409 } }),
    );
    expect(errorText(told, plain)).toBe(
      "Error: AWS refuses: LimitExceededException [LimitExceededException]\n  why:  Too many roles (request r-1)\n  next: mend the cause, and run the command again: what is done already stays done",
    );
  });

  it.each([
    ["ExpiredTokenException", "credentials-expired"],
    ["InvalidClientTokenId", "credentials-invalid"],
    ["UnrecognizedClientException", "credentials-invalid"],
    ["CredentialsProviderError", "credentials-missing"],
    ["AccessDenied", "AccessDenied"],
    ["ECONNREFUSED", "network"],
    ["TypeError", "bug"],
  ])("named %s is told as %s", (name, code) => {
    expect(explain(aws(name, "m")).code).toBe(code);
  });

  it("does not repeat what AWS says of a signature that does not match", () => {
    const told = explain(aws("SignatureDoesNotMatch", "The Canonical String ... x-amz-security-token:PLANTED"));
    expect(JSON.stringify(told)).not.toContain("PLANTED");
  });

  it("is no error when the run was interrupted", () => {
    expect(explain(new Interrupted()).code).toBe("interrupted");
  });
});

describe("progress", () => {
  it("leaves a line for what is done, failed, skipped and left, and none for what is under way", () => {
    expect(lastingLine({ event: "finished", id: "sns:topic/t", action: "create", milliseconds: 1234 }, plain)).toBe(
      "  ✓ sns:topic/t created (1.2 s)",
    );
    const error = new Problem("x", "it broke", "because", "mend it");
    expect(lastingLine({ event: "failed", id: "sns:topic/t", action: "create", error }, plain)).toBe(
      "  ✗ sns:topic/t\n      Error: it broke [x]\n        why:  because\n        next: mend it",
    );
    expect(lastingLine({ event: "skipped", id: "a", action: "create", because: "b" }, plain)).toBe(
      "  · a not tried, because of b",
    );
    expect(lastingLine({ event: "started", id: "a", action: "create", differences: [] }, plain)).toBeUndefined();
  });

  it("tells in one line what is under way, and what for it waits", () => {
    const line = new UnderWay();
    expect(line.after({ event: "started", id: "a", action: "delete", differences: [] })).toBe("deleting a");
    expect(line.after({ event: "waiting", id: "a", why: "it to be gone", seconds: 12 })).toBe(
      "deleting a, waiting: it to be gone (12 s)",
    );
    expect(line.after({ event: "started", id: "b", action: "create", differences: [] })).toBe(
      "deleting a, waiting: it to be gone (12 s) · 1 more",
    );
    expect(line.after({ event: "finished", id: "a", action: "delete", milliseconds: 1 })).toBe("creating b");
  });

  const outcome: Outcome = { done: new Map(), failed: [], skipped: [], left: [], interrupted: false };
  it.each<[string, Partial<Outcome>, string]>([
    ["nothing", {}, "Nothing to do: 4 as before"],
    ["something", { done: new Map([["create", 2]]) }, "Done: 2 created, 4 as before"],
    [
      "a failure",
      { failed: [{ id: "a", error: new Error("x") }], skipped: [{ id: "b", because: "a" }] },
      "Failed: 1 failed, 1 not tried, 4 as before. What is done stays done; mend the cause, and `ecomctl up` goes on from here.",
    ],
    [
      "an interruption",
      { interrupted: true, done: new Map([["create", 1]]) },
      "Interrupted: 1 created, 4 as before. What is done stays done; `ecomctl up` goes on from here.",
    ],
    [
      "something for a person",
      { left: [{ id: "a", why: "follow the link" }] },
      "Done, but for you: 1 left for now, 4 as before\n  a: follow the link\nThen `ecomctl up` finishes it.",
    ],
  ])("ends, after %s, with how to go on", (_, more, text) => {
    expect(outcomeText({ ...outcome, ...more }, { kept: 4, refused: 0, again: "ecomctl up" }, plain)).toBe(text);
  });

  it("ends in JSON with a summary, and errors in words", () => {
    const error = new Problem("x", "it broke", "because", "mend it");
    expect(doneEvent({ ...outcome, done: new Map([["delete", 3]]), failed: [{ id: "a", error }] }, 2)).toEqual({
      event: "done",
      summary: { create: 0, update: 0, keep: 2, delete: 3, refuse: 0 },
      left: [],
      failed: [{ id: "a", error: { code: "x", what: "it broke", why: "because", next: "mend it" } }],
      skipped: [],
    });
  });
});

it("a status tells state, differences, outputs and health of each, and the shop's address", () => {
  const status: Status = {
    healthy: false,
    url: "http://127.0.0.1:8000",
    steps: [
      {
        step: 3,
        title: "queues",
        resources: [
          { id: "sqs:queue/a", state: "here", outputs: { arn: "arn:a", url: "http://a" } },
          { id: "sqs:queue/b", state: "drifted", differences: [{ field: "wait", have: 0, want: 20 }], outputs: {} },
          { id: "sqs:queue/c", state: "missing", outputs: {} },
          { id: "ecs:service/d", state: "here", outputs: {}, health: { healthy: false, why: "0 of 1 tasks run" } },
          { id: "sns:subscription/e", state: "pending", why: "to be confirmed", outputs: {} },
        ],
      },
    ],
  };
  expect(statusText(status, plain)).toBe(
    `
Step 3: queues
  ✓ sqs:queue/a
      arn: arn:a
      url: http://a
  ~ sqs:queue/b  drifted
      wait: 0 → 20
  - sqs:queue/c  missing
  ✗ ecs:service/d  0 of 1 tasks run
  ! sns:subscription/e  pending: to be confirmed

Not healthy: 4 of 5 resources are not as they should be
The shop: http://127.0.0.1:8000`.trimStart(),
  );
});
