import { randomBytes } from "node:crypto";
import {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  request as requestPlainly,
  type ServerResponse,
} from "node:http";
import { request as requestSecurely } from "node:https";
import { pipeline } from "node:stream";
import { idleSeconds } from "./attributes.ts";
import { sorry } from "./pages.ts";
import type { LoadBalancer, Target, TargetGroup } from "./state.ts";

/** One request on its way through a load balancer. */
export interface Passage {
  readonly balancer: LoadBalancer;
  readonly group: TargetGroup;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly agent: Agent;
  /** The next target to try, of those not tried yet. */
  next(tried: ReadonlySet<Target>): Target | undefined;
  /** Counts a request in; the answer counts it out. */
  begin(target: Target): () => void;
  /** Told of each answer: its status, whose it is, and how long the target took, in seconds. */
  answered(by: "target" | "balancer", status: number, seconds: number): void;
  /** Told of a target that does not take connections. */
  unreachable(): void;
}

/** These speak of one connection, not of the request. */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

const without = (headers: IncomingHttpHeaders, names: readonly string[]): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

function traceId(have: string | undefined): string {
  const id = `1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString("hex")}`;
  if (have === undefined) return `Root=${id}`;
  return have.includes("Root=") ? `Self=${id};${have}` : `Root=${id};${have}`;
}

function headersFor({ balancer, request }: Passage): OutgoingHttpHeaders {
  const headers = without(request.headers, [...hopByHop, "expect"]);
  const client = request.socket.remoteAddress ?? "127.0.0.1";
  const mode = balancer.attributes["routing.http.xff_header_processing.mode"] ?? "append";
  const before = request.headers["x-forwarded-for"];
  if (mode === "append") headers["x-forwarded-for"] = before === undefined ? client : `${before}, ${client}`;
  if (mode === "remove") delete headers["x-forwarded-for"];
  headers["x-forwarded-proto"] = "http";
  headers["x-forwarded-port"] = String(balancer.port);
  headers["x-amzn-trace-id"] = traceId(request.headers["x-amzn-trace-id"]?.toString());
  if (request.headers["transfer-encoding"] !== undefined) headers["transfer-encoding"] = "chunked";
  return headers;
}

const codeOf = (error: Error): unknown => ("code" in error ? error.code : undefined);

/** Sends a request to a target and its answer back; to another target only if the first took no connection. */
export function pass(passage: Passage): void {
  const { balancer, group, request, response, agent } = passage;
  const headers = headersFor(passage);
  const tried = new Set<Target>();
  const bodyless = !Number(request.headers["content-length"]) && request.headers["transfer-encoding"] === undefined;
  let upstream: ClientRequest | undefined;

  const refuse = (status: 502 | 503 | 504) => {
    passage.answered("balancer", status, 0);
    if (response.headersSent) response.destroy();
    else sorry(response, status);
  };

  const attempt = (target: Target): void => {
    tried.add(target);
    const done = passage.begin(target);
    const started = performance.now();
    let connected = false;
    let timedOut = false;
    const secure = group.protocol === "HTTPS";
    const options: RequestOptions & { rejectUnauthorized: boolean } = {
      host: target.id,
      port: target.port,
      method: request.method,
      path: request.url,
      headers,
      setHost: false,
      agent: secure ? undefined : agent,
      timeout: idleSeconds(balancer) * 1000,
      // A load balancer does not look at a target's certificate.
      rejectUnauthorized: false,
    };
    const sent = (secure ? requestSecurely : requestPlainly)(options);
    upstream = sent;
    // The body is not touched before there is a connection, so that it can still go to another target.
    const begin = () => {
      connected = true;
      request.pipe(sent);
    };
    sent.once("socket", (socket) => (socket.connecting ? socket.once("connect", begin) : begin()));
    sent.once("timeout", () => {
      timedOut = true;
      sent.destroy(new Error("the target was silent for too long"));
    });
    sent.once("response", (answer) => {
      const { statusCode = 502 } = answer;
      passage.answered("target", statusCode, (performance.now() - started) / 1000);
      response.writeHead(statusCode, answer.statusMessage, without(answer.headers, hopByHop));
      // A stream of events may take a while to its first one.
      response.flushHeaders();
      // A target that breaks off breaks off the client too: it must not take half an answer for a whole one.
      pipeline(answer, response, (error) => {
        if (error) response.destroy();
      });
    });
    sent.once("close", done);
    sent.on("error", (error) => {
      done();
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (timedOut) return refuse(504);
      if (!connected && codeOf(error) === "ECONNREFUSED") {
        passage.unreachable();
        const other = passage.next(tried);
        return other === undefined ? refuse(502) : attempt(other);
      }
      // An idle connection that the target closed while the request was on its way: nothing was answered, try afresh.
      const repeatable = bodyless && (request.method === "GET" || request.method === "HEAD");
      if (sent.reusedSocket && repeatable && codeOf(error) === "ECONNRESET") return attempt(target);
      refuse(502);
    });
  };

  response.once("close", () => {
    if (!response.writableFinished) upstream?.destroy();
  });
  const first = passage.next(tried);
  if (first === undefined) {
    request.resume();
    refuse(503);
  } else attempt(first);
}
