import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Built, buildCli } from "../cli/built.ts";
import { openPlace, type Place, replaceProgram, urlIn } from "./platform.ts";

/** Says why, and is gone. */
const EXITS = `console.log("reading the settings"); console.error("no settings: giving up"); process.exit(3);\n`;
/** Listens, and is never well. */
const AILS = `import { createServer } from "node:http";
console.log("the catalogue is not there");
createServer((_, response) => response.writeHead(500).end()).listen(8080);
`;

let cli: Built;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli?.remove());

/** Does something in a folder of its own, and leaves nothing of it. */
const inPlace = (work: (place: Place) => Promise<void>) => async () => {
  const place = openPlace(cli, { ownServices: true });
  try {
    await work(place);
  } finally {
    await place.close();
  }
};

/** `up` of an image that does not work: what it says of it. */
async function failing(place: Place): Promise<string> {
  const { code, stdout, stderr } = await place.run("up");
  expect(code, stdout + stderr).toBe(1);
  expect(stderr).toContain("service-web: its deployment failed");
  expect(stdout).not.toContain("The shop: ");
  return stderr;
}
async function well(place: Place): Promise<string> {
  const ended = await place.run("up");
  expect(ended.code, ended.stderr).toBe(0);
  return urlIn(ended);
}

/** Looks at the shop's front page while something goes on; how often it was not there. */
async function watched(url: string, work: () => Promise<string>): Promise<string> {
  let over = false;
  const answers: number[] = [];
  const look = async () => {
    while (!over) {
      answers.push(
        await fetch(url).then(
          (response) => response.arrayBuffer().then(() => response.status),
          () => 0,
        ),
      );
      await wait(50);
    }
  };
  const looking = look();
  try {
    return await work();
  } finally {
    over = true;
    await looking;
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    expect(answers.length).toBeGreaterThan(0);
  }
}

it(
  "an image that exits at once ends up with 1 and its last words, the first time and later, when the shop goes on",
  inPlace(async (place) => {
    const mend = replaceProgram(place, "web-server", EXITS);
    const words = await failing(place);
    expect(words).toContain("a task stopped: Essential container in task exited");
    expect(words).toContain("container web-server ended with exit code 3");
    expect(words).toContain("reading the settings");
    expect(words).toContain("no settings: giving up");
    mend();
    const url = await well(place);
    replaceProgram(place, "web-server", EXITS);
    const later = await watched(url, () => failing(place));
    expect(later).toContain("container web-server ended with exit code 3");
    expect(later).toContain("no settings: giving up");
  }),
  300_000,
);

// Most of their time goes by waiting for what does not come: three tasks, one after the other.
describe.concurrent("an image that never gets healthy ends up with 1 and its last words", () => {
  const reason = /a task stopped: Task failed (container|ELB) health checks/;
  it(
    "the first time",
    inPlace(async (place) => {
      replaceProgram(place, "web-server", AILS);
      const words = await failing(place);
      expect(words).toMatch(reason);
      expect(words).toContain("the catalogue is not there");
    }),
    300_000,
  );

  it(
    "later, when the shop goes on",
    inPlace(async (place) => {
      const url = await well(place);
      replaceProgram(place, "web-server", AILS);
      const words = await watched(url, () => failing(place));
      expect(words).toMatch(reason);
      expect(words).toContain("the catalogue is not there");
    }),
    300_000,
  );
});
