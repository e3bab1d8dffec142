import { describe, expect, test } from "vitest";
import { parseDockerfile } from "../../src/images/dockerfile.ts";

const lines = [
  "FROM scratch",
  "USER 1000:1000",
  "WORKDIR /app",
  "COPY dist/server.mjs .",
  'CMD ["node", "server.mjs"]',
];
const without = (word: string, instead = "") =>
  lines.map((line) => (line.startsWith(word) ? instead : line)).join("\n");

describe("reading a Dockerfile", () => {
  test("gives what an image needs", () => {
    const text = `ARG BASE=node:20\nARG PORT=80\nFROM \${BASE}\nENV NODE_ENV=production PORT=$PORT\n${lines.slice(1).join("\n")}\nEXPOSE $PORT 81/tcp`;
    expect(parseDockerfile(text, { PORT: "8080" })).toEqual({
      base: "node:20",
      bundleAt: "/app/server.mjs",
      command: ["node", "server.mjs"],
      user: "1000:1000",
      workdir: "/app",
      env: ["NODE_ENV=production", "PORT=8080"],
      ports: [8080, 81],
    });
  });

  test.each([
    [".", "/app/server.mjs"],
    ["./", "/app/server.mjs"],
    ["/srv/", "/srv/server.mjs"],
    ["/srv/main.mjs", "/srv/main.mjs"],
    ["main.mjs", "/app/main.mjs"],
  ])("COPY to %s puts the bundle at %s", (to, at) => {
    expect(parseDockerfile(without("COPY", `COPY dist/server.mjs ${to}`)).bundleAt).toBe(at);
  });

  test.each([
    ["an instruction it does not know", `${lines.join("\n")}\nRUN npm ci`, /line 6, `RUN npm ci`/],
    ["a second stage", `${lines.join("\n")}\nFROM other`, /one stage only/],
    ["other files than the bundle", without("COPY", "COPY src /app"), /only dist\/server.mjs is copied/],
    ["CMD in shell form", without("CMD", "CMD node server.mjs"), /write CMD as JSON/],
    ["no CMD", without("CMD"), /CMD is missing/],
    ["no FROM", without("FROM"), /FROM is missing/],
    ["a base that was not given", without("FROM", "ARG BASE\nFROM $BASE"), /FROM names one base image/],
    ["no user", without("USER"), /other than root/],
    ["root as user", without("USER", "USER root"), /other than root/],
    ["user 0", without("USER", "USER 0:0"), /other than root/],
    ["a UDP port", `${lines.join("\n")}\nEXPOSE 53/udp`, /TCP ports/],
    ["quotes in ENV", `${lines.join("\n")}\nENV A="b c"`, /without quotes/],
  ])("refuses %s", (_, text, why) => {
    expect(() => parseDockerfile(text)).toThrow(
      expect.objectContaining({ code: "DockerfileRefused", message: expect.stringMatching(why) }),
    );
  });
});
