import { expect, it } from "vitest";
import { MARKER, planMarkdown } from "../../src/cli/show/markdown.ts";
import type { Change } from "../../src/engine/plan.ts";
import { type Kind, makerOf } from "../../src/engine/resource.ts";

const kind: Kind<object, { wait?: number; policy?: string }, "arn"> = {
  type: "sqs:queue",
  outputs: ["arn"],
  read: async () => undefined,
  create: async () => {},
  update: async () => {},
  delete: async () => {},
};
const queue = makerOf(kind);
const change = (name: string, more: Partial<Change<object>>): Change<object> => ({
  resource: queue(name, {}) as Change<object>["resource"],
  action: "keep",
  differences: [],
  step: 3,
  ...more,
});
const steps = [
  { number: 3, title: "queues", resources: [] },
  { number: 9, title: "pipeline", resources: [], off: "no pipeline: set pipeline.repository" },
];

it("a plan is a page: what is to be done by step, painted as a diff, and found again by its mark", () => {
  const changes = [
    change("New", { action: "create", differences: [{ field: "wait", have: null, want: 20 }] }),
    change("Old", {
      action: "update",
      differences: [{ field: "wait", have: 0, want: 20 }],
      why: "image owned by the pipeline: x",
    }),
    change("Gone", { action: "delete" }),
    change("Foreign", { action: "refuse", why: "it belongs to another", next: "take it over with --adopt" }),
    change("Same", {}),
  ];
  expect(planMarkdown({ title: "What ecomctl up would do", steps, changes })).toBe(`${MARKER}

### What ecomctl up would do

1 to create, 1 to update, 1 to delete, 1 refused, 1 stays as it is

**Step 3: queues**

\`\`\`diff
+ sqs:queue/New to create
      wait: 20
! sqs:queue/Old to update: image owned by the pipeline: x
      wait: 0 → 20
- sqs:queue/Gone to delete
- sqs:queue/Foreign REFUSED: it belongs to another
      next: take it over with --adopt
\`\`\`

**Step 9: pipeline**

no pipeline: set pipeline.repository`);
});

it("nothing inside closes the fence", () => {
  const differences = [{ field: "policy", have: null, want: "```\n# not a heading" }];
  const page = planMarkdown({ title: "t", steps, changes: [change("New", { action: "create", differences })] });
  expect(page).toContain("````diff\n");
  expect(page).toMatch(/\n````\n/);
});

it("is never longer than a comment on GitHub may be, and ends with a whole line and a closed fence", () => {
  const changes = Array.from({ length: 3000 }, (_, n) => change(`Queue-${n}`, { action: "create" }));
  const page = planMarkdown({ title: "t", steps, changes });
  expect(page.length).toBeLessThan(65_536);
  expect(page.match(/^```/gm)).toHaveLength(2);
  expect(page).toContain("and more");
});
