import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server as NetServer,
  type Socket,
} from "node:net";
import type { Balance, Server } from "./balance.ts";

/** A listener on 127.0.0.1 that stands for an endpoint inside one task. */
export interface ProxyServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Methods that may be sent a second time when the connection broke before an answer. */
const REPEATABLE = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);

/** An HTTP proxy: balances each request, and repeats what reached nobody. `timeout` in milliseconds, 0 for none. */
export async function httpProxy(balance: () => Balance, timeout: number): Promise<ProxyServer> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, reply) =>
    forward({ incoming, reply, balance: balance(), timeout, tried: new Set() }),
  );
  const proxy = await listening(server);
  return {
    ...proxy,
    async close() {
      server.closeAllConnections();
      await proxy.close();
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly reply: ServerResponse;
  readonly balance: Balance;
  readonly timeout: number;
  readonly tried: Set<string>;
}

function refuse(reply: ServerResponse, status: number, text: string): void {
  if (reply.headersSent) reply.destroy();
  else reply.writeHead(status, { "content-type": "text/plain" }).end(text);
}

function forward(exchange: Exchange): void {
  const { incoming, reply, balance, timeout, tried } = exchange;
  const server = balance.take(tried);
  if (!server) {
    refuse(reply, 503, "no healthy upstream");
    return;
  }
  tried.add(server.task);
  let given = false;
  const give = () => {
    if (!given) balance.give(server);
    given = true;
  };
  const { connection: _, "keep-alive": __, ...headers } = incoming.headers;
  const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  let connected = false;
  const outgoing = request({
    host: "127.0.0.1",
    port: server.port,
    method: incoming.method,
    path: incoming.url,
    headers,
    agent: false,
  });
  const limit = timeout > 0 ? setTimeout(() => outgoing.destroy(new Error("timeout")), timeout) : undefined;
  const hungUp = () => outgoing.destroy();
  reply.once("close", hungUp);
  const end = () => {
    clearTimeout(limit);
    reply.off("close", hungUp);
    give();
  };
  outgoing.once("socket", (socket) =>
    socket.once("connect", () => {
      connected = true;
      // nothing of the body is read before somebody is there to take it, so it can still go to another task
      if (hasBody) incoming.pipe(outgoing);
    }),
  );
  outgoing.once("error", (error) => {
    end();
    if (reply.destroyed) return;
    const repeatable = !connected || (!hasBody && REPEATABLE.has(incoming.method ?? ""));
    if (error.message === "timeout") refuse(reply, 504, "upstream request timeout");
    else if (!reply.headersSent && repeatable) forward(exchange);
    else refuse(reply, 503, "upstream connect error or disconnect/reset before headers");
  });
  outgoing.once("response", (answer) => {
    const { connection: ___, "keep-alive": ____, ...passed } = answer.headers;
    reply.writeHead(answer.statusCode ?? 502, answer.statusMessage, passed);
    answer.pipe(reply);
    answer.once("close", () => {
      end();
      if (!answer.complete) reply.destroy();
    });
  });
  if (!hasBody) outgoing.end();
}

/** A TCP proxy: balances each connection. */
export async function tcpProxy(balance: () => Balance): Promise<ProxyServer> {
  const open = new Set<Socket>();
  const server = createTcpServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    join(socket, balance(), new Set());
  });
  const proxy = await listening(server);
  return {
    ...proxy,
    async close() {
      for (const socket of open) socket.destroy();
      await proxy.close();
    },
  };
}

function join(socket: Socket, balance: Balance, tried: Set<string>): void {
  const server: Server | undefined = balance.take(tried);
  if (!server) {
    socket.destroy();
    return;
  }
  tried.add(server.task);
  let connected = false;
  const upstream = connect({ host: "127.0.0.1", port: server.port, allowHalfOpen: true }, () => {
    connected = true;
    socket.pipe(upstream).pipe(socket);
    socket.resume();
  });
  upstream.on("error", () => upstream.destroy());
  socket.once("close", () => upstream.destroy());
  upstream.once("close", () => {
    balance.give(server);
    if (connected || socket.destroyed) socket.destroy();
    else join(socket, balance, tried);
  });
}

async function listening(server: NetServer): Promise<ProxyServer> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
