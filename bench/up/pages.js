import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, get } from "node:http";

/** A page of the size of the shop's, by a server that does nothing else, in a process of its own. */
const program = `
  const page = "<!doctype html>" + "x".repeat(12_000) + "</html>";
  const server = require("node:http").createServer((_, response) => response.setHeader("content-type", "text/html").end(page));
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/** Starts it; `stop` ends it. */
export async function bareServer() {
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  const [port] = await once(child.stdout, "data");
  return { url: `http://127.0.0.1:${String(port).trim()}/`, stop: () => child.kill("SIGKILL") };
}

/** Asks over so many connections, each as soon as it has its answer; whole answers a second. Throws if one is not 200. */
export async function pagesPerSecond(url, connections, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const ask = () =>
    new Promise((resolve, reject) => {
      const request = get(url, { agent }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`));
        response.resume().once("end", resolve);
      });
      request.once("error", reject).setTimeout(10_000, () => request.destroy(new Error(`${url}: no answer`)));
    });
  // The first ones find code that is not yet compiled.
  for (let i = 0; i < 20; i++) await ask();
  const began = performance.now();
  const until = began + seconds * 1000;
  const counts = await Promise.all(
    Array.from({ length: connections }, async () => {
      let count = 0;
      for (; performance.now() < until; count++) await ask();
      return count;
    }),
  );
  agent.destroy();
  return counts.reduce((a, b) => a + b) / ((performance.now() - began) / 1000);
}
